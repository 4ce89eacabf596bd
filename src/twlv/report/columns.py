"""Columns of a table: which scores share one, how it is called, and in which order they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from twlv.report.text import clean
from twlv.results import PublishedColumn, Result, axes, matching_column
from twlv.results.compare import base_name
from twlv.results.contamination import canonical_name
from twlv.results.matching import DATASETS
from twlv.types import Json, Score

Key: TypeAlias = tuple[str, str, str]
"""Score, data set, settings: what makes a column."""

KINDS = ("appearance", "motion", "")


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One score of one result, with the settings that decide its column.

    ``main``: it is the first, the most important, of its result. ``name`` is ``full_name`` without a k.
    """

    result: Result
    name: str
    score: Score
    axes: Mapping[str, Json]
    key: Key
    main: bool
    full_name: str


def entries(results: Sequence[Result]) -> list[Entry]:
    """Every score of every result."""
    found: list[Entry] = []
    for result in results:
        for place, (full_name, score) in enumerate(result.scores.items()):
            settings, name = axes(result, full_name), base_name(full_name)
            text = repr(sorted((setting, repr(value)) for setting, value in settings.items()))
            key = (name, result.dataset.name, text)
            found.append(
                Entry(
                    result=result,
                    name=name,
                    score=score,
                    axes=settings,
                    key=key,
                    main=place == 0,
                    full_name=full_name,
                )
            )
    return found


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: the score, its data set, and the settings that set it apart from other columns of that score.

    ``average_of`` counts the columns of which it is the average (0: a measured column).
    """

    score: str
    dataset: str
    settings: str = ""
    kind: str = ""
    unit: str = ""
    higher_is_better: bool = True
    average_of: int = 0
    published: PublishedColumn | None = None

    @property
    def heading(self) -> tuple[str, ...]:
        """Lines of the heading: score, data set, settings."""
        group = f"({self.kind})" if self.kind and not self.average_of else ""
        lines = (self.score, f"{self.dataset} {group}".strip(), self.settings)
        return tuple(clean(line) for line in lines if line)


def make_columns(groups: Mapping[Key, Sequence[Entry]]) -> dict[Key, Column]:
    """Column by key, in the order to show: by score as first met, appearance first, then the report's order."""
    firsts = {key: members[0] for key, members in groups.items()}
    scores = list(dict.fromkeys(key[0] for key in groups))
    differing = {
        score: _differing([e.axes for key, e in firsts.items() if key[0] == score]) for score in scores
    }
    columns = {key: _column(entry, differing[entry.name]) for key, entry in firsts.items()}

    def place(key: Key) -> tuple[int, int, int, str, str, str]:
        column = columns[key]
        kind = KINDS.index(column.kind) if column.kind in KINDS else len(KINDS)
        name = canonical_name(column.dataset)
        known = list(DATASETS).index(name) if name in DATASETS else len(DATASETS)
        return scores.index(column.score), kind, known, column.dataset, column.settings, key[2]

    return {key: columns[key] for key in sorted(columns, key=place)}


def _column(entry: Entry, differing: Sequence[str]) -> Column:
    return Column(
        score=entry.name,
        dataset=entry.result.dataset.name,
        settings=settings_text({name: entry.axes.get(name) for name in differing}),
        kind=entry.result.dataset.kind,
        unit=entry.score.unit,
        higher_is_better=entry.score.higher_is_better,
        published=matching_column(entry.result, entry.full_name),
    )


def settings_text(settings: Mapping[str, Json]) -> str:
    """``uniform, k=20``: the sampling by its name alone, absent values left out."""
    known = {name: value for name, value in settings.items() if value is not None}
    return ", ".join(
        str(value) if name == "sampling" else f"{name}={_short(value)}" for name, value in known.items()
    )


def _short(value: Json) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _differing(all_axes: Sequence[Mapping[str, Json]]) -> list[str]:
    """Settings that do not have the same value everywhere, in the order met."""
    names = dict.fromkeys(name for settings in all_axes for name in settings)
    return [name for name in names if any(s.get(name) != all_axes[0].get(name) for s in all_axes)]


def common_settings(members: Sequence[Entry]) -> str:
    """The settings that every entry shares, as text."""
    first = members[0].axes
    differing = set(_differing([entry.axes for entry in members]))
    return settings_text({name: value for name, value in first.items() if name not in differing})
