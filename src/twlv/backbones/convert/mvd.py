"""MVD's student: the encoder beside two decoders, all in one dictionary; position tables are stored."""

from __future__ import annotations

from collections import Counter

from twlv.backbones.convert.read import Tree
from twlv.backbones.convert.tensors import State, branch, checked_table, drop, renamed, with_key_bias
from twlv.nn.vit import VitConfig

_DECODERS = ("decoder_img.", "decoder_vid.", "down_img.", "down_vid.", "mask_token_", "pos_embed_")


def convert(tree: Tree, config: VitConfig, *, source: str) -> tuple[State, Counter[str]]:
    """Our tensors, and how many were left out by prefix."""
    kept, dropped = drop(branch(tree, ("model",), source=source), _DECODERS)
    kept = checked_table(kept, "pos_embed", config, source=source)
    return with_key_bias(renamed(kept), config.depth), dropped
