"""Scenes as videos of a plan, and the factors that a difficulty stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from twlv.data.synth.balance import SPLITS, Split
from twlv.data.synth.settings import Settings
from twlv.video.synthetic import SHAPES, TEXTURES, Factors, Scene, preset, render

LOOKS = {"easy": (3, ("stripes", "checker")), "default": (4, TEXTURES[:4]), "hard": (len(SHAPES), TEXTURES)}
"""Shapes (the first so many) and textures of a difficulty: 6, 16 and 30 looks."""
DIRECTIONS_OF = {"easy": ("right", "down", "left", "up")}
"""Directions of a difficulty; all eight where it is not named."""


def factors_of(settings: Settings) -> Factors:
    """The generator's preset with the looks and directions of the difficulty and the length of the videos."""
    factors = preset(settings.difficulty)
    shapes, textures = LOOKS[settings.difficulty]
    return replace(
        factors,
        shapes=SHAPES[:shapes],
        textures=textures,
        directions=DIRECTIONS_OF.get(settings.difficulty, factors.directions),
        duration_seconds=settings.duration_seconds,
    )


def turning_shows(factors: Factors) -> Factors:
    """Without plain textures: a plain disc that spins looks like one that does not."""
    return replace(factors, textures=tuple(name for name in factors.textures if name != "plain"))


def numbers(settings: Settings) -> Iterator[tuple[Split, int]]:
    """(split, number within it) of every file, training first."""
    return ((split, number) for split in SPLITS for number in range(settings.counts[split]))


def name_of(split: Split, number: int) -> str:
    """A video's id; it says nothing of the label."""
    return f"{split}{number:05}"


def frames_of(scene: Callable[[], Scene], settings: Settings) -> Callable[[], Iterable[Any]]:
    """How a video of one scene is rendered; the scene itself is drawn late."""
    return lambda: render([scene()], num_frames=settings.num_frames, size_px=settings.size_px)[0]


def generator_for(settings: Settings, split: Split, number: int, *, purpose: int) -> np.random.Generator:
    """Random numbers of one video for one purpose, the same whatever else is drawn."""
    return np.random.default_rng([settings.seed, SPLITS.index(split), number, purpose])
