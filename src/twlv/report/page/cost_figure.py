"""Accuracy against cost: every cost that is known and every column of the main table, to choose from."""

from __future__ import annotations

from twlv.report.cost import COSTS, Cost, costs, printed_cost
from twlv.report.model import Table
from twlv.types import Json

AXES = {
    "parameters": "parameters of the backbone",
    "gflop_per_clip": "GFLOP for one clip",
    "clips_per_second": "clips embedded a second",
    "embed_seconds": "seconds to embed",
    "task_seconds": "seconds of the tasks",
}


def cost_figure(table: Table) -> list[Json]:
    """The figure, unless there is nothing in the main table."""
    if not table.grids or not (table.results or any(row.published for row in table.grids[0].rows)):
        return []
    grid, known = table.grids[0], costs(table.results)
    rows: list[Json] = [
        {
            "name": row.name,
            "published": row.published,
            "costs": _json(printed_cost(row.name) if row.published else known.get(row.name, Cost())),
            "machine": "" if row.published else known.get(row.name, Cost()).machine,
            "values": [None if cell is None else cell.score.value for cell in row.cells],
            "marks": ["" if cell is None else "".join(cell.marks) for cell in row.cells],
        }
        for row in grid.rows
    ]
    return [
        {
            "id": "cost",
            "kind": "cost",
            "title": "Accuracy against cost",
            "how": "Further left is cheaper (for clips a second: dearer), higher is better. Speed and seconds "
            "are of the machine that made the result and compare only within one machine; parameters and GFLOP "
            "do not depend on it. Rows without a known cost are not drawn.",
            "axes": [[name, text] for name, text in AXES.items()],
            "columns": [{"heading": " ".join(column.heading), "unit": column.unit} for column in grid.columns],
            "rows": rows,
        }
    ]


def _json(cost: Cost) -> dict[str, Json]:
    return {name: getattr(cost, name) for name in COSTS}
