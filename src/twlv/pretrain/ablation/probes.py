"""Rendered clips with known labels, that no run is trained on: to fit on, to choose by, and to report.

Axes: n clips, T frames, S side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
import torch

from twlv.types import IntArray
from twlv.video.synthetic import DIRECTIONS, Difficulty, Fixed, Scene, draw, preset, render

Split: TypeAlias = Literal["fit", "selection", "reported"]
SPLITS: tuple[Split, ...] = ("fit", "selection", "reported")
SHAPES = ("disc", "square", "triangle", "cross")
TEXTURES = ("plain", "stripes", "checker", "dots")
ORDERS = (("spin", "slide"), ("slide", "spin"))
_SEED = 314_159_265
"""Of the scenes; no recipe's stream and no monitor starts from it."""


@dataclass(frozen=True, kw_only=True)
class ProbeSizes:
    """Clips of each split; ``order`` has half as many."""

    fit: int = 2048
    selection: int = 1024
    reported: int = 1024
    difficulty: Difficulty = "easy"


@dataclass(frozen=True, kw_only=True, eq=False)
class Clips:
    """``frames`` uint8 (n, T, 3, S, S), and (n,) labels of each ability from 0."""

    frames: torch.Tensor
    labels: dict[str, IntArray]


@lru_cache(maxsize=8)
def moving(split: Split, sizes: ProbeSizes, num_frames: int, size_px: int) -> Clips:
    """16 looks (4 shapes x 4 textures) by 8 directions, drawn independently: ``appearance``, ``direction``."""
    count = getattr(sizes, split)
    random = np.random.default_rng((_SEED, SPLITS.index(split)))
    looks, headings = random.integers(16, size=count), random.integers(8, size=count)
    names = tuple(DIRECTIONS)
    fixed = [
        Fixed(shape=SHAPES[look // 4], texture=TEXTURES[look % 4], direction=names[heading])
        for look, heading in zip(looks, headings, strict=True)
    ]
    frames = _rendered(_seed(split, 0), fixed, sizes.difficulty, num_frames=num_frames, size_px=size_px)
    return Clips(frames=frames, labels={"appearance": looks, "direction": headings})


@lru_cache(maxsize=8)
def ordered(split: Split, sizes: ProbeSizes, num_frames: int, size_px: int) -> Clips:
    """Two events, in the one ``order`` or the other; looks are drawn."""
    count = getattr(sizes, split) // 2
    labels = np.random.default_rng((_SEED, 7, SPLITS.index(split))).integers(2, size=count)
    fixed = [Fixed(events=ORDERS[label]) for label in labels]
    frames = _rendered(_seed(split, 1), fixed, sizes.difficulty, num_frames=num_frames, size_px=size_px)
    return Clips(frames=frames, labels={"order": labels})


def _seed(split: Split, kind: int) -> int:
    return _SEED + 10 * kind + SPLITS.index(split)


def _rendered(
    seed: int, fixed: list[Fixed], difficulty: Difficulty, *, num_frames: int, size_px: int
) -> torch.Tensor:
    factors = replace(preset(difficulty), duration_seconds=num_frames / 8)
    scenes: list[Scene] = [draw(seed, n, factors=factors, fixed=one) for n, one in enumerate(fixed)]
    parts = [
        render(scenes[start : start + 64], num_frames=num_frames, size_px=size_px)
        for start in range(0, len(scenes), 64)
    ]
    return torch.cat(parts)
