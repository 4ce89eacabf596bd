"""A table of the report as JSON: columns with what they mean, cells with number, text and marks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from twlv.report.columns import Column
from twlv.report.model import Cell, Grid
from twlv.report.text import clean, number, share, spread
from twlv.types import Json

COSTS_TOLD = {
    "parameters": "numbers in the backbone's weights",
    "gflop_per_clip": "arithmetic to encode one clip, where the backbone's card or the result names it",
    "clips_per_second": "clips embedded in a second, decoding included, on the machine of the result",
    "embed_seconds": "wall seconds to embed, of the results whose run embedded",
    "task_seconds": "wall seconds of all tasks of this backbone, on the machines of the results",
}


def grid_data(grid: Grid, meanings: Sequence[tuple[str, str]], numbers: Mapping[int, int]) -> dict[str, Json]:
    """The grid; ``numbers`` gives the number of a result's record by its ``id``."""
    told = {**COSTS_TOLD, **{name: text for names, text in meanings for name in names.split(", ")}}
    return {
        "title": grid.title,
        "columns": [_column(column, told.get(clean(column.score), "")) for column in grid.columns],
        "rows": [
            {
                "name": row.name,
                "published": row.published,
                "cells": [None if cell is None else cell_data(cell, numbers) for cell in row.cells],
            }
            for row in grid.rows
        ],
    }


def _column(column: Column, meaning: str) -> dict[str, Json]:
    return {
        "heading": list(column.heading),
        "score": column.score,
        "dataset": column.dataset,
        "settings": column.settings,
        "kind": column.kind,
        "unit": column.unit,
        "higher_is_better": column.higher_is_better,
        "average_of": column.average_of,
        "meaning": meaning,
    }


def cell_data(cell: Cell, numbers: Mapping[int, int]) -> dict[str, Json]:
    """Value (null: not finite) and texts as every other form of the report prints them."""
    score = cell.score
    made: dict[str, Json] = {
        "value": score.value if math.isfinite(score.value) else None,
        "text": number(score.value, score.unit),
        "spread": spread(score),
        "marks": "".join(cell.marks),
        "n": score.n,
    }
    if score.ci95 is not None and all(map(math.isfinite, score.ci95)):
        made["ci95"] = list(score.ci95)
    if cell.coverage < 1:
        made["coverage"] = share(cell.coverage)
    if cell.best:
        made["best"] = True
    if cell.source is not None and id(cell.source) in numbers:
        made["record"] = numbers[id(cell.source)]
    return made
