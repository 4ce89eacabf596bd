"""X-CLIP's video side (of transformers ``XCLIPModel``): frames that pass messages, then a small transformer.

The vision tower returns frames stacked on the batch axis, (B * T, ...), and has no code of time: without the
multi-frame transformer behind it, a mean over frames could not tell a clip from its reverse. So that
transformer is part of the model here, and its mean is the clip's vector (card: ``pool="cls"``). Patch tokens
pass the norm and the projection of the class token, so that both have one width.

Axes: B batch, T frames, C colours, H W pixels, H' W' token grid, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from twlv.backbones import hf
from twlv.backbones.parts import Encoded, Kind, Parts
from twlv.types import Json

PARTS = ("vision_model", "visual_projection", "mit")
"""What of ``XCLIPModel`` encodes videos; the rest is for texts."""

_NO_TEXT: dict[str, Json] = {"num_hidden_layers": 0, "vocab_size": 2, "eos_token_id": 1, "bos_token_id": 0}


def _settings(config: Mapping[str, Json]) -> Any:
    """``config``: ``vision`` (of ``XCLIPVisionConfig``) and ``projection_dim``."""
    return hf.config_of(
        "XCLIPConfig",
        {
            "vision_config": config["vision"],
            "projection_dim": config["projection_dim"],
            "text_config": _NO_TEXT,
            "prompt_layers": 0,
        },
    )


def _assemble(config: Mapping[str, Json]) -> Parts:
    model: Any = hf.build("XCLIPModel", _settings(config))
    return Parts(module=nn.ModuleDict({name: getattr(model, name) for name in PARTS}), run=_run)


def _run(module: nn.Module, frames: torch.Tensor) -> Encoded:
    parts: Any = module
    tower, project = parts["vision_model"], parts["visual_projection"]
    batch, time = frames.shape[:2]
    seen = tower(pixel_values=frames.flatten(0, 1))
    patches = project(tower.post_layernorm(seen.last_hidden_state[:, 1:]))
    side = tower.config.image_size // tower.config.patch_size
    of_frames = project(seen.pooler_output).reshape(batch, time, -1)
    return patches.reshape(batch, time, side, side, -1), parts["mit"](of_frames).pooler_output


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = _settings(config)
    vision = settings.vision_config
    return {
        "dim": settings.projection_dim,
        "patch": (1, vision.patch_size, vision.patch_size),
        "num_frames": vision.num_frames,
        "image_size_px": vision.image_size,
        "modality": "video",
        "pool": "cls",
        "flexible_frames": False,
        "details": {
            "activation": vision.hidden_act,
            "norm": "layer_norm",
            "position": "learned",
            "tokens": "normalised and projected as the class token",
        },
    }


KIND = Kind(assemble=_assemble, facts=_facts)
