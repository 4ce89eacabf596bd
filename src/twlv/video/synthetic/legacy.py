"""Small procedural clips whose appearance and motion labels say nothing of one another. numpy only.

A clip is one textured shape that moves in a straight line over a still, smoothly coloured background. The
appearance label is shape x texture, the motion label is the direction. Speed, colours, size, place and
background are drawn independently of both.

The place is drawn for the middle of the clip, so one frame does not tell the direction. Motion is odd in
time about the middle: a scene with the opposite velocity (``time_reversed``) has exactly the same frames in
the opposite order. Whatever ignores the order of frames gives both clips one embedding.

Axis letters: T frames, C colours, H W pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from twlv.types import DoubleArray

UInt8Array: TypeAlias = npt.NDArray[np.uint8]
Colour: TypeAlias = tuple[float, float, float]

SHAPES = ("disc", "square", "triangle")
TEXTURES = ("stripes", "checker")
DIRECTIONS: dict[str, tuple[float, float]] = {
    "right": (1.0, 0.0),
    "down": (0.0, 1.0),
    "left": (-1.0, 0.0),
    "up": (0.0, -1.0),
}
"""Name -> (x, y) unit step; y points down, as in pictures."""
SPEEDS = (0.012, 0.024)
"""Travel per frame as a fraction of the picture's side: slow, fast."""
FRAMES = 16

COMBINATIONS = tuple(product(SHAPES, TEXTURES, DIRECTIONS, SPEEDS))
"""Every combination of the four factors once: 3 x 2 x 4 x 2 = 48."""

_REACH = max(SPEEDS) * (FRAMES - 1) / 2
_RADIUS = (0.14, 0.18)
_MARGIN = _REACH + _RADIUS[1]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One clip before it is drawn. Lengths are fractions of the picture's side, angles in radians.

    ``centre`` (x, y) is the place at the middle of the clip, ``velocity`` (x, y) the travel per frame,
    ``background`` (4, 4, 3) a coarse grid of colours in [0, 1], stretched over the picture.
    """

    shape: str
    texture: str
    velocity: tuple[float, float]
    centre: tuple[float, float]
    radius: float
    angle: float
    colours: tuple[Colour, Colour]
    background: tuple[tuple[Colour, ...], ...]

    @property
    def appearance(self) -> str:
        """The appearance label, for example ``disc-stripes``."""
        return f"{self.shape}-{self.texture}"

    @property
    def direction(self) -> str:
        """The motion label: the name in DIRECTIONS nearest to the velocity."""
        x, y = self.velocity
        return max(DIRECTIONS, key=lambda name: x * DIRECTIONS[name][0] + y * DIRECTIONS[name][1])


def scene(index: int, *, seed: int = 0) -> Scene:
    """Scene number ``index`` of the endless list that ``seed`` starts; the same on every machine.

    Every 48 scenes in a row hold each combination of shape, texture, direction and speed once.
    """
    shape, texture, direction, speed = COMBINATIONS[index % len(COMBINATIONS)]
    draw = np.random.default_rng([seed, index])
    step = DIRECTIONS[direction]
    hue = float(draw.uniform())
    return Scene(
        shape=shape,
        texture=texture,
        velocity=(step[0] * speed, step[1] * speed),
        centre=(float(draw.uniform(_MARGIN, 1 - _MARGIN)), float(draw.uniform(_MARGIN, 1 - _MARGIN))),
        radius=float(draw.uniform(*_RADIUS)),
        angle=float(draw.uniform(-0.2, 0.2)),
        colours=(_colour(hue, 0.95), _colour(hue + float(draw.uniform(0.3, 0.7)), 0.35)),
        background=tuple(
            tuple(_triple(cell) for cell in row) for row in 0.5 + draw.uniform(-0.2, 0.2, size=(4, 4, 3))
        ),
    )


def time_reversed(original: Scene) -> Scene:
    """The scene whose clip is the original's, played backwards."""
    x, y = original.velocity
    return replace(original, velocity=(-x, -y))


def render(described: Scene, *, num_frames: int = FRAMES, size_px: int = 128) -> UInt8Array:
    """Draw a scene: uint8 (T, C, H, W), square, RGB.

    More than ``FRAMES`` frames may carry the shape out of the picture.
    """
    ground = _stretch(np.array(described.background), size_px)
    pixel = (np.arange(size_px) + 0.5) / size_px
    frames = np.empty((num_frames, 3, size_px, size_px), dtype=np.uint8)
    for index in range(num_frames):
        t = index - (num_frames - 1) / 2
        x = pixel[None, :] - (described.centre[0] + described.velocity[0] * t)
        y = pixel[:, None] - (described.centre[1] + described.velocity[1] * t)
        picture = _paint(described, x, y, ground, edge=1 / size_px)
        frames[index] = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8).transpose(2, 0, 1)
    return frames


def _paint(
    described: Scene, x: DoubleArray, y: DoubleArray, ground: DoubleArray, *, edge: float
) -> DoubleArray:
    """The shape over the ground, (H, W, C); ``x`` (1, W), ``y`` (H, 1) count from the shape's centre."""
    cos, sin = math.cos(described.angle), math.sin(described.angle)
    u, v = (x * cos + y * sin) / described.radius, (y * cos - x * sin) / described.radius
    cover = np.clip(0.5 - _distance(described.shape, u, v) * described.radius / edge, 0, 1)[..., None]
    share = _texture(described.texture, u, v)[..., None]
    first, second = (np.array(colour) for colour in described.colours)
    painted: DoubleArray = ground + cover * (share * first + (1 - share) * second - ground)
    return painted


def _distance(shape: str, u: DoubleArray, v: DoubleArray) -> DoubleArray:
    """Signed distance to the outline in radii, negative inside; every shape has about the disc's area."""
    if shape == "disc":
        return np.hypot(u, v) - 1.0
    if shape == "square":
        return np.maximum(np.abs(u), np.abs(v)) - 0.89
    lower = v - 0.75  # triangle: the flat side below, two slanted ones above
    slanted = np.abs(u) * 0.8660254 - v * 0.5 - 0.75
    return np.maximum(lower, slanted)


def _texture(texture: str, u: DoubleArray, v: DoubleArray) -> DoubleArray:
    """Share of the first colour in [0, 1]; soft edges, so that it can move by parts of a pixel."""
    wave_u, wave_v = np.sin(2 * math.pi * 1.25 * u), np.sin(2 * math.pi * 1.25 * v)
    wave = wave_v + 0 * u if texture == "stripes" else wave_u * wave_v
    return np.clip(0.5 + 2.0 * wave, 0, 1)


def _stretch(coarse: DoubleArray, size_px: int) -> DoubleArray:
    """A coarse (N, N, C) grid interpolated linearly to (size, size, C)."""
    places = np.linspace(0, len(coarse) - 1, size_px)
    low = np.minimum(places.astype(int), len(coarse) - 2)
    share = (places - low)[:, None]
    rows = coarse[low] * (1 - share[..., None]) + coarse[low + 1] * share[..., None]
    stretched: DoubleArray = rows[:, low] * (1 - share) + rows[:, low + 1] * share
    return stretched


def _colour(hue: float, value: float) -> Colour:
    """A saturated colour: ``hue`` in turns, ``value`` in [0, 1]."""
    r, g, b = (value * (0.5 + 0.5 * math.cos(2 * math.pi * (hue - third / 3))) for third in range(3))
    return r, g, b


def _triple(values: DoubleArray) -> Colour:
    r, g, b = (float(value) for value in values)
    return r, g, b
