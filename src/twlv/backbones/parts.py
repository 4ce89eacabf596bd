"""What a loaded network consists of, and the kinds of architecture that we can build.

A kind is named in saved folders and in the table; its code is imported when it is first built.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import nn

from twlv.errors import WeightsError
from twlv.types import Json, Pool

Encoded: TypeAlias = tuple[torch.Tensor, torch.Tensor | None]
"""Patch tokens (B, T', H', W', D), and the pooled vector (B, D) or None."""

KINDS: Mapping[str, str] = {
    "video_transformer": "twlv.backbones.own:KIND",
    "efficientnet_lite": "twlv.backbones.efficientnet:KIND",
    "gradient_flow": "twlv.backbones.gradient_flow:KIND",
    "vjepa2": "twlv.backbones.vjepa2:KIND",
    "vivit": "twlv.backbones.vivit:KIND",
    "timesformer": "twlv.backbones.timesformer:KIND",
    "clip": "twlv.backbones.image_models:CLIP",
    "clip_projected": "twlv.backbones.image_models:CLIP_PROJECTED",
    "siglip": "twlv.backbones.image_models:SIGLIP",
    "dinov2": "twlv.backbones.image_models:DINOV2",
    "dinov2_registers": "twlv.backbones.image_registers:DINOV2",
    "dinov3": "twlv.backbones.image_registers:DINOV3",
    "siglip2": "twlv.backbones.image_pooled:SIGLIP2",
    "aimv2": "twlv.backbones.image_pooled:AIMV2",
    "videoprism": "twlv.backbones.videoprism:KIND",
    "xclip": "twlv.backbones.xclip:KIND",
}


Run: TypeAlias = Callable[[nn.Module, torch.Tensor], Encoded]
"""``run(module, frames)``: normalised frames (B, T, C, H, W) in the module's dtype, encoded."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """A network, and how to run it.

    ``module`` holds the weights in float32. ``run`` encodes with the pooling that the kind's facts name;
    ``pools`` has a ``run`` for every other pooling that the weights allow (besides the mean of the patches,
    which needs nothing of its own). ``prepare`` may rewrite the copy that computes (fold norms, change layout)
    as long as the result is the same. ``bfloat16`` says that bfloat16 was measured to agree with
    float32 (cosine >= 0.999), so that ``dtype="auto"`` may choose it.
    """

    module: nn.Module
    run: Run
    pools: Mapping[Pool, Run] = field(default_factory=dict)
    prepare: Callable[[nn.Module], nn.Module] | None = None
    bfloat16: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A family of networks: how one is built from its configuration, and what follows from that alone.

    The weights of what ``assemble`` builds are unset or random: who asks loads others strictly, or draws
    them. ``facts`` gives the card fields that follow from the configuration alone (dim, patch, num_frames,
    image_size_px, modality, pool, flexible_frames, details); a card that contradicts them is refused.
    ``pool`` is what is taken where nobody says. ``pool_dim`` gives the width under another pooling, where it
    differs.
    """

    assemble: Callable[[Mapping[str, Json]], Parts]
    facts: Callable[[Mapping[str, Json]], dict[str, Any]]
    pool_dim: Callable[[Mapping[str, Json], Pool], int] | None = None


def kind_of(name: str) -> Kind:
    """The kind of that name, its module imported.

    Raises:
        WeightsError: a saved folder names a kind that this version does not know.
    """
    if name not in KINDS:
        raise WeightsError(
            f"architecture kind '{name}' is not known to this version; known: {', '.join(KINDS)}"
        )
    module, _, attribute = KINDS[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, Kind):
        raise TypeError(f"{KINDS[name]} is not a Kind")
    return found
