"""DINOv2 with registers and DINOv3: a class token, registers, then the patches; each frame by itself.

The pooled vector of a frame is the normalised class token. Registers are left out: they belong to no place.

Axes: n images, C colours, H W pixels, H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from twlv.backbones import hf
from twlv.backbones.frame_mean import frame_mean
from twlv.backbones.image_models import Pair, image_facts, on_grid
from twlv.backbones.parts import Kind, Parts
from twlv.types import Json


def _encode(module: nn.Module, images: torch.Tensor) -> Pair:
    config: Any = module.config
    seen = module(pixel_values=images)
    first = 1 + config.num_register_tokens
    return on_grid(seen.last_hidden_state[:, first:], images, config.patch_size), seen.pooler_output


def _kind(model: str, config_class: str, position: str) -> Kind:
    def assemble(config: Mapping[str, Json]) -> Parts:
        return Parts(module=hf.build(model, hf.config_of(config_class, config)), run=frame_mean(_encode))

    def facts(config: Mapping[str, Json]) -> dict[str, Any]:
        settings = hf.config_of(config_class, config)
        found = image_facts(settings, dim=settings.hidden_size, tokens="last hidden state")
        return {**found, "details": {**found["details"], "position": position, "flexible_size": True}}

    return Kind(assemble=assemble, facts=facts)


DINOV2 = _kind("Dinov2WithRegistersModel", "Dinov2WithRegistersConfig", "learned")
DINOV3 = _kind("DINOv3ViTModel", "DINOv3ViTConfig", "rope_2d")
