"""The report's own numbers beside ours: rows marked as published, in the columns that match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twlv.report.columns import Column
from twlv.report.model import DAGGER, QUOTED, Cell, Footnotes, Grid, Row
from twlv.results import PAPER, PublishedColumn, PublishedRecord
from twlv.types import Score

Model = tuple[str, str, str]


def with_published(grids: Sequence[Grid], notes: Footnotes) -> list[Grid]:
    """The grids with a row for every model that the report prints in one of their columns, in print order."""
    matched = [column.published for grid in grids for column in grid.columns if column.published is not None]
    explain_published(list(dict.fromkeys(matched)), notes)
    return [_add(grid) for grid in grids]


def _add(grid: Grid) -> Grid:
    columns = [_values(column) for column in grid.columns]
    return replace(grid, rows=(*grid.rows, *published_rows(columns)))


def published_rows(columns: Sequence[dict[Model, PublishedRecord]]) -> tuple[Row, ...]:
    """A row for every model in any of the columns, in print order."""
    models = dict.fromkeys(model for values in columns for model in values)
    return tuple(
        Row(name=_name(model), cells=tuple(_cell(values.get(model)) for values in columns), published=True)
        for model in models
    )


def _values(column: Column) -> dict[Model, PublishedRecord]:
    return {} if column.published is None else {record.model: record for record in column.published.records}


def _name(model: Model) -> str:
    return " ".join(part for part in model if part) + " (published)"


def _cell(record: PublishedRecord | None) -> Cell | None:
    if record is None:
        return None
    marks = (DAGGER,) * record.dagger + (QUOTED,) * record.quoted
    return Cell(score=Score(value=record.value, unit="%", n=0), marks=marks)


def explain_published(matched: Sequence[PublishedColumn], notes: Footnotes) -> None:
    """Which numbers are printed ones, and what their marks and protocols mean."""
    if not matched:
        notes.fixed("published", f"{PAPER} prints no number for these columns")
    for table in sorted({published.table for published in matched}):
        here = [published for published in matched if published.table == table]
        cells = ", ".join(f"{published.metric} on {published.dataset}" for published in here)
        notes.fixed("published", f"as printed in {PAPER}, table {table}, not measured here: {cells}")
        if here[0].caveat:
            notes.fixed("published", f"table {table}: {here[0].caveat}")
    records = [record for published in matched for record in published.records]
    if any(record.quoted for record in records):
        notes.fixed(QUOTED, "the report quotes this value from another paper")
    if any(record.dagger for record in records):
        notes.fixed(DAGGER, "in a published row: the report's own mark, the pretraining data hold the data set")
