"""Changes of a picture's colours, with the arithmetic of PIL.

Every function takes and gives a picture uint8 (C, H, W), RGB, and never writes into what it was given. Names
and results are those of PIL's ImageOps and ImageEnhance (the tests compare them).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

_LUMA = (19595, 38470, 7471)  # ITU-R 601 in 1/65536, as PIL converts RGB to L
_SMOOTH = ((1, 1, 1), (1, 5, 1), (1, 1, 1))  # PIL's SMOOTH, divided by 13

Levels = npt.NDArray[np.int64]


def look_up(picture: torch.Tensor, tables: Levels) -> torch.Tensor:
    """New levels from a table (256,) for all channels, or (C, 256) for each."""
    short = np.clip(tables, 0, 255).astype(np.uint8)
    if short.ndim == 1:
        return torch.from_numpy(short[picture.numpy()])
    channels = [table[channel.numpy()] for table, channel in zip(short, picture, strict=True)]
    return torch.from_numpy(np.stack(channels))


def invert(picture: torch.Tensor) -> torch.Tensor:
    """255 less each level."""
    return 255 - picture


def posterize(picture: torch.Tensor, bits: int) -> torch.Tensor:
    """Keep the ``bits`` highest bits of each level (0 to 8)."""
    return look_up(picture, np.arange(256) & ~(2 ** (8 - bits) - 1))


def solarize(picture: torch.Tensor, threshold: int) -> torch.Tensor:
    """Invert the levels from ``threshold`` up."""
    levels = np.arange(256)
    return look_up(picture, np.where(levels < threshold, levels, 255 - levels))


def solarize_add(picture: torch.Tensor, amount: int) -> torch.Tensor:
    """Raise the levels below 128 by ``amount``."""
    levels = np.arange(256)
    return look_up(picture, np.where(levels < 128, levels + amount, levels))


def auto_contrast(picture: torch.Tensor) -> torch.Tensor:
    """Stretch each channel so that its darkest level is 0 and its brightest 255."""
    return look_up(picture, np.stack([_stretched(counts) for counts in _histograms(picture)]))


def _stretched(counts: Levels) -> Levels:
    levels, seen = np.arange(256), np.flatnonzero(counts)
    low, high = int(seen[0]), int(seen[-1])
    if high <= low:
        return levels
    scale = 255.0 / (high - low)
    return (levels * scale - low * scale).astype(np.int64)


def equalize(picture: torch.Tensor) -> torch.Tensor:
    """Spread each channel's levels so that all are about equally frequent."""
    return look_up(picture, np.stack([_levelled(counts) for counts in _histograms(picture)]))


def _levelled(counts: Levels) -> Levels:
    seen = counts[counts > 0]
    step = int(seen[:-1].sum()) // 255
    if len(seen) <= 1 or not step:
        return np.arange(256)
    before = np.cumsum(counts) - counts
    return (step // 2 + before) // step


def _histograms(picture: torch.Tensor) -> list[Levels]:
    return [np.bincount(channel.numpy().ravel(), minlength=256) for channel in picture]


def brightness(picture: torch.Tensor, factor: float) -> torch.Tensor:
    """Between black (0) and the picture (1), or beyond."""
    return _blend(torch.zeros_like(picture), picture, factor)


def contrast(picture: torch.Tensor, factor: float) -> torch.Tensor:
    """Between flat grey of the picture's mean brightness (0) and the picture (1), or beyond."""
    grey = int(_grey(picture).double().mean().item() + 0.5)
    return _blend(torch.full_like(picture, grey), picture, factor)


def colour(picture: torch.Tensor, factor: float) -> torch.Tensor:
    """Between the picture in grey (0) and the picture (1), or beyond."""
    return _blend(_grey(picture).expand_as(picture), picture, factor)


def sharpness(picture: torch.Tensor, factor: float) -> torch.Tensor:
    """Between the picture smoothed (0) and the picture (1), or beyond. The outermost pixels stay."""
    smooth = picture.clone()
    if min(picture.shape[-2:]) > 2:
        kernel = torch.tensor(_SMOOTH, dtype=torch.float32)[None, None] / 13
        inner: torch.Tensor = torch.nn.functional.conv2d(picture[:, None].float(), kernel)[:, 0]
        smooth[:, 1:-1, 1:-1] = (inner + 0.5).clamp_(0, 255).byte()
    return _blend(smooth, picture, factor)


def _grey(picture: torch.Tensor) -> torch.Tensor:
    """Brightness uint8 (1, H, W)."""
    red, green, blue = picture.int()
    total = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    brightness_levels: torch.Tensor = ((total + 0x8000) >> 16).byte()
    return brightness_levels[None]


def _blend(one: torch.Tensor, other: torch.Tensor, factor: float) -> torch.Tensor:
    """``one + factor (other - one)``, cut to [0, 255] and rounded down."""
    base = one.float()
    return base.add_(other.float() - base, alpha=factor).clamp_(0, 255).byte()
