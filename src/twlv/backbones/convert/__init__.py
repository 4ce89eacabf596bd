"""Checkpoints as their authors published them, once and for all turned into ``model.safetensors`` and a card.

``read`` opens a file without running anything in it; ``tensors`` are the steps that formats share; one file a
format; ``formats`` their names; ``save`` goes from a file to a folder that ``twlv.load`` reads.
"""
