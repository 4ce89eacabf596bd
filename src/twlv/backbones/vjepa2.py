"""V-JEPA 2 (transformers ``VJEPA2Model``), its encoder alone.

Two traps are closed here. The model computes rows and columns of its rotary code from
``config.crop_size``, not from the input, so another size runs and is silently wrong: the size is set from
the card and others are refused. It computes the phases in the dtype of the activations, which in
bfloat16 moved a 64-frame output by 3.6 per cent: they are computed in float32 always.

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, D width.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from twlv.backbones import hf
from twlv.backbones.parts import Encoded, Kind, Parts
from twlv.types import Json


def _assemble(config: Mapping[str, Json]) -> Parts:
    model = hf.build("VJEPA2Model", hf.config_of("VJEPA2Config", config))
    encoder: Any = model.encoder
    for layer in encoder.layer:
        attention = layer.attention
        attention.apply_rotary_embeddings = functools.partial(_rotate_in_float32, attention)
    return Parts(module=encoder, run=_run)


def _rotate_in_float32(attention: Any, tokens: torch.Tensor, positions: Any) -> torch.Tensor:
    rotated: torch.Tensor = type(attention).apply_rotary_embeddings(attention, tokens.float(), positions)
    return rotated.to(tokens.dtype)


def _run(module: nn.Module, frames: torch.Tensor) -> Encoded:
    config: Any = module.config
    tokens: torch.Tensor = module(pixel_values_videos=frames).last_hidden_state
    side = config.crop_size // config.patch_size
    steps = max(1, frames.shape[1] // config.tubelet_size)
    return tokens.reshape(tokens.shape[0], steps, side, side, -1), None


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = hf.config_of("VJEPA2Config", config)
    return {
        "dim": settings.hidden_size,
        "patch": (settings.tubelet_size, settings.patch_size, settings.patch_size),
        "image_size_px": settings.crop_size,
        "modality": "video",
        "pool": "mean",
        "flexible_frames": True,
        "details": {"activation": settings.hidden_act, "norm": "layer_norm", "position": "rope_3d"},
    }


KIND = Kind(assemble=_assemble, facts=_facts)
