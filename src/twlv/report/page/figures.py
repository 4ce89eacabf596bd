"""The figures of a page as data: which there are, what each shows, and how to read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.report.model import Table
from twlv.report.page.ability_figures import ability_figures, headline_figure
from twlv.report.page.answers import answer_figures
from twlv.report.page.cost_figure import cost_figure
from twlv.report.page.examples import example_figures
from twlv.report.page.points import point_figures
from twlv.report.page.radar import published_radar, radar_of
from twlv.types import Json

Figure = dict[str, Json]
Made = tuple[list[Json], tuple[str, ...]]


def figures(
    table: Table, *, paper: bool = False, mix: bool = False, points: Sequence[Mapping[str, Json]] = ()
) -> Made:
    """The figures in the order to show, and sentences on what could not be drawn."""
    results = table.results
    drawn: list[Json] = [*radar_of(table.grids)]
    if paper:
        drawn += [published_radar(), headline_figure()]
    drawn += [*ability_figures(results, paper=paper, mix=mix), *cost_figure(table)]
    problems: list[str] = []
    for more, said in (point_figures(points), example_figures(results), answer_figures(results)):
        drawn += more
        problems += said
    return drawn, tuple(problems)
