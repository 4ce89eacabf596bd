"""A random part of the picture, resized to a square: the same part in every frame of a clip.

Axis letters: C colours, H W pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from twlv.video.preprocess import Preprocess

_TRIES = 10
_WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle of a picture in pixels."""

    top: int
    left: int
    height: int
    width: int

    def within(self, height: int, width: int) -> tuple[float, float, float, float]:
        """Top, left, bottom, right as fractions of a picture of this size."""
        bottom, right = self.top + self.height, self.left + self.width
        return self.top / height, self.left / width, bottom / height, right / width


def draw_box(
    random: np.random.Generator,
    height: int,
    width: int,
    *,
    area: tuple[float, float],
    aspect: tuple[float, float],
) -> Box:
    """A rectangle of a random area (fraction of the picture) and width over height (log-uniform).

    The usual random resized crop (Szegedy et al. 2015): up to ten rectangles are drawn until one fits; then
    the largest central one whose aspect is allowed is taken.
    """
    for _ in range(_TRIES):
        pixels = random.uniform(*area) * height * width
        ratio = math.exp(random.uniform(math.log(aspect[0]), math.log(aspect[1])))
        wide, high = round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
        if 0 < wide <= width and 0 < high <= height:
            top = int(random.integers(height - high + 1))
            left = int(random.integers(width - wide + 1))
            return Box(top=top, left=left, height=high, width=wide)
    return _central(height, width, aspect)


def _central(height: int, width: int, aspect: tuple[float, float]) -> Box:
    ratio = min(max(width / height, aspect[0]), aspect[1])
    wide, high = min(width, max(1, round(height * ratio))), min(height, max(1, round(width / ratio)))
    return Box(top=(height - high) // 2, left=(width - wide) // 2, height=high, width=wide)


def _same(picture: torch.Tensor) -> torch.Tensor:
    return picture


@dataclass(frozen=True, kw_only=True)
class DrawnCrop(Preprocess):
    """A Preprocess that cuts a drawn box out of every picture and stretches it to ``crop_px`` squares.

    ``box`` is top, left, bottom, right as fractions, so it fits pictures whose size changes within a video.
    ``before`` is applied to the full picture first. There is one spatial view.
    """

    box: tuple[float, float, float, float] = _WHOLE
    before: Callable[[torch.Tensor], torch.Tensor] = field(default=_same)

    @classmethod
    def of(
        cls,
        preprocess: Preprocess,
        box: tuple[float, float, float, float],
        before: Callable[[torch.Tensor], torch.Tensor] = _same,
    ) -> DrawnCrop:
        """The size and interpolation of ``preprocess``, this box."""
        return cls(
            crop_px=preprocess.crop_px,
            resize_mode="stretch",
            interpolation=preprocess.interpolation,
            box=box,
            before=before,
        )

    def resize(self, picture: torch.Tensor, *, spatial_views: int = 1) -> torch.Tensor:
        """The box of a picture uint8 (C, H, W) as a square (C, S, S), resized with antialiasing."""
        height, width = picture.shape[-2:]
        top, left, bottom, right = self.box
        y, x = min(round(top * height), height - 1), min(round(left * width), width - 1)
        part = self.before(picture)[
            ..., y : max(y + 1, round(bottom * height)), x : max(x + 1, round(right * width))
        ]
        return super().resize(part, spatial_views=spatial_views)
