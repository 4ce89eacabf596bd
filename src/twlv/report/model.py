"""What a table is made of, before it becomes text, Markdown or HTML."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from twlv.report.columns import Column
from twlv.results import Result
from twlv.types import Score

DAGGER = "†"
MIXED = "‡"
QUOTED = "°"
"""Marks behind a value: pretrained on this data set; not comparable with its column; quoted by the report."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A value with its marks. ``coverage`` below 1 is shown. ``source`` is the result it was taken from."""

    score: Score
    coverage: float = 1.0
    marks: tuple[str, ...] = ()
    best: bool = False
    source: Result | None = field(default=None, repr=False, compare=False)

    @property
    def fair(self) -> bool:
        """Whether it may be the best of its column: finite, without dagger, comparable."""
        return math.isfinite(self.score.value) and not {DAGGER, MIXED} & set(self.marks)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A backbone's cells, one for each column (None: not measured). ``published``: printed by the report."""

    name: str
    cells: tuple[Cell | None, ...]
    published: bool = False


@dataclass(frozen=True, kw_only=True)
class Grid:
    """One table."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Everything a report shows. ``footnotes`` are (mark, text), ``meanings`` (score, text)."""

    grids: tuple[Grid, ...]
    footnotes: tuple[tuple[str, str], ...]
    meanings: tuple[tuple[str, str], ...]
    results: tuple[Result, ...]


def _rank(mark: str) -> int:
    if mark in (DAGGER, MIXED, QUOTED):
        return (DAGGER, MIXED, QUOTED).index(mark)
    return 3 if mark.startswith("[") else 4


@dataclass
class Footnotes:
    """Collects footnotes in the order met; the same text is kept once."""

    _marks: dict[tuple[str, str], str] = field(default_factory=dict)
    _count: int = 0

    def fixed(self, mark: str, text: str) -> str:
        """A footnote under a mark that others share."""
        return self._marks.setdefault((mark, text), mark)

    def numbered(self, text: str) -> str:
        """A footnote under a number of its own; returns the mark, ``[1]``."""
        if ("", text) not in self._marks:
            self._count += 1
        return self._marks.setdefault(("", text), f"[{self._count}]")

    @property
    def items(self) -> tuple[tuple[str, str], ...]:
        """(mark, text): daggers first, then numbers, then words; under one mark in the order met."""
        found = [(mark, text) for (_, text), mark in self._marks.items()]
        return tuple(sorted(found, key=lambda item: (_rank(item[0]), item[0] if item[0].isalpha() else "")))
