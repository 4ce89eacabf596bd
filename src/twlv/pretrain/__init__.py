"""Pretraining of TWLV-I-style encoders: what is learnt (``objective``), from what (``data``), and how
(``train``).

The report names masked modelling with several kinds of target and gives no objective, schedule or mask. All
that is here beyond that is our inference.
"""
