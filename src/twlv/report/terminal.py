"""The tables as plain text."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from twlv.report.model import Cell, Grid
from twlv.report.table import table
from twlv.report.text import clean, number, pad, share, spread, width
from twlv.results import Result

GAP = "  "


def terminal(
    results: Sequence[Result], *, paper: bool = False, mix: bool = False, columns: int | None = None
) -> str:
    """The tables for a terminal of so many ``columns`` (default: this one), the best of a column behind ``*``.

    Raises:
        ResultError: no results, or not comparable ones in a column (unless ``mix``).
    """
    made = table(results, paper=paper, mix=mix)
    room = columns or shutil.get_terminal_size((112, 24)).columns
    blocks = [_block(grid, part) for grid in made.grids for part in _parts(grid, room)]
    notes = [f"{clean(mark)} {clean(text)}" for mark, text in _notes(made.footnotes, made.meanings, made.grids)]
    return "\n\n".join([*blocks, "\n".join(notes)])


def _notes(
    footnotes: Sequence[tuple[str, str]], meanings: Sequence[tuple[str, str]], grids: Sequence[Grid]
) -> list[tuple[str, str]]:
    best = any(cell.best for grid in grids for row in grid.rows for cell in row.cells if cell)
    rule = [("*", "best of its column, among cells without † or ‡")] if best else []
    return [*rule, *footnotes, *((f"{name}:", text) for name, text in meanings)]


def _text(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    value = ("*" if cell.best else "") + number(cell.score.value, cell.score.unit) + "".join(cell.marks)
    cover = share(cell.coverage) if cell.coverage < 1 else ""
    return " ".join(part for part in (value, spread(cell.score), cover) if part)


def _widths(grid: Grid) -> list[int]:
    """Width of each column: its longest heading line or cell."""
    return [
        max(map(width, (*column.heading, *(_text(row.cells[index]) for row in grid.rows))))
        for index, column in enumerate(grid.columns)
    ]


def _parts(grid: Grid, room: int) -> list[range]:
    """Ranges of columns that fit beside the row names; at least one column each."""
    widths, name = _widths(grid), max(width(row.name) for row in grid.rows)
    parts, start, used = [], 0, name
    for index, wide in enumerate(widths):
        if index > start and used + len(GAP) + wide > room:
            parts.append(range(start, index))
            start, used = index, name
        used += len(GAP) + wide
    return [*parts, range(start, len(widths))]


def _block(grid: Grid, part: range) -> str:
    widths = _widths(grid)
    name = max(width(row.name) for row in grid.rows)
    depth = max(len(grid.columns[index].heading) for index in part)
    lines = []
    for line in range(depth):
        heads = [grid.columns[index].heading for index in part]
        texts = [head[line] if line < len(head) else "" for head in heads]
        lines.append(_line("", texts, name, [widths[index] for index in part]))
    lines.append("-" * (name + sum(len(GAP) + widths[index] for index in part)))
    for row in grid.rows:
        texts = [_text(row.cells[index]) for index in part]
        lines.append(_line(row.name, texts, name, [widths[index] for index in part]))
    return "\n".join(lines)


def _line(name: str, texts: Sequence[str], first: int, widths: Sequence[int]) -> str:
    cells = [pad(text, wide, right=True) for text, wide in zip(texts, widths, strict=True)]
    return GAP.join([pad(name, first), *cells]).rstrip()
