"""The names of everything a scene can be made of. Their order is the order of class indices."""

from __future__ import annotations

import math

SHAPES = ("disc", "square", "triangle", "ring", "cross", "star")
"""All have the disc's area, so that size does not tell them apart."""

TEXTURES = ("plain", "stripes", "checker", "dots", "noise")

_HALF = math.sqrt(0.5)
DIRECTIONS: dict[str, tuple[float, float]] = {
    "right": (1.0, 0.0),
    "down-right": (_HALF, _HALF),
    "down": (0.0, 1.0),
    "down-left": (-_HALF, _HALF),
    "left": (-1.0, 0.0),
    "up-left": (-_HALF, -_HALF),
    "up": (0.0, -1.0),
    "up-right": (_HALF, -_HALF),
}
"""Name -> (x, y) unit step, clockwise from the right; y points down, as in pictures."""

OPPOSITES: dict[str, str] = dict(zip(DIRECTIONS, (*list(DIRECTIONS)[4:], *list(DIRECTIONS)[:4]), strict=True))
"""Direction -> the one that the reversed clip shows."""

TRAJECTORIES = ("line", "arc", "wave")

EVENTS = ("spin", "pulse", "shake", "slide")
"""What happens once, for a label made of an order of events."""

ACTIONS = (
    "right",
    "left",
    "down",
    "up",
    "spin-right",
    "spin-left",
    "orbit-right",
    "orbit-left",
    "pulse",
    "shake",
)
"""What a timeline is made of. ``-right`` turns clockwise on the screen."""

BACKGROUND = "background"
"""The label of a frame of a timeline in which no action takes place."""


def direction_of(heading_radians: float) -> str:
    """The direction nearest to a heading (0 is right, a quarter turn is down)."""
    x, y = math.cos(heading_radians), math.sin(heading_radians)
    return max(DIRECTIONS, key=lambda name: x * DIRECTIONS[name][0] + y * DIRECTIONS[name][1])


def heading_of(direction: str) -> float:
    """The heading in radians of a direction's name."""
    x, y = DIRECTIONS[direction]
    return math.atan2(y, x)
