"""TimeSformer (transformers ``TimesformerModel``), its tokens re-ordered.

Its tokens are space-major (token ``1 + p * T + t``) where every other model's are time-major.

Axes: B batch, T frames, H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from twlv.backbones import hf
from twlv.backbones.parts import Encoded, Kind, Parts
from twlv.errors import WeightsError
from twlv.types import Json


def _assemble(config: Mapping[str, Json]) -> Parts:
    settings = hf.config_of("TimesformerConfig", config)
    if settings.attention_type != "divided_space_time":
        raise WeightsError(
            f"TimeSformer with attention_type '{settings.attention_type}' is not supported; "
            "only divided_space_time is"
        )
    return Parts(module=hf.build("TimesformerModel", settings), run=_run)


def _run(module: nn.Module, frames: torch.Tensor) -> Encoded:
    config: Any = module.config
    tokens: torch.Tensor = module(pixel_values=frames).last_hidden_state
    side = config.image_size // config.patch_size
    space_major = tokens[:, 1:].reshape(tokens.shape[0], side, side, frames.shape[1], -1)
    return space_major.permute(0, 3, 1, 2, 4), tokens[:, 0]


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = hf.config_of("TimesformerConfig", config)
    return {
        "dim": settings.hidden_size,
        "patch": (1, settings.patch_size, settings.patch_size),
        "num_frames": settings.num_frames,
        "image_size_px": settings.image_size,
        "modality": "video",
        "pool": "cls",
        "flexible_frames": False,
        "details": {"activation": settings.hidden_act, "norm": "layer_norm", "position": "learned"},
    }


KIND = Kind(assemble=_assemble, facts=_facts)
