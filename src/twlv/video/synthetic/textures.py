"""What is painted inside an outline: the share of the first colour, in [0, 1].

A texture is a function of object coordinates in periods (one period is two stripes wide), so it moves, turns
and grows with the object. Edges are soft, so that a shift by part of a pixel shows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from twlv.video.synthetic.uniforms import uniforms

Share = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

NOISE_EXPONENT = 1.3
"""Amplitude 1 / f^1.3, the spectrum of the best pretraining textures in arXiv 2410.24213, section 5."""
_TILE = 128  # points along the side of the noise, which repeats
_POINTS_PER_PERIOD = 4.0
_FLAT_BELOW = 10.0  # cycles per tile: waves longer than an object would only tint it


def plain(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The first colour alone."""
    return torch.ones_like(a)


def stripes(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Bands of both colours."""
    return soft(2.0 * wave(b))


def checker(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Squares of both colours, as on a board."""
    return soft(4.0 * wave(a) * wave(b))


def dots(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Round spots of the second colour."""
    x, y = a - a.floor() - 0.5, b - b.floor() - 0.5
    return soft(6.0 * ((x * x + y * y).sqrt() - 0.32))


def noise(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Clouds of all sizes: points of a fixed random field, interpolated linearly."""
    x, y = a * _POINTS_PER_PERIOD, b * _POINTS_PER_PERIOD
    left, top = x.floor(), y.floor()
    right, down = x - left, y - top
    column, row = left.to(torch.int64), top.to(torch.int64)
    field = noise_field().to(a.device)

    def at(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
        return field[(j & (_TILE - 1)) * _TILE + (i & (_TILE - 1))]

    upper = at(column, row) * (1 - right) + at(column + 1, row) * right
    lower = at(column, row + 1) * (1 - right) + at(column + 1, row + 1) * right
    return upper * (1 - down) + lower * down


SHARES: dict[str, Share] = {
    "plain": plain,
    "stripes": stripes,
    "checker": checker,
    "dots": dots,
    "noise": noise,
}


def wave(x: torch.Tensor) -> torch.Tensor:
    """A triangle wave in [-1, 1] of period 1."""
    return 1.0 - 4.0 * (x - x.floor() - 0.5).abs()


def soft(x: torch.Tensor) -> torch.Tensor:
    """A soft step from 0 to 1 around x = 0."""
    return (x + 0.5).clamp(0, 1)


@cache
def noise_field() -> torch.Tensor:
    """The random field, flat (128 * 128,), periodic, float32 in [0, 1]."""
    white = uniforms(_TILE * _TILE, 1).reshape(_TILE, _TILE) - 0.5
    steps = np.fft.fftfreq(_TILE, d=1 / _TILE)
    frequency = np.hypot(steps[:, None], steps[None, :])
    spectrum = np.fft.fft2(white) / np.maximum(frequency, _FLAT_BELOW) ** NOISE_EXPONENT
    spectrum[0, 0] = 0
    smooth = np.fft.ifft2(spectrum).real
    # Rounded, because the last bits of a transform differ between processors.
    values = np.clip(0.5 + smooth / (4 * smooth.std()), 0, 1)
    return torch.from_numpy((np.rint(values * 2**16) / 2**16).astype(np.float32).ravel())
