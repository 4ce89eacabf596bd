"""Motion and nothing else, by hand: the counterpart of an image model in the quickstart.

It finds the one shift that best explains each pair of frames (least squares on the brightness gradients;
Lucas and Kanade, IJCAI 1981). Its only weights are a filter of three fixed numbers.

Axis letters: B batch, T frames, C colours, H W pixels, P pairs of frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn import functional

from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.parts import Encoded, Kind, Parts
from twlv.types import Json

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry

_SIZE_PX = 64


class GradientFlow(nn.Module):
    """The filter that takes differences along a line, and the shifts that follow from them."""

    def __init__(self) -> None:
        super().__init__()
        self.derivative = nn.Parameter(torch.tensor([-0.5, 0.0, 0.5]))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames (B, T, C, H, W), T even or 1 (a still, shown twice), to shifts (B, P, 2)."""
        if frames.shape[1] == 1:
            frames = frames.expand(-1, 2, -1, -1, -1)
        grey = frames.mean(dim=2)
        return shifts(grey[:, 0::2], grey[:, 1::2], self.derivative)


def shifts(first: torch.Tensor, second: torch.Tensor, derivative: torch.Tensor) -> torch.Tensor:
    """The shift (x, y) in pixels from ``first`` to ``second`` (B, P, H, W), as (B, P, 2)."""
    pictures = ((first + second) / 2).flatten(0, 1)[:, None]
    dx = functional.conv2d(pictures, derivative.view(1, 1, 1, 3))[:, 0, 1:-1, :]
    dy = functional.conv2d(pictures, derivative.view(1, 1, 3, 1))[:, 0, :, 1:-1]
    dx, dy = (slope.reshape(*first.shape[:2], -1) for slope in (dx, dy))
    dt = (second - first)[..., 1:-1, 1:-1].flatten(2)
    weight = dt.abs()  # what stands still has no say

    def total(values: torch.Tensor) -> torch.Tensor:
        return (weight * values).sum(dim=-1)

    xx, yy, xy, xt, yt = (total(v) for v in (dx * dx, dy * dy, dx * dy, dx * dt, dy * dt))
    ridge = 1e-3 * (xx + yy) + 1e-6
    xx, yy = xx + ridge, yy + ridge
    determinant = xx * yy - xy * xy
    return torch.stack([(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant], dim=-1)


def load(entry: Entry, *, weights: None, device: str, dtype: str) -> LoadedBackbone:
    """One token per pair of frames: the shift to the right, down, left and up, each at least 0."""
    parts = _assemble(entry.config)
    return loaded(
        card=entry.card, kind=entry.kind, config=entry.config, parts=parts, device=device, dtype=dtype
    )


def _assemble(config: Mapping[str, Json]) -> Parts:
    return Parts(module=GradientFlow(), run=_run)


def _run(module: nn.Module, frames: torch.Tensor) -> Encoded:
    shift = cast(torch.Tensor, module(frames))
    parts = torch.cat([shift.clamp(min=0), (-shift).clamp(min=0)], dim=-1)
    return parts[:, :, None, None, :], None


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    return {
        "dim": 4,
        "patch": (2, _SIZE_PX, _SIZE_PX),
        "image_size_px": _SIZE_PX,
        "modality": "video",
        "pool": "mean",
        "flexible_frames": True,
        "details": {},
    }


KIND = Kind(assemble=_assemble, facts=_facts)
