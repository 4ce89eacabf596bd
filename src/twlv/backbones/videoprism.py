"""VideoPrism (transformers ``VideoPrismVisionModel``): space first, frame by frame, then time, place by place.

Pixels are in [0, 1], not normalised. The library computes its attention in the plain way only (the logits are
capped at 50), but over 256 tokens of a frame or the T frames of a place, never over all. Its norms hold their
scale minus 1. The frame count is fixed here: nobody has measured what stretching its temporal table does.

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
    settings = hf.config_of("VideoPrismVisionConfig", config)
    if settings.tubelet_size[0] != 1:
        raise WeightsError(f"VideoPrism with tubelets of {settings.tubelet_size[0]} frames is not supported")
    return Parts(module=hf.build("VideoPrismVisionModel", settings), run=_run)


def _run(module: nn.Module, frames: torch.Tensor) -> Encoded:
    config: Any = module.config
    tokens: torch.Tensor = module(pixel_values_videos=frames).last_hidden_state
    _, p, q = config.tubelet_size
    size = hf.square(config.image_size, "image_size")
    return tokens.reshape(tokens.shape[0], frames.shape[1], size // p, size // q, -1), None


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    return hf.tubelet_facts(hf.config_of("VideoPrismVisionConfig", config), pool="mean")


KIND = Kind(assemble=_assemble, facts=_facts)
