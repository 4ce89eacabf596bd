"""Which labels a video gets: balanced, independent of one another, and with looks kept for validation.

Only combinations of looks are kept back, never a look with a motion. If training showed discs that go right and
never left, and validation only discs that go left, whoever sees nothing but the disc would answer "right" and
score below chance; and "at chance" is what such a set has to show.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import replace
from itertools import product
from typing import Literal, TypeAlias

from twlv.video.synthetic import Factors, Look, Scene
from twlv.video.synthetic.scene import Colour

Split: TypeAlias = Literal["train", "val"]
SPLITS: tuple[Split, Split] = ("train", "val")
HUES = 4
"""Equal parts of the colour circle, for sets whose label is the look itself."""
KEPT_BACK = 4
"""One in so many combinations is seen in validation only (one in three where there are but three shapes)."""


def pair(number: int, first: int, second: int) -> tuple[int, int]:
    """Two class indices for video ``number``: each balanced within one at any length.

    Over any ``first * second`` videos in a row that start at a multiple of it, every pair occurs once.
    """
    return number % first, (number + number // math.lcm(first, second)) % second


def is_kept_back(*indices: int, one_in: int = KEPT_BACK) -> bool:
    """Whether this combination of class indices belongs to validation; its parts are in training too."""
    return sum(indices) % one_in == 0


def looks_of(factors: Factors, split: Split, combinations: str) -> list[tuple[str, str]]:
    """The (shape, texture) pairs of a split, where the look is not the label."""
    pairs = product(enumerate(factors.shapes), enumerate(factors.textures))
    one_in = min(KEPT_BACK, len(factors.shapes))
    return [
        (shape, texture)
        for (i, shape), (j, texture) in pairs
        if combinations == "any" or is_kept_back(i, j, one_in=one_in) == (split == "val")
    ]


def hues_of(shape: int, texture: int, split: Split, combinations: str) -> list[int]:
    """The hues of a split for one look, where the look is the label."""
    return [
        hue
        for hue in range(HUES)
        if combinations == "any" or is_kept_back(shape, texture, hue) == (split == "val")
    ]


def index_of(number: int, split: Split) -> int:
    """The number in the generator's list: even for training, odd for validation, so that sets can grow."""
    return 2 * number + SPLITS.index(split)


def with_look(scene: Scene, shape: str, texture: str) -> Scene:
    """The scene with another shape and texture of its subject."""
    return _with_subject(scene, replace(scene.subject.look, shape=shape, texture=texture))


def with_hue(scene: Scene, hue: int) -> Scene:
    """The scene with the subject's colours turned along the colour circle, the first into part ``hue``."""
    look = scene.subject.look
    before = colorsys.rgb_to_hsv(*look.colours[0])[0]
    turn = (hue + before) / HUES - before
    first, second = (_turned(colour, turn) for colour in look.colours)
    return _with_subject(scene, replace(look, colours=(first, second)))


def hue_of(look: Look) -> int:
    """The part of the colour circle that the first colour lies in."""
    return min(int(colorsys.rgb_to_hsv(*look.colours[0])[0] * HUES), HUES - 1)


def _turned(colour: Colour, turn: float) -> Colour:
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb((hue + turn) % 1.0, saturation, value)


def _with_subject(scene: Scene, look: Look) -> Scene:
    subject = scene.subject
    changed = replace(subject, look=look)
    return replace(scene, movers=tuple(changed if mover is subject else mover for mover in scene.movers))
