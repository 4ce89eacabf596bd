"""Tables, figures and records as one HTML page that needs nothing else; light, dark, and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.report.page import assemble, page_data
from twlv.results import Result
from twlv.types import Json


def html(
    results: Sequence[Result],
    *,
    paper: bool = False,
    mix: bool = False,
    points: Sequence[Mapping[str, Json]] = (),
    live: str = "",
) -> str:
    """The page as text. Every name in it is data of the page's script, never markup.

    ``paper`` adds the report's rows and figures (without results: nothing else), ``points`` maps of embeddings
    (side files of ``twlv visualize``), ``live`` is the version of a served page, which asks for newer ones.

    Raises:
        ResultError: no results and no ``paper``, or not comparable ones in a column (unless ``mix``).
    """
    data = page_data(results, paper=paper, mix=mix, points=points)
    title = "What an encoder knows" if results else "What the report printed"
    return assemble(data, title=title, live=live)
