"""Changes of a picture's shape: where each pixel comes from is an affine map of its place.

A map is (a, b, c, d, e, f): the pixel at (x, y) shows what was at (a x + b y + c, d x + e y + f), with x and y
at the middles of pixels, as PIL's Image.transform has it.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import torch

Affine: TypeAlias = tuple[float, float, float, float, float, float]

FILL = 128
"""What comes in from outside: mid-grey, as in timm's and V-JEPA's RandAugment."""


def rotation(degrees: float, height: int, width: int) -> Affine:
    """Counter-clockwise about the middle."""
    turn = -math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    x, y = width / 2, height / 2
    return cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y


def shear_x(amount: float) -> Affine:
    """Rows move by ``amount`` times their y."""
    return 1.0, amount, 0.0, 0.0, 1.0, 0.0


def shear_y(amount: float) -> Affine:
    """Columns move by ``amount`` times their x."""
    return 1.0, 0.0, 0.0, amount, 1.0, 0.0


def shift(right: float, down: float) -> Affine:
    """Show what lies ``right`` and ``down`` pixels further."""
    return 1.0, 0.0, right, 0.0, 1.0, down


def warp(picture: torch.Tensor, affine: Affine) -> torch.Tensor:
    """A picture uint8 (C, H, W) seen through a map, bicubic; ``FILL`` where nothing was."""
    height, width = picture.shape[-2:]
    a, b, c, d, e, f = affine
    x = torch.arange(width, dtype=torch.float32)[None, :] + 0.5
    y = torch.arange(height, dtype=torch.float32)[:, None] + 0.5
    grid = torch.stack(((a * x + b * y + c) * (2 / width) - 1, (d * x + e * y + f) * (2 / height) - 1), dim=-1)
    shown = torch.nn.functional.grid_sample(
        picture.float()[None] - FILL, grid[None], mode="bicubic", padding_mode="zeros", align_corners=False
    )[0]
    return shown.add_(FILL + 0.5).clamp_(0, 255).byte()
