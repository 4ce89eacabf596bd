"""Luminance, and how it changes from frame to frame.

Axes: B rows, T frames, H W pixels, N tokens, t p q tubelet.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from twlv.pretrain.objective.distances import ByDistance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.target import Context

_LUMA = (0.299, 0.587, 0.114)


def luminance(frames: torch.Tensor, downsample: int = 1) -> torch.Tensor:
    """(B, T, h, w) of frames (B, T, 3, H, W) in [0, 1] (ITU-R BT.601 weights), averaged over squares."""
    weights = frames.new_tensor(_LUMA)
    grey = torch.einsum("btchw,c->bthw", frames, weights)
    return functional.avg_pool2d(grey, downsample) if downsample > 1 else grey


@dataclass(frozen=True, kw_only=True)
class LuminanceDifference:
    """Signed differences to the next frame, of the luminance averaged over ``downsample`` squares.

    Divided by one ``scale`` for everything (ours), so that what stands still stays 0; smooth absolute loss.
    """

    downsample: int = 2
    scale: float = 0.05
    name: str = "luminance_difference"
    on_images: bool = False
    pooled: bool = False

    def open(self, context: Context) -> OpenLuminanceDifference:
        """Nothing to load."""
        return OpenLuminanceDifference(self, context.patch)


class OpenLuminanceDifference(ByDistance):
    """Values (B, N, t*p*q / downsample^2); the last frame of a clip has no next, so its weight is 0."""

    metric = "smooth_l1"

    def __init__(self, settings: LuminanceDifference, patch: tuple[int, int, int]) -> None:
        self.settings = settings
        self.groups = patch[0]
        self.num_values = patch[0] * patch[1] * patch[2] // settings.downsample**2

    def prepare(self, seen: Seen) -> TargetValues:
        """One group per frame of the tubelet."""
        (t, p, q), (steps, rows, columns) = seen.patch, seen.grid
        grey = luminance(seen.frames, self.settings.downsample)
        change = functional.pad(grey.diff(dim=1), (0, 0, 0, 0, 0, 1)) / self.settings.scale
        b, side = len(grey), self.settings.downsample
        parts = change.reshape(b, steps, t, rows, p // side, columns, q // side).permute(0, 1, 3, 5, 2, 4, 6)
        weight = change.new_ones(b, steps, rows * columns, t)
        weight[:, -1, :, -1] = 0
        return TargetValues(values=parts.flatten(4).flatten(1, 3).flatten(2), weight=weight.flatten(1, 2))
