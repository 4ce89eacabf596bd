"""VideoMAE, VideoMAE V2, and UMT's first stage as their authors' code writes them.

Pretrained files have the encoder under ``encoder.`` beside a decoder; fine-tuned (and distilled) ones have it
bare or under ``backbone.``, without a last norm of tokens, with ``fc_norm`` of their mean and a classifier.
Attention has ``q_bias`` and ``v_bias``. The position table is computed, not stored.
"""

from __future__ import annotations

from collections import Counter

from twlv.backbones.convert.read import Tree
from twlv.backbones.convert.tensors import State, branch, drop, renamed, under, with_key_bias, without_wrapper
from twlv.errors import WeightsError
from twlv.nn.vit import VitConfig

_PRETRAINED = ("decoder.", "encoder_to_decoder.", "mask_token", "clip_decoder.")
_TUNED = ("head.",)


def convert(tree: Tree, config: VitConfig, *, source: str) -> tuple[State, Counter[str]]:
    """Our tensors, and how many were left out by prefix.

    Raises:
        WeightsError: the file is a fine-tuned one and the name that of a pretrained one, or the reverse.
    """
    tensors = without_wrapper(branch(tree, ("model", "module"), source=source, bare=True), "model.", "module.")
    tuned = config.final_norm == "pooled"
    is_pretrained = any(key.startswith("encoder.") for key in tensors)
    if tuned == is_pretrained:
        kinds = ("a pretrained checkpoint ('encoder.')", "a fine-tuned one ('fc_norm.', no 'encoder.')")
        expected, found = kinds[tuned], kinds[not tuned]
        raise WeightsError(f"{source}: expected {expected}, found {found}")
    if tuned:
        kept, dropped = drop(without_wrapper(tensors, "backbone."), _TUNED)
        norms = {key.replace("fc_norm.", "norm."): value for key, value in kept.items()}
        return with_key_bias(renamed(norms), config.depth), dropped
    encoder, others = under(tensors, "encoder.", source=source)
    left, dropped = drop(others, _PRETRAINED)
    return with_key_bias(renamed(encoder), config.depth) | left, dropped
