"""A backbone without weights that sees motion only: the counterpart of an image model in the quickstart.

It finds the one shift that best explains each pair of frames (least squares on the brightness gradients;
Lucas and Kanade, IJCAI 1981). It is also the shortest example of a backbone of one's own: a card and
``encode``.

Axis letters: B batch, T frames, C colours, H W pixels, P pairs of frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from twlv.contracts import Tokens
from twlv.types import BackboneCard

CARD = BackboneCard(
    name="gradient_flow.none",
    dim=4,
    num_params=0,
    num_frames=16,
    image_size_px=64,
    patch=(2, 64, 64),
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
    weights="none",
    weights_sha256="",
    licence="Apache-2.0",
    flexible_frames=True,
    citation="Lucas and Kanade, IJCAI 1981",
)


@dataclass(frozen=True, kw_only=True)
class GradientFlow:
    """One token per pair of frames: the shift as (right, down, left, up), each at least 0."""

    card: BackboneCard = CARD

    @torch.inference_mode()
    def encode(self, frames: torch.Tensor) -> Tokens:
        """Float32 (B, T, C, H, W), T even, to patches (B, T / 2, 1, 1, 4)."""
        grey = frames.mean(dim=2)
        first, second = grey[:, 0::2], grey[:, 1::2]
        shift = solve(first, second)
        parts = torch.cat([shift.clamp(min=0), (-shift).clamp(min=0)], dim=-1)
        return Tokens(patches=parts[:, :, None, None, :])


def solve(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The shift (x, y) in pixels from ``first`` to ``second`` (B, P, H, W), as (B, P, 2)."""
    middle, dt = (first + second) / 2, second - first
    dy, dx = torch.gradient(middle, dim=(-2, -1))
    weight = dt.abs()  # what stands still has no say

    def total(values: torch.Tensor) -> torch.Tensor:
        return (weight * values).sum(dim=(-2, -1))

    xx, yy, xy, xt, yt = (total(v) for v in (dx * dx, dy * dy, dx * dy, dx * dt, dy * dt))
    ridge = 1e-3 * (xx + yy) + 1e-6
    xx, yy = xx + ridge, yy + ridge
    determinant = xx * yy - xy * xy
    return torch.stack([(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant], dim=-1)


def load() -> GradientFlow:
    """For ``--backbone twlv.cli.flow:load``."""
    return GradientFlow()
