"""AIMv2 and SigLIP 2's NaFlex: image encoders without a class token, each frame by itself.

SigLIP 2's other checkpoints are of SigLIP's own architecture (see ``image_models``). The pooled vector of a
frame is that of the attention pool that came with the weights.

Axes: n images, C colours, H W pixels, p patch, N patches, H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from twlv.backbones import hf
from twlv.backbones.frame_mean import frame_mean
from twlv.backbones.image_models import Pair, fixed_facts, image_facts, on_grid
from twlv.backbones.parts import Kind, Parts
from twlv.errors import WeightsError
from twlv.types import Json

_TOKENS = "last hidden state"


def _aimv2_settings(config: Mapping[str, Json]) -> Any:
    settings = hf.config_of("Aimv2VisionConfig", config)
    if not settings.use_head:
        raise WeightsError("AIMv2 without its attention pool (use_head false) is not supported")
    return settings


def _aimv2(module: nn.Module, images: torch.Tensor) -> Pair:
    config: Any = module.config
    seen = module(pixel_values=images)
    return on_grid(seen.last_hidden_state, images, config.patch_size), seen.pooler_output


def _aimv2_assemble(config: Mapping[str, Json]) -> Parts:
    return Parts(module=hf.build("Aimv2VisionModel", _aimv2_settings(config)), run=frame_mean(_aimv2))


def _aimv2_facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = _aimv2_settings(config)
    found = fixed_facts(settings, dim=settings.hidden_size, tokens=_TOKENS)
    return {**found, "pool": "attention", "details": {**found["details"], "norm": "rms_norm"}}


def _siglip2(module: nn.Module, images: torch.Tensor) -> Pair:
    """The library wants patches (n, N, p * p * C), row by row, colours last, and how many rows and columns."""
    config: Any = module.config
    p, (n, _, height, width) = config.patch_size, images.shape
    rows, columns = height // p, width // p
    cut = images.reshape(n, -1, rows, p, columns, p).permute(0, 2, 4, 3, 5, 1).reshape(n, rows * columns, -1)
    seen = module(
        pixel_values=cut,
        pixel_attention_mask=torch.ones(n, rows * columns, dtype=torch.long, device=images.device),
        spatial_shapes=torch.tensor([[rows, columns]] * n, device=images.device),
    )
    return on_grid(seen.last_hidden_state, images, p), seen.pooler_output


def _siglip2_assemble(config: Mapping[str, Json]) -> Parts:
    settings = hf.config_of("Siglip2VisionConfig", config)
    return Parts(module=hf.build("Siglip2VisionModel", settings), run=frame_mean(_siglip2))


def _siglip2_facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = hf.config_of("Siglip2VisionConfig", config)
    found = image_facts(settings, dim=settings.hidden_size, tokens=_TOKENS)
    return {**found, "pool": "attention", "details": {**found["details"], "flexible_size": True}}


AIMV2 = Kind(assemble=_aimv2_assemble, facts=_aimv2_facts)
SIGLIP2 = Kind(assemble=_siglip2_assemble, facts=_siglip2_facts)
