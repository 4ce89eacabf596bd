"""Small architectures of every kind, and frames for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from twlv.backbones.loaded import LoadedBackbone
from twlv.backbones.random_weights import random_backbone

CLIP: dict[str, Any] = {
    "hidden_size": 24,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "image_size": 32,
    "patch_size": 16,
}

SMALL: dict[str, dict[str, Any]] = {
    "video_transformer": {
        "width": 24,
        "depth": 2,
        "num_heads": 3,
        "mlp_width": 48,
        "num_frames": 4,
        "image_size_px": 32,
    },
    "vjepa2": {
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "crop_size": 32,
        "frames_per_clip": 4,
        "pred_hidden_size": 24,
        "pred_num_attention_heads": 2,
        "pred_num_hidden_layers": 1,
    },
    "vivit": {**CLIP, "num_frames": 4, "tubelet_size": [2, 16, 16]} | {"patch_size": 16},
    "timesformer": {**CLIP, "num_frames": 4},
    "clip": CLIP,
    "clip_projected": {**CLIP, "projection_dim": 10},
    "siglip": CLIP,
    "dinov2": {**CLIP, "image_size": 64},
    "dinov2_registers": {**CLIP, "image_size": 64},
    "dinov3": {**CLIP, "num_register_tokens": 2},
    "siglip2": {**CLIP, "num_patches": 4},
    "aimv2": CLIP,
    "videoprism": {
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_attention_heads": 3,
        "num_spatial_layers": 2,
        "num_temporal_layers": 1,
        "image_size": 32,
        "num_frames": 4,
        "tubelet_size": [1, 16, 16],
    },
    "xclip": {
        "vision": {
            **CLIP,
            "num_frames": 4,
            "mit_hidden_size": 8,
            "mit_intermediate_size": 16,
            "mit_num_attention_heads": 2,
        },
        "projection_dim": 8,
    },
}
SMALL["vivit"].pop("patch_size")
for name in ("dinov2", "dinov2_registers"):
    SMALL[name].pop("intermediate_size")
for name in ("siglip2",):
    SMALL[name].pop("image_size")
for name in ("dinov3", "aimv2"):  # their rotary codes and heads want a width that 8 divides per head
    SMALL[name] = {**SMALL[name], "hidden_size": 24, "num_attention_heads": 3}

_ANY_SIZE = ("dinov2", "dinov2_registers", "dinov3", "siglip2", "vjepa2")

SmallBackbone = Callable[..., LoadedBackbone]


@pytest.fixture
def small() -> SmallBackbone:
    """``small(kind, **changes)``: a backbone of that kind with random weights, in float32."""

    def make(
        kind: str, *, dtype: str = "float32", fields: dict[str, Any] | None = None, **changes: Any
    ) -> LoadedBackbone:
        from twlv.backbones.random_weights import random_card

        config = {**SMALL[kind], **changes}
        free = {"image_size_px": 32, "num_frames": 4} if kind in _ANY_SIZE else {}
        card = random_card(kind, config, **{**free, **(fields or {})})
        return random_backbone(kind=kind, config=config, card=card, dtype=dtype)

    return make


@pytest.fixture
def frames() -> Callable[..., torch.Tensor]:
    """``frames(*shape, seed=0)``: seeded noise."""

    def make(*shape: int, seed: int = 0) -> torch.Tensor:
        return torch.randn(*(shape or (2, 4, 3, 32, 32)), generator=torch.Generator().manual_seed(seed))

    return make
