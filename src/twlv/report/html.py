"""The tables as one HTML page that needs nothing else: no script, no network, light and dark by itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from twlv.report.failures import by_reason
from twlv.report.model import Cell
from twlv.report.provenance import all_failed, provenance
from twlv.report.table import table
from twlv.report.text import clean, number, share, spread
from twlv.results import Result


def html(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> str:
    """The page as text; every name in it is escaped.

    Raises:
        ResultError: no results, or not comparable ones in a column (unless ``mix``).
    """
    import jinja2

    made = table(results, paper=paper, mix=mix)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["parts"] = _parts
    source = resources.files("twlv.report").joinpath("page.html.jinja").read_text("utf-8")
    return environment.from_string(source).render(
        title="twlv report",
        table=made,
        provenance=[provenance(result) for result in made.results],
        failed={
            reason: [(clean(i), seen) for i, seen in items]
            for reason, items in by_reason(all_failed(results)).items()
        },
    )


def _parts(cell: Cell) -> dict[str, str]:
    """The texts of a cell: value, marks, spread, coverage."""
    return {
        "value": number(cell.score.value, cell.score.unit),
        "marks": "".join(cell.marks),
        "spread": spread(cell.score),
        "coverage": share(cell.coverage) if cell.coverage < 1 else "",
    }
