"""Histograms of oriented gradients (MaskFeat, arXiv 2112.09133).

Axes: B rows, T' steps, C colours, H W pixels, N tokens, p q tubelet's sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from twlv.errors import UsageError
from twlv.pretrain.objective.distances import ByDistance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.target import Context

_COLOURS = 3


@dataclass(frozen=True, kw_only=True)
class Hog:
    """Per colour and cell of ``cell_px``, a histogram of ``bins`` orientations weighted by the gradient's size,
    divided by its length; of the middle frame of each tubelet; mean squared error.

    ``signed`` tells an edge from its negative. MaskFeat's released code takes the bin modulo their number over
    half a turn, which does not; that is the default.
    """

    bins: int = 9
    cell_px: int = 8
    signed: bool = False
    name: str = "hog"
    on_images: bool = True
    pooled: bool = False

    def open(self, context: Context) -> OpenHog:
        """Nothing to load. Raises UsageError if cells do not fill a patch."""
        if any(side % self.cell_px for side in context.patch[1:]):
            raise UsageError(f"cells of {self.cell_px} px do not fill patches of {context.patch[1:]} px")
        return OpenHog(self, context.patch)


class OpenHog(ByDistance):
    """Values (B, N, cells * 3 * bins): 108 for patches of 16."""

    def __init__(self, settings: Hog, patch: tuple[int, int, int]) -> None:
        self.settings = settings
        self.num_values = patch[1] * patch[2] // settings.cell_px**2 * _COLOURS * settings.bins

    def prepare(self, seen: Seen) -> TargetValues:
        """Of the middle frame of each tubelet (an image's only frame)."""
        t, cell = seen.patch[0], self.settings.cell_px
        frames = seen.frames if seen.is_image else seen.frames[:, t // 2 :: t]
        cells = histograms(frames.flatten(0, 1), self.settings)
        steps, rows, columns = seen.grid
        down, across = seen.patch[1] // cell, seen.patch[2] // cell
        parts = cells.reshape(-1, steps, cells.shape[1], rows, down, columns, across)
        return TargetValues(values=parts.permute(0, 1, 3, 5, 4, 6, 2).flatten(4).flatten(1, 3).flatten(2))


def histograms(images: torch.Tensor, settings: Hog) -> torch.Tensor:
    """(n, C * bins, H / cell, W / cell) of images (n, C, H, W)."""
    padded = functional.pad(images, (1, 1, 1, 1), mode="reflect")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    turn = 2 * math.pi if settings.signed else math.pi
    place = (torch.atan2(across, down) * (settings.bins / turn)).floor().long() % settings.bins
    size = torch.hypot(across, down)
    n, c, height, width = images.shape
    spread = images.new_zeros(n, c, settings.bins, height, width)
    spread.scatter_(2, place[:, :, None], size[:, :, None])
    summed = functional.avg_pool2d(spread.flatten(0, 1), settings.cell_px)
    return functional.normalize(summed.reshape(n, c, *summed.shape[1:]), dim=2).flatten(1, 2)
