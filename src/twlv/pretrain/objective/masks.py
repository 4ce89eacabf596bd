"""Which tokens the student sees: tube, random, multi-block, with exact counts.

Axes: B clips, T' H' W' token grid, N = T'*H'*W' tokens in time-major order, P = H'*W' places, V visible tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from twlv.errors import UsageError
from twlv.nn.position import Grid
from twlv.pretrain.objective.records import Masks

_Bools: TypeAlias = npt.NDArray[np.bool_]
_Doubles: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Tube:
    """The same visible places at every step of time (VideoMAE); V must be a multiple of T'."""


@dataclass(frozen=True, kw_only=True)
class Random:
    """Visible tokens anywhere (MAE, and for single images)."""


@dataclass(frozen=True, kw_only=True)
class MultiBlock:
    """Blocks that extend over all of time are hidden (V-JEPA); the visible tokens are cut at random to V.

    ``blocks`` of ``scale`` (share of the places) and an aspect ratio (height / width) uniform in ``aspect``.
    V-JEPA has two forms, 8 blocks of 0.15 and 2 of 0.7. Where the blocks leave fewer than V tokens, they are
    drawn again, ``tries`` times at most; then hidden places at random make up the number.
    """

    blocks: int = 8
    scale: float = 0.15
    aspect: tuple[float, float] = (0.75, 1.5)
    tries: int = 10


SHORT_RANGE = MultiBlock(blocks=8, scale=0.15)
LONG_RANGE = MultiBlock(blocks=2, scale=0.7)
"""V-JEPA's two masks (arXiv 2404.08471, section 3.2)."""


@dataclass(frozen=True, kw_only=True)
class Either:
    """One of several masks, each as likely, drawn anew for every clip."""

    of: tuple[Tube | Random | MultiBlock, ...] = (SHORT_RANGE, LONG_RANGE)


Mask: TypeAlias = Tube | Random | MultiBlock | Either


def draw(
    mask: Mask,
    grid: Grid,
    num_visible: int,
    numbers: Sequence[np.random.Generator],
    weight: _Doubles | None = None,
) -> Masks:
    """A mask for every clip, from the clip's own generator in ``numbers`` (B); exactly ``num_visible`` are
    seen.

    ``weight`` (B, N), not negative: what is visible is drawn with these weights, without replacement (for a
    tube, with their mean over time). None: all alike.

    Raises:
        UsageError: a number of tokens that the grid has not, or that a tube cannot have.
    """
    tokens = grid[0] * grid[1] * grid[2]
    if not 0 < num_visible < tokens:
        raise UsageError(f"{num_visible} of {tokens} tokens cannot be visible; grid {grid}")
    rows = []
    for row, generator in enumerate(numbers):
        log = None if weight is None else np.log(np.maximum(weight[row].reshape(grid[0], -1), 1e-12))
        rows.append(_visible(mask, grid, num_visible, generator, log))
    seen = np.stack(rows)
    return Masks(visible=_indices(seen), masked=_indices(~seen))


def _visible(
    mask: Mask, grid: Grid, count: int, numbers: np.random.Generator, log_weight: _Doubles | None
) -> _Bools:
    """(N,) whether each token is seen."""
    if isinstance(mask, Either):
        mask = mask.of[int(numbers.integers(len(mask.of)))]
    steps, places = grid[0], grid[1] * grid[2]
    if isinstance(mask, Tube):
        if count % steps:
            raise UsageError(
                f"a tube shows the same places at all {steps} steps; {count} is no multiple of that"
            )
        log = None if log_weight is None else np.log(np.exp(log_weight).mean(axis=0))
        return np.tile(_choose(np.ones(places, dtype=bool), count // steps, numbers, log), steps)
    flat = None if log_weight is None else log_weight.reshape(-1)
    if isinstance(mask, Random):
        return _choose(np.ones(steps * places, dtype=bool), count, numbers, flat)
    shown = np.tile(_outside_blocks(mask, grid, count, numbers), steps)
    return _choose(shown, count, numbers, flat)


def _choose(allowed: _Bools, count: int, numbers: np.random.Generator, log_weight: _Doubles | None) -> _Bools:
    """``count`` of the allowed, at random by weight (Gumbel's maxima); others only if those are too few."""
    keys = -np.log(-np.log(np.maximum(numbers.random(len(allowed)), 1e-300)))
    if log_weight is not None:
        keys += log_weight
    keys[~allowed] -= 1e6
    chosen = np.zeros(len(allowed), dtype=bool)
    chosen[np.argpartition(-keys, count - 1)[:count]] = True
    return chosen


def _outside_blocks(mask: MultiBlock, grid: Grid, count: int, numbers: np.random.Generator) -> _Bools:
    """(P,) the places that no block covers; enough for ``count`` tokens if that is found in time."""
    for _ in range(mask.tries):
        free = np.ones((grid[1], grid[2]), dtype=bool)
        height, width = _block_size(mask, grid, numbers)
        for _ in range(mask.blocks):
            top = int(numbers.integers(grid[1] - height + 1))
            left = int(numbers.integers(grid[2] - width + 1))
            free[top : top + height, left : left + width] = False
        if free.sum() * grid[0] >= count:
            break
    return free.reshape(-1)


def _block_size(mask: MultiBlock, grid: Grid, numbers: np.random.Generator) -> tuple[int, int]:
    """One size for all blocks of a clip (V-JEPA); at most the picture."""
    area = mask.scale * grid[1] * grid[2]
    aspect = numbers.uniform(*mask.aspect)
    height = max(1, min(grid[1], round(float(np.sqrt(area * aspect)))))
    width = max(1, min(grid[2], round(float(np.sqrt(area / aspect)))))
    return height, width


def _indices(chosen: _Bools) -> torch.Tensor:
    """(B, n) int64, rising, of (B, N) with n true per row."""
    rows = chosen.shape[0]
    return torch.from_numpy(np.nonzero(chosen)[1].reshape(rows, -1).astype(np.int64))
