"""The report's own numbers beside ours: rows marked as published, in the columns that match."""

from __future__ import annotations

from dataclasses import replace

from twlv.report.columns import Column
from twlv.report.model import DAGGER, QUOTED, Cell, Footnotes, Grid, Row
from twlv.results import PAPER, PublishedRecord
from twlv.types import Score

Model = tuple[str, str, str]


def add_published(grid: Grid, notes: Footnotes) -> Grid:
    """The grid with a row for every model that the report prints in one of its columns, in print order."""
    columns = [_values(column) for column in grid.columns]
    models = dict.fromkeys(model for values in columns for model in values)
    if not models:
        notes.fixed("published", f"{PAPER} prints no number for the columns of '{grid.title}'")
        return grid
    rows = tuple(
        Row(name=_name(model), cells=tuple(_cell(values.get(model)) for values in columns), published=True)
        for model in models
    )
    _explain(grid, notes)
    return replace(grid, rows=(*grid.rows, *rows))


def _values(column: Column) -> dict[Model, PublishedRecord]:
    return {} if column.published is None else {record.model: record for record in column.published.records}


def _name(model: Model) -> str:
    return " ".join(part for part in model if part) + " (published)"


def _cell(record: PublishedRecord | None) -> Cell | None:
    if record is None:
        return None
    marks = (DAGGER,) * record.dagger + (QUOTED,) * record.quoted
    return Cell(score=Score(value=record.value, unit="%", n=0), marks=marks)


def _explain(grid: Grid, notes: Footnotes) -> None:
    matched = [column.published for column in grid.columns if column.published is not None]
    for published in matched:
        notes.fixed(
            "published",
            f"{published.metric} on {published.dataset} as printed in {PAPER}, table {published.table}; "
            "not measured here",
        )
        if published.caveat:
            notes.fixed("published", published.caveat)
    records = [record for published in matched for record in published.records]
    if any(record.quoted for record in records):
        notes.fixed(QUOTED, "the report quotes this value from another paper")
    if any(record.dagger for record in records):
        notes.fixed(DAGGER, "in a published row: the report's own mark, the pretraining data hold the data set")
