"""What a page shows, as one JSON document: tables, figures, records, and how to read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.report.cost import cost_grid
from twlv.report.failures import by_reason
from twlv.report.model import Grid, Table
from twlv.report.page.figures import figures
from twlv.report.page.grids import grid_data
from twlv.report.page.island import printable
from twlv.report.page.records import records
from twlv.report.provenance import all_failed
from twlv.report.table import table
from twlv.results import Result
from twlv.types import Json
from twlv.version import __version__

SCHEMA = 1
"""Version of this document's form, which the page's scripts read."""


def page_data(
    results: Sequence[Result],
    *,
    paper: bool = False,
    mix: bool = False,
    points: Sequence[Mapping[str, Json]] = (),
) -> dict[str, Json]:
    """The document. ``points`` are the side files of ``twlv visualize``.

    Raises:
        ResultError: no results and no ``paper``, or not comparable results in a column (unless ``mix``).
    """
    made = table(results, paper=paper, mix=mix)
    numbers = {id(result): index for index, result in enumerate(made.results)}
    drawn, problems = figures(made, paper=paper, mix=mix, points=points)
    document: Json = {
        "schema": SCHEMA,
        "version": __version__,
        "num_results": len(made.results),
        "paper": paper,
        "grids": [grid_data(grid, made.meanings, numbers) for grid in (*made.grids, *_cost(made))],
        "footnotes": [[mark, text] for mark, text in made.footnotes],
        "meanings": [[name, text] for name, text in made.meanings],
        "figures": drawn,
        "problems": list(problems),
        "records": records(made.results),
        "failed": [
            {"reason": reason, "videos": [[video_id, seen] for video_id, seen in items]}
            for reason, items in by_reason(all_failed(results)).items()
        ],
    }
    shown = printable(document)
    return shown if isinstance(shown, dict) else {}


def _cost(table: Table) -> tuple[Grid, ...]:
    grid = cost_grid(table)
    return () if grid is None else (grid,)
