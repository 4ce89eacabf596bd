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


def _value(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return ("*" if cell.best else "") + number(cell.score.value, cell.score.unit) + "".join(cell.marks)


def _rest(cell: Cell | None) -> str:
    """What stands behind the value: its spread, and its coverage if not full."""
    if cell is None:
        return ""
    cover = share(cell.coverage) if cell.coverage < 1 else ""
    return " ".join(part for part in (spread(cell.score), cover) if part)


def _texts(grid: Grid, index: int, depth: int = 0) -> list[str]:
    """The lines of one column, all of one width: a heading of ``depth`` lines, then aligned values."""
    cells = [row.cells[index] for row in grid.rows]
    values, rests = [_value(cell) for cell in cells], [_rest(cell) for cell in cells]
    value, rest = max(map(width, values)), max(map(width, rests))
    lines = [
        pad(one, value, right=True) + (" " + pad(other, rest) if rest else "")
        for one, other in zip(values, rests, strict=True)
    ]
    own = grid.columns[index].heading
    heading = [*own, *[""] * (depth - len(own))]
    wide = max(map(width, (*heading, *lines)))
    return [pad(text, wide, right=True) for text in (*heading, *lines)]


def _parts(grid: Grid, room: int) -> list[range]:
    """Ranges of columns that fit beside the row names; at least one column each."""
    widths = [width(_texts(grid, index)[0]) for index in range(len(grid.columns))]
    name = max(width(row.name) for row in grid.rows)
    parts, start, used = [], 0, name
    for index, wide in enumerate(widths):
        if index > start and used + len(GAP) + wide > room:
            parts.append(range(start, index))
            start, used = index, name
        used += len(GAP) + wide
    return [*parts, range(start, len(widths))]


def _block(grid: Grid, part: range) -> str:
    """The row names and the columns of one part, a rule between heading and rows."""
    depth = max(len(grid.columns[index].heading) for index in part)
    columns = [_texts(grid, index, depth) for index in part]
    names = [""] * depth + [row.name for row in grid.rows]
    wide = max(map(width, names))
    lines = [GAP.join([pad(name, wide), *texts]).rstrip() for name, *texts in zip(names, *columns, strict=True)]
    rule = "-" * (wide + sum(len(GAP) + width(texts[0]) for texts in columns))
    return "\n".join([*lines[:depth], rule, *lines[depth:]])
