"""Image encoders of transformers, each frame by itself (see ``frame_mean``): CLIP and DFN, SigLIP, DINOv2.

The pooled vector of a frame is the library's own: CLIP's normalised class token or, ``projected``, its
image embedding; SigLIP's attention-pooled vector; DINOv2's normalised class token. Patch tokens are the
library's ``last_hidden_state`` without the class token; with a projection they pass through the same norm
and projection as the class token, so that both have one width.

Axes: n images, C colours, H W pixels, H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from twlv.backbones import hf
from twlv.backbones.frame_mean import frame_mean
from twlv.backbones.parts import Kind, Parts
from twlv.types import Json

Pair = tuple[torch.Tensor, torch.Tensor]


def on_grid(tokens: torch.Tensor, images: torch.Tensor, patch_px: int) -> torch.Tensor:
    """Tokens (n, N, D) as (n, H', W', D)."""
    height, width = images.shape[-2] // patch_px, images.shape[-1] // patch_px
    return tokens.reshape(tokens.shape[0], height, width, -1)


def _clip(module: nn.Module, images: torch.Tensor) -> Pair:
    config: Any = module.config
    seen = module(pixel_values=images)
    return on_grid(seen.last_hidden_state[:, 1:], images, config.patch_size), seen.pooler_output


def _clip_projected(module: nn.Module, images: torch.Tensor) -> Pair:
    tower: Any = module.vision_model
    project: Any = module.visual_projection
    seen = tower(pixel_values=images)
    patches = project(tower.post_layernorm(seen.last_hidden_state[:, 1:]))
    return on_grid(patches, images, tower.config.patch_size), project(seen.pooler_output)


def _siglip(module: nn.Module, images: torch.Tensor) -> Pair:
    config: Any = module.config
    seen = module(pixel_values=images)
    return on_grid(seen.last_hidden_state, images, config.patch_size), seen.pooler_output


def _dinov2(module: nn.Module, images: torch.Tensor) -> Pair:
    config: Any = module.config
    seen = module(pixel_values=images)
    return on_grid(seen.last_hidden_state[:, 1:], images, config.patch_size), seen.pooler_output


def image_facts(settings: Any, *, dim: int, tokens: str) -> dict[str, Any]:
    """What follows from an image encoder's configuration, for a card; ``pool`` is the class token."""
    patch = hf.square(settings.patch_size, "patch_size")
    return {
        "dim": dim,
        "patch": (1, patch, patch),
        "modality": "image",
        "pool": "cls",
        "flexible_frames": True,
        "details": {
            "activation": settings.hidden_act,
            "norm": "layer_norm",
            "position": "learned",
            "tokens": tokens,
        },
    }


def fixed_facts(settings: Any, *, dim: int, tokens: str) -> dict[str, Any]:
    """As ``image_facts``, of an encoder that takes one picture size only."""
    size = hf.square(settings.image_size, "image_size")
    return {**image_facts(settings, dim=dim, tokens=tokens), "image_size_px": size}


def _clip_assemble(config: Mapping[str, Json]) -> Parts:
    settings = hf.config_of("CLIPVisionConfig", config)
    return Parts(module=hf.build("CLIPVisionModel", settings), run=frame_mean(_clip))


def _clip_facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = hf.config_of("CLIPVisionConfig", config)
    return fixed_facts(settings, dim=settings.hidden_size, tokens="last hidden state")


def _clip_projected_assemble(config: Mapping[str, Json]) -> Parts:
    settings = hf.config_of("CLIPVisionConfig", config)
    return Parts(module=hf.build("CLIPVisionModelWithProjection", settings), run=frame_mean(_clip_projected))


def _clip_projected_facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = hf.config_of("CLIPVisionConfig", config)
    return fixed_facts(
        settings, dim=settings.projection_dim, tokens="normalised and projected as the class token"
    )


def _siglip_assemble(config: Mapping[str, Json]) -> Parts:
    settings = hf.config_of("SiglipVisionConfig", config)
    return Parts(module=hf.build("SiglipVisionModel", settings), run=frame_mean(_siglip))


def _siglip_facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = hf.config_of("SiglipVisionConfig", config)
    found = fixed_facts(settings, dim=settings.hidden_size, tokens="last hidden state")
    return {**found, "pool": "attention"}


def _dinov2_assemble(config: Mapping[str, Json]) -> Parts:
    settings = hf.config_of("Dinov2Config", config)
    return Parts(module=hf.build("Dinov2Model", settings), run=frame_mean(_dinov2))


def _dinov2_facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = hf.config_of("Dinov2Config", config)
    facts = image_facts(settings, dim=settings.hidden_size, tokens="last hidden state")
    return {**facts, "details": {**facts["details"], "flexible_size": True}}


CLIP = Kind(assemble=_clip_assemble, facts=_clip_facts)
CLIP_PROJECTED = Kind(assemble=_clip_projected_assemble, facts=_clip_projected_facts)
SIGLIP = Kind(assemble=_siglip_assemble, facts=_siglip_facts)
DINOV2 = Kind(assemble=_dinov2_assemble, facts=_dinov2_facts)
