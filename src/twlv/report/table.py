"""Results to tables: a row for each backbone, a column for each score on a data set with its settings."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.errors import ResultError
from twlv.report.abilities import ability_grid
from twlv.report.averages import with_averages
from twlv.report.cells import make_rows, mark_best, row_names
from twlv.report.columns import Entry, Key, entries, make_columns
from twlv.report.explain import explain, meanings
from twlv.report.model import Footnotes, Grid, Table
from twlv.report.paper import with_published
from twlv.report.published_grids import published_table
from twlv.report.sharing import odd_results
from twlv.results import Result


def table(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> Table:
    """The tables of these results: one of each result's first score, one of all other scores, and one of
    appearance against motion where a backbone was measured on both kinds.

    ``paper`` adds the rows that the report printed, for the columns that match; without any result it gives
    the report's own tables.

    Raises:
        ResultError: there is no result, or results that are not comparable would share a column and ``mix``
            does not allow it.
    """
    if paper and not results:
        return published_table()
    notes, groups = Footnotes(), by_column(results)
    if not groups:
        raise ResultError("no scores to show; twlv evaluate writes results, for example into results/")
    odd = odd_results(groups, mix=mix, notes=notes)
    columns, names = make_columns(groups), row_names(results)
    main = [key for key in columns if any(entry.main for entry in groups[key])]
    other = [key for key in columns if key not in main]
    grids = []
    for title, keys in (("scores", main), ("other scores", other)):
        if keys:
            rows = make_rows({key: groups[key] for key in keys}, names, odd, notes)
            plain = Grid(title=title, columns=tuple(columns[key] for key in keys), rows=rows)
            grids.append(mark_best(with_averages(plain, notes)))
    if paper:
        grids = with_published(grids, notes)
    compared = ability_grid(results, notes, mix=mix)
    if compared is not None:
        grids.append(compared)
    explain(results, groups, notes)
    return Table(grids=tuple(grids), footnotes=notes.items, meanings=meanings(groups), results=tuple(results))


def by_column(results: Sequence[Result]) -> dict[Key, list[Entry]]:
    """The entries of every column, in the order met."""
    groups: dict[Key, list[Entry]] = {}
    for entry in entries(results):
        groups.setdefault(entry.key, []).append(entry)
    return groups
