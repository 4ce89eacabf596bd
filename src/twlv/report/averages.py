"""Averages over data sets of one kind; only over columns in which every row has a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from twlv.report.columns import Column
from twlv.report.model import DAGGER, MIXED, Cell, Footnotes, Grid
from twlv.types import Score


def with_averages(grid: Grid, notes: Footnotes) -> Grid:
    """The grid with average columns behind: for each score and setting, over two or more complete columns.

    A column is complete if every row has a finite value in it that is comparable with the others. An average
    is over data sets of one kind: one of appearance and motion together would say nothing of either.
    """
    for positions in _families(grid.columns):
        score = grid.columns[positions[0]].score
        complete = [index for index in positions if _is_complete(grid, index)]
        left = []
        for kind, members in _kinds(grid.columns, positions).items():
            chosen = [index for index in members if index in complete]
            left += [index for index in members if index not in complete]
            if len(chosen) > 1:
                notes.fixed(
                    "average", f"{kind} of {score}: mean over {_names(grid, chosen)}".removeprefix(" of ")
                )
                grid = _append(grid, kind, chosen)
        if left:
            names = _names(grid, left)
            notes.fixed("average", f"left out of the averages of {score}, not all rows have a number: {names}")
    return grid


def _families(columns: Sequence[Column]) -> list[list[int]]:
    """Positions of the columns with the same score, unit and settings on different data sets."""
    families: dict[tuple[str, str, str], list[int]] = {}
    for index, column in enumerate(columns):
        families.setdefault((column.score, column.unit, column.settings), []).append(index)
    return [positions for positions in families.values() if len(positions) > 1]


def _is_complete(grid: Grid, index: int) -> bool:
    cells = [row.cells[index] for row in grid.rows]
    return all(
        cell is not None and MIXED not in cell.marks and math.isfinite(cell.score.value) for cell in cells
    )


def _kinds(columns: Sequence[Column], positions: Sequence[int]) -> dict[str, list[int]]:
    """Kind -> positions, for kinds with two or more. Columns without a kind count as one where none has any."""
    found: dict[str, list[int]] = {}
    for index in positions:
        found.setdefault(columns[index].kind, []).append(index)
    if len(found) > 1:
        found.pop("", None)
    return {kind: members for kind, members in found.items() if len(members) > 1}


def _names(grid: Grid, positions: Sequence[int]) -> str:
    return ", ".join(grid.columns[index].dataset for index in positions)


def _append(grid: Grid, kind: str, chosen: Sequence[int]) -> Grid:
    first = grid.columns[chosen[0]]
    column = replace(
        first, dataset=f"average {kind}".strip(), kind=kind, average_of=len(chosen), published=None
    )
    rows = tuple(
        replace(row, cells=(*row.cells, _mean([row.cells[index] for index in chosen]))) for row in grid.rows
    )
    return replace(grid, columns=(*grid.columns, column), rows=rows)


def _mean(cells: Sequence[Cell | None]) -> Cell | None:
    """The plain mean of the values (every data set counts alike); a dagger in any is kept."""
    known = [cell for cell in cells if cell is not None]
    if not known:
        return None
    value = sum(cell.score.value for cell in known) / len(known)
    first = known[0].score
    score = Score(
        value=value, unit=first.unit, n=sum(c.score.n for c in known), higher_is_better=first.higher_is_better
    )
    daggers = (DAGGER,) if any(DAGGER in cell.marks for cell in known) else ()
    return Cell(score=score, coverage=min(cell.coverage for cell in known), marks=daggers)
