"""UMT's second stage: the vision tower of a model of videos and texts.

Its position table is of 4 frames (784 tokens); other frame counts stretch it over time, as its authors do. A
table computed anew for 8 frames changes the output by half without a word.
"""

from __future__ import annotations

from collections import Counter

from twlv.backbones.convert.read import Tree
from twlv.backbones.convert.tensors import State, branch, drop, renamed, under, with_key_bias
from twlv.nn.vit import VitConfig

_OTHERS = (
    "text_encoder.",
    "vision_proj.",
    "text_proj.",
    "itm_head.",
    "temp",
    "clip_teacher.",
    "vision_encoder.clip_decoder.",
)


def convert(tree: Tree, config: VitConfig, *, source: str) -> tuple[State, Counter[str]]:
    """Our tensors, and how many were left out by prefix. ``pool_norm`` is kept for ``mean_norm``."""
    tensors = branch(tree, ("model", "module"), source=source, bare=True)
    encoder, others = under(tensors, "vision_encoder.encoder.", source=source)
    kept, dropped = drop(others, _OTHERS)
    left = {key.replace("vision_encoder.pool_norm.", "pool_norm."): value for key, value in kept.items()}
    return with_key_bias(renamed(encoder), config.depth) | left, dropped
