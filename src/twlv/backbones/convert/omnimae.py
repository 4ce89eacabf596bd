"""OmniMAE: the encoder is the ``trunk``; its patch convolution stands behind a module that repeats images."""

from __future__ import annotations

from collections import Counter

from twlv.backbones.convert.read import Tree
from twlv.backbones.convert.tensors import State, branch, checked_table, drop, renamed, under
from twlv.nn.vit import VitConfig

_DECODER = ("decoder.", "mask_token")


def convert(tree: Tree, config: VitConfig, *, source: str) -> tuple[State, Counter[str]]:
    """Our tensors, and how many were left out by prefix."""
    trunk, others = under(branch(tree, (), source=source, bare=True), "trunk.", source=source)
    left, dropped = drop(others, ("head.",))
    kept, decoder = drop(trunk, _DECODER)
    kept = checked_table(kept, "pos_embed", config, source=source)
    patches = {key.replace("patch_embed.proj.1.", "patch_embed.proj."): value for key, value in kept.items()}
    return renamed(patches) | left, dropped + decoder
