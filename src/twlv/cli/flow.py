"""A backbone of three fixed numbers that sees motion only: the counterpart of an image model in the quickstart.

It finds the one shift that best explains each pair of frames (least squares on the brightness gradients;
Lucas and Kanade, IJCAI 1981). It is also the shortest example of a backbone of one's own: a card and
``encode``.

Axis letters: B batch, T frames, C colours, H W pixels, P pairs of frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from twlv.backbones.hashing import tensors_sha256
from twlv.contracts import Tokens
from twlv.errors import UsageError
from twlv.types import BackboneCard

DERIVATIVE = torch.tensor([-0.5, 0.0, 0.5])
"""The filter that takes differences along a line: all the weights there are."""

CARD = BackboneCard(
    name="gradient_flow.fixed",
    dim=4,
    num_params=DERIVATIVE.numel(),
    num_frames=16,
    image_size_px=64,
    patch=(2, 64, 64),
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
    weights="fixed",
    weights_sha256=tensors_sha256({"derivative": DERIVATIVE}),
    licence="Apache-2.0",
    flexible_frames=True,
    citation="Lucas and Kanade, IJCAI 1981",
)


@dataclass(frozen=True, kw_only=True)
class GradientFlow:
    """One token per pair of frames: the shift to the right, down, left and up, each at least 0."""

    card: BackboneCard = CARD

    @torch.inference_mode()
    def encode(self, frames: torch.Tensor) -> Tokens:
        """Float32 (B, T, C, H, W), T even, to patches (B, T / 2, 1, 1, 4). One frame is a still: shown twice.

        Raises:
            UsageError: frames of another shape.
        """
        if frames.shape[1] == 1:
            frames = frames.expand(-1, 2, -1, -1, -1)
        if frames.ndim != 5 or frames.shape[2] != 3 or frames.shape[1] % 2:
            raise UsageError(f"needs frames (B, T, 3, H, W) with an even T, got {tuple(frames.shape)}")
        grey = frames.mean(dim=2)
        shift = solve(grey[:, 0::2], grey[:, 1::2])
        parts = torch.cat([shift.clamp(min=0), (-shift).clamp(min=0)], dim=-1)
        return Tokens(patches=parts[:, :, None, None, :])


def solve(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The shift (x, y) in pixels from ``first`` to ``second`` (B, P, H, W), as (B, P, 2)."""
    pictures = ((first + second) / 2).flatten(0, 1)[:, None]
    kernel = DERIVATIVE.to(first)
    dx = functional.conv2d(pictures, kernel.view(1, 1, 1, 3))[:, 0, 1:-1, :].reshape(*first.shape[:2], -1)
    dy = functional.conv2d(pictures, kernel.view(1, 1, 3, 1))[:, 0, :, 1:-1].reshape(*first.shape[:2], -1)
    dt = (second - first)[..., 1:-1, 1:-1].flatten(2)
    weight = dt.abs()  # what stands still has no say

    def total(values: torch.Tensor) -> torch.Tensor:
        return (weight * values).sum(dim=-1)

    xx, yy, xy, xt, yt = (total(v) for v in (dx * dx, dy * dy, dx * dy, dx * dt, dy * dt))
    ridge = 1e-3 * (xx + yy) + 1e-6
    xx, yy = xx + ridge, yy + ridge
    determinant = xx * yy - xy * xy
    return torch.stack([(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant], dim=-1)


def load() -> GradientFlow:
    """For ``--backbone twlv.cli.flow:load``."""
    return GradientFlow()
