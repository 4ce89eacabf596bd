"""Every architecture of the table, shrunk: the same settings on a few channels, weights from names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch

from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.parts import kind_of
from twlv.backbones.random_weights import random_card
from twlv.backbones.table import TABLE
from twlv.nn.init import initialise

from .conftest import SMALL

OWN_VITS = (
    "twlv1_vit_b",
    "videomae_vit_b",
    "videomae2_vit_b",
    "umt1_vit_b",
    "umt2_vit_b",
    "vjepa_vit_l",
    "omnimae_vit_b",
    "mvd_vit_b",
    "internvideo2_1_vit_1b",
    "internvideo2_2_vit_1b",
)
KINDS = tuple(SMALL)[1:]
ARCHITECTURES = (*OWN_VITS, *KINDS)


def small_config(architecture: str) -> tuple[str, dict[str, Any]]:
    """The kind of an architecture and its shrunk configuration: 4 frames of 32 px."""
    if architecture in SMALL:
        return architecture, SMALL[architecture]
    entry = TABLE[f"{architecture}.random"]
    patch: Any = entry.config.get("patch", [2, 16, 16])
    shape: dict[str, Any] = {
        "width": 48,
        "depth": 2,
        "num_heads": 3,
        "mlp_width": 96,
        "num_frames": 4,
        "image_size_px": 32,
        "patch": [patch[0], 16, 16],
    }
    if "pool_width" in entry.config:
        shape |= {"pool_width": 16, "pool_num_heads": 4}
    return entry.kind, {**entry.config, **shape}


def small_backbone(architecture: str, *, dtype: str = "float32") -> LoadedBackbone:
    """An architecture with weights from their names alone, biases and scales moved too."""
    kind, config = small_config(architecture)
    parts = kind_of(kind).assemble(config)
    initialise(parts.module)
    with torch.no_grad():
        for name, parameter in parts.module.named_parameters():
            seed = int.from_bytes(hashlib.sha256(f"moved/{name}".encode()).digest()[:4], "little")
            generator = torch.Generator().manual_seed(seed)
            parameter.add_(torch.rand(parameter.shape, generator=generator) - 0.5, alpha=0.2)
    any_size = {"num_frames": 4, "image_size_px": 32}
    facts = kind_of(kind).facts(config)
    card = random_card(kind, config, **{key: value for key, value in any_size.items() if key not in facts})
    return loaded(card=card, kind=kind, config=config, parts=parts, device="cpu", dtype=dtype)


def synthetic_clip() -> torch.Tensor:
    """A bright bar that goes right over a slanted wave, (1, 4, 3, 32, 32), from arithmetic alone."""
    t, y, x = torch.meshgrid(
        *(torch.arange(length, dtype=torch.float64) for length in (4, 32, 32)), indexing="ij"
    )
    wave = torch.stack([torch.sin(0.3 * x + 0.2 * y + phase) for phase in (0.0, 1.0, 2.0)], dim=1)
    bar = torch.exp(-((x - 6 - 5 * t) ** 2) / 8)[:, None]
    return (0.6 * wave + 1.5 * bar)[None].float()


def golden_values(backbone: LoadedBackbone) -> Mapping[str, Any]:
    """A clip's vector and a few tokens, to six digits."""
    tokens = backbone.encode(synthetic_clip())
    vector = tokens.patches.mean(dim=(1, 2, 3)) if tokens.cls is None else tokens.cls
    corner = torch.cat([tokens.patches[0, 0, 0, 1, :6], tokens.patches[0, -1, 1, 0, :6]])
    return {
        "shape": list(tokens.patches.shape),
        "vector": [float(f"{value:.6g}") for value in vector[0, :12]],
        "tokens": [float(f"{value:.6g}") for value in corner],
    }
