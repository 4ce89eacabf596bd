"""Every value of the tables, one a line (CSV) or as records (JSON)."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence

from twlv.report.columns import Column
from twlv.report.model import Cell, Row
from twlv.report.table import table
from twlv.report.text import clean
from twlv.results import Result
from twlv.types import Json

FIELDS = (
    *("table", "backbone", "published", "score", "dataset", "kind", "settings", "value", "unit", "low", "high"),
    *("n", "higher_is_better", "coverage", "marks", "average_of", "file"),
)
"""The columns of the CSV and the keys of a record."""


def values(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> list[dict[str, Json]]:
    """A record for each cell of the tables, averages included (``average_of`` counts what is in them).

    Raises:
        ResultError: as ``table``.
    """
    made = table(results, paper=paper, mix=mix)
    return [
        _record(grid.title, row, column, cell)
        for grid in made.grids
        for row in grid.rows
        for column, cell in zip(grid.columns, row.cells, strict=True)
        if cell is not None
    ]


def _record(title: str, row: Row, column: Column, cell: Cell) -> dict[str, Json]:
    low, high = cell.score.ci95 or (None, None)
    found: tuple[Json, ...] = (
        *(title, row.name, row.published, column.score, column.dataset, column.kind, column.settings),
        *(_finite(cell.score.value), cell.score.unit, _finite(low), _finite(high)),
        *(cell.score.n, column.higher_is_better, cell.coverage, "".join(cell.marks), column.average_of),
        cell.source.file if cell.source is not None else "",
    )
    texts = (clean(value) if isinstance(value, str) else value for value in found)
    return dict(zip(FIELDS, texts, strict=True))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def csv_text(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> str:
    """The records as CSV. A text that a spreadsheet would run as a formula has an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for record in values(results, paper=paper, mix=mix):
        writer.writerow([harmless(value) for value in record.values()])
    return out.getvalue()


def harmless(value: Json) -> Json:
    """The value, with an apostrophe before a text that begins as a formula does."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def json_text(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> str:
    """The same records, with the footnotes and what the scores mean."""
    made = table(results, paper=paper, mix=mix)
    document = {
        "schema": 1,
        "values": values(results, paper=paper, mix=mix),
        "footnotes": [[clean(mark), clean(text)] for mark, text in made.footnotes],
        "meanings": {clean(name): clean(text) for name, text in made.meanings},
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
