"""Sine-cosine position codes, and what becomes of a table on another grid.

Axes: T' H' W' token grid, N = T'*H'*W' tokens in time-major order, D width.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

import torch
from torch.nn import functional

from twlv.errors import UsageError

Grid: TypeAlias = tuple[int, int, int]
PositionCode: TypeAlias = Literal["sincos_3d", "sincos_flat", "sincos_quarter", "learned"]
"""``sincos_3d`` is V-JEPA's, ``sincos_flat`` VideoMAE's, ``sincos_quarter`` MVD's; ``learned`` are weights."""
OtherGrids: TypeAlias = Literal["interpolate", "extrapolate", "refuse"]

_BASE = 10000.0


def flat_table(grid: Grid, width: int) -> torch.Tensor:
    """VideoMAE's code, (N, D) float64: the flattened token index is the only coordinate.

    Column j of token n is sin (j even) or cos (j odd) of ``n / 10000^(2 * (j // 2) / D)``.
    """
    positions = torch.arange(grid[0] * grid[1] * grid[2], dtype=torch.float64)
    columns = torch.arange(width)
    angles = positions[:, None] / _BASE ** (2 * (columns // 2).double() / width)
    return torch.where(columns % 2 == 0, angles.sin(), angles.cos())


def separable_table(grid: Grid, width: int) -> torch.Tensor:
    """A code of three axes, (N, D) float64: a third of the columns each for time, row and column.

    Each third is ``2 * ceil(D / 6)`` wide, sines then cosines, and the row is cut to D (the layout of
    V-JEPA with uniform power, so that its weights fit).
    """
    third = 2 * -(-width // 6)
    axes = [_axis_table(length, third) for length in grid]
    parts = [
        axes[0][:, None, None, :].expand(*grid, third),
        axes[1][None, :, None, :].expand(*grid, third),
        axes[2][None, None, :, :].expand(*grid, third),
    ]
    return torch.cat(parts, dim=-1).reshape(-1, 3 * third)[:, :width]


def quarter_table(grid: Grid, width: int) -> torch.Tensor:
    """MVD's code, (N, D) float64: a quarter of the width for time, then 3/8 for the column, 3/8 for the row.

    Within each part, sines then cosines; 16 must divide D.
    """
    time, space = width // 4, 3 * width // 8
    frames, rows, columns = _axis_table(grid[0], time), _axis_table(grid[1], space), _axis_table(grid[2], space)
    parts = [
        frames[:, None, None, :].expand(*grid, time),
        columns[None, None, :, :].expand(*grid, space),
        rows[None, :, None, :].expand(*grid, space),
    ]
    return torch.cat(parts, dim=-1).reshape(-1, width)


def _axis_table(length: int, width: int) -> torch.Tensor:
    half = width // 2
    rates = _BASE ** -(torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(length, dtype=torch.float64)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def interpolate_table(table: torch.Tensor, made_for: Grid, grid: Grid) -> torch.Tensor:
    """Stretch a table (N, D) over another grid: trilinear, half-pixel centres (as V-JEPA, UMT and MVD do)."""
    volume = table.reshape(1, *made_for, -1).permute(0, 4, 1, 2, 3)
    stretched = functional.interpolate(volume, size=grid, mode="trilinear", align_corners=False)
    return stretched.permute(0, 2, 3, 4, 1).reshape(-1, table.shape[-1])


@lru_cache(maxsize=32)
def position_table(
    code: PositionCode, *, width: int, made_for: Grid, grid: Grid, other_grids: OtherGrids
) -> torch.Tensor:
    """The code of ``grid``, (N, D) float32 on the CPU, of a model made for the grid ``made_for``.

    On another grid, ``interpolate`` stretches the table, ``extrapolate`` counts on beyond it, ``refuse``
    does neither. The result is shared: do not write to it.

    Raises:
        UsageError: the grid is another one and the policy is ``refuse``; or the code is ``learned``, which
            only the network that holds it can give.
    """
    if code == "learned":
        raise UsageError("learned positions are weights of a network; no table can be made of their name")
    make = _TABLES[code]
    if grid == made_for or other_grids == "extrapolate":
        return make(grid, width).float()
    check_grid(made_for, grid, other_grids)
    return interpolate_table(make(made_for, width), made_for, grid).float()


def check_grid(made_for: Grid, grid: Grid, other_grids: OtherGrids) -> None:
    """Raise UsageError if the grid is another one and the policy is ``refuse``."""
    if grid != made_for and other_grids == "refuse":
        raise UsageError(
            f"this model was made for a token grid (T', H', W') of {made_for} and refuses others; got {grid}"
        )


_TABLES = {"sincos_3d": separable_table, "sincos_flat": flat_table, "sincos_quarter": quarter_table}
