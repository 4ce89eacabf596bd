"""ViViT (transformers ``VivitModel``): a class token and time-major patch tokens, one fixed frame count.

Axes: B batch, T' H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from twlv.backbones import hf
from twlv.backbones.parts import Encoded, Kind, Parts
from twlv.types import Json


def _assemble(config: Mapping[str, Json]) -> Parts:
    settings = hf.config_of("VivitConfig", config)
    return Parts(module=hf.build("VivitModel", settings, add_pooling_layer=False), run=_run)


def _run(module: nn.Module, frames: torch.Tensor) -> Encoded:
    config: Any = module.config
    tokens: torch.Tensor = module(pixel_values=frames).last_hidden_state
    t, p, q = config.tubelet_size
    size = hf.square(config.image_size, "image_size")
    grid = (frames.shape[1] // t, size // p, size // q)
    return tokens[:, 1:].reshape(tokens.shape[0], *grid, -1), tokens[:, 0]


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    return hf.tubelet_facts(hf.config_of("VivitConfig", config), pool="cls")


KIND = Kind(assemble=_assemble, facts=_facts)
