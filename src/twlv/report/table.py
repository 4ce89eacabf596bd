"""Results to tables: a row for each backbone, a column for each score on a data set with its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.errors import ResultError
from twlv.report.averages import with_averages
from twlv.report.cells import make_rows, mark_best, row_names
from twlv.report.columns import Column, Entry, Key, common_settings, entries, make_columns
from twlv.report.meanings import meaning
from twlv.report.model import DAGGER, Footnotes, Grid, Table
from twlv.report.paper import add_published
from twlv.report.sharing import odd_results
from twlv.report.text import clean
from twlv.results import Result
from twlv.results.compare import circumstances


def table(results: Sequence[Result], *, paper: bool = False, mix: bool = False) -> Table:
    """The tables of these results: one of each result's first score, one of all other scores.

    ``paper`` adds the rows that the report printed, for the columns that match.

    Raises:
        ResultError: there is no result, or results that are not comparable would share a column and ``mix``
            does not allow it.
    """
    if not results:
        raise ResultError("no results to show; twlv evaluate writes them, for example into results/")
    notes, groups = Footnotes(), by_column(results)
    odd = odd_results(groups, mix=mix, notes=notes)
    columns, names = make_columns(groups), row_names(results)
    main = [key for key in columns if any(entry.main for entry in groups[key])]
    other = [key for key in columns if key not in main]
    grids = []
    for title, keys in (("scores", main), ("other scores", other)):
        if keys:
            rows = make_rows({key: groups[key] for key in keys}, names, odd, notes)
            plain = Grid(title=title, columns=tuple(columns[key] for key in keys), rows=rows)
            grid = mark_best(with_averages(plain, notes))
            grids.append(add_published(grid, notes) if paper else grid)
    _explain(results, groups, columns, notes)
    return Table(grids=tuple(grids), footnotes=notes.items, meanings=_meanings(groups), results=tuple(results))


def by_column(results: Sequence[Result]) -> dict[Key, list[Entry]]:
    """The entries of every column, in the order met."""
    groups: dict[Key, list[Entry]] = {}
    for entry in entries(results):
        groups.setdefault(entry.key, []).append(entry)
    return groups


def _explain(
    results: Sequence[Result],
    groups: Mapping[Key, Sequence[Entry]],
    columns: Mapping[Key, Column],
    notes: Footnotes,
) -> None:
    """Footnotes on contamination, common settings, and circumstances that differ inside a column."""
    overlaps = {
        f"{clean(r.backbone.name)} was pretrained on {clean(', '.join(r.contaminated_by))}, "
        f"which overlaps with {clean(r.dataset.name)}": None
        for r in results
        if r.contaminated
    }
    for text in overlaps:
        notes.fixed(DAGGER, text)
    for score in dict.fromkeys(column.score for column in columns.values()):
        shared = common_settings(
            [entry for key, members in groups.items() if key[0] == score for entry in members]
        )
        if shared:
            notes.fixed("settings", f"{clean(score)}: {clean(shared)}")
    for key, members in groups.items():
        for text in _circumstances(members):
            notes.fixed("mind", f"{clean(key[1])}: {text}")


def _circumstances(members: Sequence[Entry]) -> list[str]:
    """Decoder, FFmpeg or precision, where a column's results differ in it."""
    seen: dict[str, dict[str, int]] = {}
    for entry in members:
        for field, value in circumstances(entry.result).items():
            if field != "seeds" and value is not None:
                counts = seen.setdefault(field, {})
                counts[clean(value)] = counts.get(clean(value), 0) + 1
    return [
        f"{field} differs between the results of a column: "
        + ", ".join(f"{value} ({count})" for value, count in sorted(counts.items()))
        for field, counts in seen.items()
        if len(counts) > 1
    ]


def _meanings(groups: Mapping[Key, Sequence[Entry]]) -> tuple[tuple[str, str], ...]:
    by_score: dict[str, list[Entry]] = {}
    for (score, _, _), members in groups.items():
        by_score.setdefault(score, []).extend(members)
    return tuple(
        (
            clean(name),
            meaning(
                name,
                unit=members[0].score.unit,
                higher_is_better=members[0].score.higher_is_better,
                classes={clean(e.result.dataset.name): e.result.dataset.num_classes for e in members},
            ),
        )
        for name, members in by_score.items()
    )
