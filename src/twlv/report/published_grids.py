"""The report's own tables, for a page without any result of ours."""

from __future__ import annotations

from twlv.report.cells import mark_best
from twlv.report.columns import Column
from twlv.report.meanings import meaning
from twlv.report.model import Footnotes, Grid, Table
from twlv.report.paper import explain_published, published_rows
from twlv.results import PublishedColumn
from twlv.results.published import APPEARANCE, FIVE, MOTION, published

TITLES = {
    3: "linear probing",
    5: "attentive probing",
    6: "k nearest neighbours",
    9: "temporal localization, THUMOS14",
    10: "temporal localization, ActivityNet",
    11: "spatio-temporal localization",
    12: "temporal segmentation",
}
"""Table of the report -> what it is of."""

_TASKS = {
    3: "linear_probe",
    5: "attentive_probe",
    6: "knn",
    9: "temporal_localization",
    10: "temporal_localization",
    11: "spatiotemporal_localization",
    12: "temporal_segmentation",
}


def published_table() -> Table:
    """Every number that the report prints, a grid for each of its tables."""
    notes = Footnotes()
    found = [(table, columns_of(table)) for table in TITLES]
    explain_published([column for _, columns in found for column in columns], notes)
    grids = tuple(_grid(table, columns) for table, columns in found)
    scores = dict.fromkeys(column.score for grid in grids for column in grid.columns)
    told = ((name, meaning(name, unit="%", higher_is_better=True, classes={})) for name in scores)
    return Table(grids=grids, footnotes=notes.items, meanings=tuple(told), results=())


def columns_of(table: int) -> tuple[PublishedColumn, ...]:
    """The columns of one table: those of its first metric on every data set, then of the next."""
    found = dict.fromkeys((record.dataset, record.metric) for record in published() if record.table == table)
    metrics = list(dict.fromkeys(_printed_metric(metric) for _, metric in found))
    names = sorted(found, key=lambda name: metrics.index(_printed_metric(name[1])))
    return tuple(PublishedColumn(table=table, dataset=dataset, metric=metric) for dataset, metric in names)


def _grid(table: int, columns: tuple[PublishedColumn, ...]) -> Grid:
    rows = published_rows([{record.model: record for record in column.records} for column in columns])
    title = f"{TITLES[table]} (the report's table {table})"
    return mark_best(Grid(title=title, columns=tuple(map(_column, columns)), rows=rows))


def _column(column: PublishedColumn) -> Column:
    """The report's ``mAP@0.5`` under our name ``map_50``; what else tells columns apart are settings."""
    metric = _printed_metric(column.metric)
    settings = column.metric.replace(metric, "").strip("/")
    kinds = {**dict.fromkeys(APPEARANCE, "appearance"), **dict.fromkeys(MOTION, "motion")}
    return Column(
        score=f"{_TASKS[column.table]}/{_metric(metric)}",
        dataset=column.dataset,
        settings=settings,
        kind=kinds.get(column.dataset, ""),
        unit="%",
        average_of=len(FIVE) if column.dataset == "average" else 0,
        published=column,
    )


def _printed_metric(name: str) -> str:
    """``top1`` of ``top1/video``, ``mAP@0.5`` of ``self-contained/mAP@0.5``."""
    parts = name.split("/")
    return next((part for part in parts if "@" in part), parts[0])


def _metric(printed: str) -> str:
    """``mAP@0.5`` is ``map_50``, ``fAP@0.5`` is ``fap_50``, ``Acc`` is ``accuracy``."""
    name, at, level = printed.lower().partition("@")
    name = {"acc": "accuracy"}.get(name, name)
    if not at:
        return name
    return f"{name}_{level if level == 'avg' else round(100 * float(level))}"
