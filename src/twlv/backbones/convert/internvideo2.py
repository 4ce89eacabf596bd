"""InternVideo2, first and second stage: RMS norms, QK norms, LayerScale, a class token, learned positions.

The first row of a position table is the class token's. ``clip_projector`` is an attention pool, kept for the
pooling ``attention``. A fine-tuned file has a norm and a classifier behind that pool, which are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import torch

from twlv.backbones.convert.read import Tree
from twlv.backbones.convert.tensors import State, branch, drop, renamed, under
from twlv.errors import WeightsError
from twlv.nn.vit import VitConfig

_FIRST = (
    "clip_decoder.",
    "mae_decoder.",
    "final_clip_decoder.",
    "clip_pos_embed",
    "mae_pos_embed",
    "clip_img_pos_embed",
    "fc_norm.",
    "head.",
)
_OTHER_TOWERS = (
    "text_encoder.",
    "vision_proj.",
    "text_proj.",
    "audio_encoder.",
    "audio_proj.",
    "itm_head.",
    "temp",
    "vision_align.",
    "text_align.",
)
_POOL = {
    "clip_projector.norm1_": "pool_attention.norm_",
    "clip_projector.cross_attn.": "pool_attention.",
}


def first_stage(tree: Tree, config: VitConfig, *, source: str) -> tuple[State, Counter[str]]:
    """Our tensors, and how many were left out by prefix."""
    kept, dropped = drop(branch(tree, ("module", "model"), source=source, bare=True), _FIRST)
    return _ours(kept, config, source), dropped


def second_stage(tree: Tree, config: VitConfig, *, source: str) -> tuple[State, Counter[str]]:
    """Our tensors of the vision tower, with the table for single images, and what was left out."""
    tensors = branch(tree, ("model", "module"), source=source, bare=True)
    vision, others = under(tensors, "vision_encoder.", source=source)
    left, towers = drop(others, _OTHER_TOWERS)
    kept, dropped = drop(vision, _FIRST)
    return _ours(kept, config, source) | left, dropped + towers


def _ours(tensors: Mapping[str, torch.Tensor], config: VitConfig, source: str) -> State:
    made = renamed({_pool_name(key): value for key, value in tensors.items()})
    if "cls_token" in made:
        made["class_token"] = made.pop("cls_token").flatten()
    tables = {"pos_embed": "", "img_pos_embed": "image_"}
    for theirs, ours in tables.items():
        if theirs in made:
            table = made.pop(theirs)
            _check_rows(table, theirs, config, source)
            made[f"{ours}class_position"] = table.reshape(-1, config.width)[0].clone()
            made[f"{ours}position_table"] = table.reshape(-1, config.width)[1:].clone()
    return made


def _check_rows(table: torch.Tensor, name: str, config: VitConfig, source: str) -> None:
    t, h, w = config.grid
    expected = (1, 1 + (h * w if name.startswith("img") else t * h * w), config.width)
    if tuple(table.shape) != expected:
        raise WeightsError(
            f"{source}: {name} has the shape {tuple(table.shape)}, expected {expected} for {config.num_frames} "
            f"frames of {config.image_size_px} px: the file is of another stage or size"
        )


def _pool_name(key: str) -> str:
    for theirs, ours in _POOL.items():
        if key.startswith(theirs):
            return key.replace(theirs, ours).replace("_bias", ".bias")
    return key
