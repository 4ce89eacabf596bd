"""Signed distances to outlines, in radii of the disc of the same area; negative inside.

Only additions, products, comparisons and square roots, which every processor rounds alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from twlv.types import DoubleArray

Distance = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

_SQUARE = math.sqrt(math.pi) / 2  # half side of the square of area pi
_TRIANGLE = math.sqrt(math.pi / (3 * math.sqrt(3)))  # inradius of the equilateral triangle
_RING = (math.sqrt(0.44), 1.2)  # radii: 1.44 - 0.44 = 1
_ARM = math.sqrt(math.pi / 18.4)  # half width of an arm; 8 ab - 4 a a = pi with b = 2.8 a
_TIP = 1.7
_NOTCH = math.pi / (4 * _TIP)  # 4 tip notch = pi
_BAR = math.sqrt(math.pi / 48)  # half width; 4 a b = pi with b = 12 a


def disc(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """A disc of radius 1."""
    return (u * u + v * v).sqrt() - 1.0


def square(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """A square."""
    return torch.maximum(u.abs(), v.abs()) - _SQUARE


def triangle(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Three equal sides, the lowest one level."""
    return torch.maximum(v, u.abs() * (math.sqrt(3) / 2) - v * 0.5) - _TRIANGLE


def ring(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """A disc with a hole."""
    inner, outer = _RING
    return ((u * u + v * v).sqrt() - (inner + outer) / 2).abs() - (outer - inner) / 2


def cross(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Two bars at right angles."""
    a, b = u.abs(), v.abs()
    return torch.maximum(torch.maximum(a, b) - 2.8 * _ARM, torch.minimum(a, b) - _ARM)


def star(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Four points."""
    a, b = u.abs(), v.abs()
    far, near = torch.maximum(a, b), torch.minimum(a, b)
    return ((far - _TIP) * _NOTCH + near * (_TIP - _NOTCH)) / math.hypot(_NOTCH, _TIP - _NOTCH)


def bar(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Twelve times as long as wide; only for what lies in front."""
    return torch.maximum(u.abs() - 12 * _BAR, v.abs() - _BAR)


DISTANCES: dict[str, Distance] = {
    "disc": disc,
    "square": square,
    "triangle": triangle,
    "ring": ring,
    "cross": cross,
    "star": star,
    "bar": bar,
}


def _along(*corners: tuple[float, float]) -> DoubleArray:
    """Points (2, P) along a closed line through the corners, every one of them included."""
    ends = np.array(corners).T
    share = np.linspace(0, 1, POINTS // len(corners), endpoint=False)
    steps = np.roll(ends, -1, axis=1) - ends
    points: DoubleArray = (ends[:, :, None] + steps[:, :, None] * share).reshape(2, -1)
    return points


def _circle(radius: float) -> DoubleArray:
    turn = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    return radius * np.stack([np.cos(turn), np.sin(turn)])


def _rectangle(x: float, y: float) -> DoubleArray:
    return _along((x, y), (-x, y), (-x, -y), (x, -y))


def _arm(x: int, y: int) -> tuple[tuple[float, float], ...]:
    """Inner corner, then the two at the end, of the arm towards (x, y)."""
    far, near = 2.8 * _ARM, _ARM
    return (
        (near * (x + y), near * (y - x)),
        (far * x + near * y, far * y - near * x),
        (far * x - near * y, far * y + near * x),
    )


def _spike(x: int, y: int) -> tuple[tuple[float, float], ...]:
    """The tip towards (x, y) and the notch after it."""
    return (_TIP * x, _TIP * y), (_NOTCH * (x - y), _NOTCH * (y + x))


POINTS = 480
_TURNS = ((1, 0), (0, 1), (-1, 0), (0, -1))
_BASE = _TRIANGLE * math.sqrt(3)

OUTLINES: dict[str, DoubleArray] = {
    "disc": _circle(1.0),
    "square": _rectangle(_SQUARE, _SQUARE),
    "triangle": _along((-_BASE, _TRIANGLE), (_BASE, _TRIANGLE), (0.0, -2 * _TRIANGLE)),
    "ring": _circle(_RING[1]),
    "cross": _along(*(corner for x, y in _TURNS for corner in _arm(x, y))),
    "star": _along(*(corner for x, y in _TURNS for corner in _spike(x, y))),
    "bar": _rectangle(12 * _BAR, _BAR),
}
"""Points (2, P) all around a shape, its corners among them; neighbours are less than SPACING radii apart."""

SPACING = 0.06

REACH: dict[str, float] = {name: float(np.hypot(*points).max()) for name, points in OUTLINES.items()}
"""How far a shape reaches from its centre, in radii."""
