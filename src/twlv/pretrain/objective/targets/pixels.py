"""The pixels themselves, each token normalised by itself (VideoMAE, arXiv 2203.12602).

Axes: B rows, N tokens, K values, t p q tubelet.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from twlv.nn.patch_embed import cut_tubelets
from twlv.pretrain.objective.distances import ByDistance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.target import Context


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """Mean squared error on pixels in [0, 1].

    ``normalise``: per token and colour, minus the mean, divided by the standard deviation (unbiased) + 1e-6, as
    VideoMAE's released code does; a flat token is 0, the constant predictor's loss about 1.
    """

    normalise: bool = True
    name: str = "pixels"
    on_images: bool = True
    pooled: bool = False

    def open(self, context: Context) -> OpenPixels:
        """Nothing to load."""
        return OpenPixels(self, context.patch)


class OpenPixels(ByDistance):
    """Values (B, N, 3*t*p*q), colour by colour."""

    def __init__(self, settings: Pixels, patch: tuple[int, int, int]) -> None:
        self.settings = settings
        self.num_values = 3 * patch[0] * patch[1] * patch[2]

    def prepare(self, seen: Seen) -> TargetValues:
        """An image is repeated to fill its tubelet."""
        frames = seen.frames.expand(-1, seen.patch[0], -1, -1, -1) if seen.is_image else seen.frames
        pixels = cut_tubelets(frames, seen.patch).flatten(5).flatten(1, 3)
        if self.settings.normalise:
            centred = pixels - pixels.mean(dim=-1, keepdim=True)
            pixels = centred / (_unbiased_std(centred) + 1e-6)
        return TargetValues(values=pixels.flatten(2))


def _unbiased_std(centred: torch.Tensor) -> torch.Tensor:
    return (centred.square().sum(dim=-1, keepdim=True) / (centred.shape[-1] - 1)).sqrt()
