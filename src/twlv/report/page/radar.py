"""Radar over tasks, the report's Figure 1: an axis for each task and data set, a line for each backbone."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.report.columns import Column
from twlv.report.model import Cell, Grid
from twlv.results.published import PublishedRecord, column
from twlv.types import Json

Model = tuple[str, str, str]

AXES = (
    ("linear probing", 3, "K400", "top1"),
    ("linear probing", 3, "MiT", "top1"),
    ("linear probing", 3, "SSv2", "top1"),
    ("linear probing", 3, "DV48", "top1"),
    ("linear probing", 3, "EK", "top1"),
    ("temporal localization", 9, "THUMOS14", "self-contained/mAP@avg"),
    ("temporal localization", 10, "ActivityNet-v1.3", "self-contained/mAP@avg"),
    ("spatio-temporal localization", 11, "AVA-v2.2", "fAP@0.5"),
    ("temporal segmentation", 12, "50Salads", "mF1"),
    ("temporal segmentation", 12, "GTEA", "mF1"),
    ("temporal segmentation", 12, "Breakfast", "mF1"),
)
"""Task, table, data set, metric. The report says that Figure 1 goes over all tasks, not which metrics it takes:
the first probe, the detector's own classes and the mean F1 are inferred."""

OURS: Model = ("TWLV-I", "", "ViT-L")

FEWEST_AXES, MOST_AXES, MOST_LINES = 3, 24, 60

HOW = (
    "Each axis is one score on one data set, from 0 in the middle to the best value of the table at the rim. "
    "A line nearer to the rim is better there; the area means nothing."
)


def published_radar() -> dict[str, Json]:
    """Figure 1 from the printed numbers: every model that has all axes; two of them are shown at first.

    TWLV-I (ViT-L) and its best competitor. Which one the report drew it does not say: here the model of the
    same architecture whose mean share of the best value over the axes is the highest.
    """
    cells = [
        {record.model: record for record in column(table, name, metric)} for _, table, name, metric in AXES
    ]
    models = [model for model in cells[0] if all(model in cell for cell in cells)]
    best = [max(record.value for record in cell.values()) for cell in cells]
    share = {model: sum(c[model].value / top for c, top in zip(cells, best, strict=True)) for model in models}
    rival = max((m for m in models if m[0] != OURS[0] and m[2] == OURS[2]), key=lambda model: share[model])
    axes = [
        _axis([task, name, metric.rpartition("/")[2]], "%", top)
        for (task, _, name, metric), top in zip(AXES, best, strict=True)
    ]
    lines: list[Json] = [
        {
            "name": " ".join(part for part in model if part),
            "published": True,
            "shown": model in (OURS, rival),
            "values": [_printed(cell[model]) for cell in cells],
        }
        for model in models
    ]
    how = f"{HOW} All values are printed in the report; the choice of metrics and of the competitor is ours."
    return _figure("radar-published", "All tasks, as published (the report's Figure 1)", how, axes, lines)


def _printed(record: PublishedRecord) -> dict[str, Json]:
    return {"value": record.value, "marks": "†" if record.dagger else ""}


def radar_of(grids: Sequence[Grid]) -> list[Json]:
    """A radar of the main table, if it has three columns or more that can be axes (higher is better)."""
    if not grids or grids[0].title != "scores":
        return []
    grid = grids[0]
    chosen = [index for index, one in enumerate(grid.columns) if _can_be_axis(grid, one, index)][:MOST_AXES]
    if len(chosen) < FEWEST_AXES:
        return []
    axes = [
        _axis(list(grid.columns[index].heading), grid.columns[index].unit, _top(grid, index))
        for index in chosen
    ]
    ours = [row for row in grid.rows if not row.published]
    lines: list[Json] = [
        {
            "name": row.name,
            "published": row.published,
            "shown": row in ours[:4],
            "values": [_value(row.cells[index]) for index in chosen],
        }
        for row in grid.rows[:MOST_LINES]
        if any(row.cells[index] is not None for index in chosen)
    ]
    left = len([one for one in grid.columns if not one.average_of]) - len(chosen)
    note = f" {left} columns have no place on it." if left else ""
    return [_figure("radar", "All tasks", HOW + note, axes, lines)]


def _can_be_axis(grid: Grid, one: Column, index: int) -> bool:
    return one.higher_is_better and not one.average_of and _top(grid, index) > 0


def _top(grid: Grid, index: int) -> float:
    values = [row.cells[index] for row in grid.rows]
    return max((cell.score.value for cell in values if cell is not None and cell.fair), default=0.0)


def _value(cell: Cell | None) -> Json:
    if cell is None:
        return None
    return {"value": cell.score.value, "marks": "".join(cell.marks)}


def _axis(lines: Sequence[str], unit: str, top: float) -> dict[str, Json]:
    return {"lines": list(lines), "unit": unit, "best": top}


def _figure(
    name: str, title: str, how: str, axes: Sequence[dict[str, Json]], lines: Sequence[Json]
) -> dict[str, Json]:
    return {"id": name, "kind": "radar", "title": title, "how": how, "axes": list(axes), "lines": list(lines)}
