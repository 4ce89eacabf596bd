"""Rows and cells: which backbones there are, and which result a cell shows.

Where several results fall into one cell, the one with the most videos used is shown; among those the one with
the smallest seeds, then the smallest identity hash. The order of the files never decides, and a footnote says
what was left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from twlv.report.columns import Column, Entry, Key
from twlv.report.model import DAGGER, MIXED, Cell, Footnotes, Grid, Row
from twlv.report.text import clean, number
from twlv.results import Result, compare, file_name


def row_names(results: Sequence[Result]) -> dict[str, str]:
    """Row key -> label: the backbone's name; where two cards share a name, with what tells them apart."""
    cards = {repr(result.backbone): result.backbone for result in results}
    shared: dict[str, list[str]] = {}
    for key, card in cards.items():
        shared.setdefault(card.name, []).append(key)
    labels: dict[str, str] = {}
    for key, card in cards.items():
        rivals = [cards[other] for other in shared[card.name]]
        tell = [
            str(getattr(card, field))[:8]
            for field in ("dtype", "num_frames", "image_size_px", "weights_sha256")
            if len({getattr(rival, field) for rival in rivals}) > 1
        ]
        label = f"{card.name} ({', '.join(tell)})" if tell else card.name
        taken = list(labels.values()).count(label)
        labels[key] = clean(label if not taken else f"{label} #{taken + 1}")
    return labels


def make_rows(
    groups: Mapping[Key, Sequence[Entry]], names: Mapping[str, str], odd: set[int], notes: Footnotes
) -> tuple[Row, ...]:
    """A row for each backbone that has a score in these columns, in the order of ``names``."""
    cells: dict[str, dict[Key, Cell]] = {}
    for key, members in groups.items():
        for row, several in groupby(sorted(members, key=_row_key), key=_row_key):
            cells.setdefault(row, {})[key] = _cell(list(several), names[row], odd, notes)
    return tuple(
        Row(name=name, cells=tuple(cells[row].get(key) for key in groups))
        for row, name in names.items()
        if row in cells
    )


def _row_key(entry: Entry) -> str:
    return repr(entry.result.backbone)


def _cell(several: list[Entry], row: str, odd: set[int], notes: Footnotes) -> Cell:
    chosen = min(several, key=_preference)
    result, marks = chosen.result, []
    if result.contaminated:
        marks.append(DAGGER)
    if id(result) in odd:
        marks.append(MIXED)
    others = [entry for entry in several if entry is not chosen and _differs(entry, chosen)]
    if others:
        marks.append(notes.numbered(_duplicates(chosen, others, row)))
    if not math.isfinite(chosen.score.value):
        marks.append(
            notes.numbered(f"{chosen.name} of {row} on {clean(result.dataset.name)} was not a finite number")
        )
    return Cell(score=chosen.score, coverage=result.coverage_fraction, marks=tuple(marks), source=result)


def _preference(entry: Entry) -> tuple[int, list[tuple[str, int]], str, str]:
    result = entry.result
    return -result.coverage.used, sorted(result.seeds.items()), file_name(result), repr(entry.score)


def _differs(one: Entry, other: Entry) -> bool:
    return repr(one.score) != repr(other.score)


def _duplicates(chosen: Entry, others: Sequence[Entry], row: str) -> str:
    told = [
        f"{number(e.score.value, e.score.unit)} ({_how_it_differs(chosen.result, e.result)})"
        for e in others[:5]
    ]
    more = f" and {len(others) - 5} more" if len(others) > 5 else ""
    return (
        f"{len(others) + 1} results for {chosen.name} of {row} on {clean(chosen.result.dataset.name)}; "
        f"shown is the one with most videos, then smallest seeds; the others: {', '.join(told)}{more}"
    )


def _how_it_differs(chosen: Result, other: Result) -> str:
    found = [clean(difference) for difference in compare(other, chosen)]
    return "; ".join(found) or "run again"


def mark_best(grid: Grid) -> Grid:
    """Mark the best of each column among the cells without dagger or ``‡``, if there are two to compare."""
    best = [_best(column, [row.cells[index] for row in grid.rows]) for index, column in enumerate(grid.columns)]
    rows = tuple(
        replace(
            row,
            cells=tuple(
                replace(cell, best=True) if cell is not None and cell.fair and cell.score.value == top else cell
                for cell, top in zip(row.cells, best, strict=True)
            ),
        )
        for row in grid.rows
    )
    return replace(grid, rows=rows)


def _best(column: Column, cells: Sequence[Cell | None]) -> float | None:
    fair = [cell.score.value for cell in cells if cell is not None and cell.fair]
    if len(fair) < 2:
        return None
    return max(fair) if column.higher_is_better else min(fair)
