"""Where a token lies in the picture, as a vector."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_TEMPERATURE = 10000.0


def sine_grid(height: int, width: int, channels: int) -> Tensor:
    """Sines and cosines of the place of each cell, (H, W, C): half of the channels for y, half for x.

    The centre of a cell as a fraction of the picture, times 2 pi, over 10000^(2i / (C / 2)) (DETR's form,
    models/position_encoding.py, with the centre instead of the far edge).
    """
    half = channels // 2
    scale = _TEMPERATURE ** (2 * (torch.arange(half) // 2) / half)
    y, x = (_waves(torch.arange(n) + 0.5, n, scale) for n in (height, width))
    rows, columns = y[:, None].expand(height, width, half), x[None].expand(height, width, half)
    return torch.cat([rows, columns], dim=-1)


def _waves(centres: Tensor, count: int, scale: Tensor) -> Tensor:
    angles = centres[:, None] / count * (2 * math.pi) / scale
    return torch.stack([angles[:, 0::2].sin(), angles[:, 1::2].cos()], dim=-1).flatten(1)
