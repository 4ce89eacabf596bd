"""What table lines of converted models share: the shapes of transformers, and how a line is made. No torch."""

from __future__ import annotations

from typing import Any, NamedTuple

from twlv.backbones.entries_own import VIT_DETAILS
from twlv.backbones.entries_video import Weights, lines
from twlv.backbones.entry import CONVERTED, Entry, Origin
from twlv.types import Json

NC = "CC-BY-NC-4.0"
DENSE = "16 frames, every 4th"
SPARSE = "spread over the whole video"


class Size(NamedTuple):
    """The shape of a Vision Transformer."""

    width: int
    depth: int
    num_heads: int
    mlp_width: int


VIT_S, VIT_B = Size(384, 12, 6, 1536), Size(768, 12, 12, 3072)
VIT_L, VIT_H, VIT_G = Size(1024, 24, 16, 4096), Size(1280, 32, 16, 5120), Size(1408, 40, 16, 6144)


def vit_lines(
    arch: str,
    size: Size,
    params: int,
    citation: str,
    weights: tuple[Weights, ...],
    *,
    facts: dict[str, Any],
    switches: dict[str, Json] | None = None,
    settings: dict[str, Json] | None = None,
) -> tuple[Entry, ...]:
    """Lines of one architecture. ``switches`` are settings that a card shows, ``settings`` others."""
    shape: dict[str, Any] = {"num_frames": 16, "image_size_px": 224, "patch": (2, 16, 16)} | facts
    card = {
        "dim": size.width,
        "num_params": params,
        "flexible_frames": True,
        "citation": citation,
        **shape,
        "details": {**VIT_DETAILS, **(switches or {})},
    }
    if (switches or {}).get("final_norm") == "pooled":
        card["pool"] = "mean_norm"
    config: dict[str, Json] = {
        **size._asdict(),
        **shape,
        "patch": list(shape["patch"]),
        **(switches or {}),
        **(settings or {}),
    }
    return lines(arch, card, "video_transformer", config, weights)


def converted(
    tag: str, data: tuple[str, ...], licence: str, summary: str, *, origin: Origin, **more: Any
) -> Weights:
    """One set of weights that is fetched from ``origin`` and converted."""
    commercial = False if licence == NC else None
    return Weights(tag, "", data, licence, commercial, summary, origin=origin, loader=CONVERTED, **more)
