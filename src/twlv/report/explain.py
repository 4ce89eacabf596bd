"""What is said below a table: contamination, settings that columns share, what differs, meanings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.report.columns import Entry, Key, common_settings
from twlv.report.meanings import meaning
from twlv.report.model import DAGGER, Footnotes
from twlv.report.text import clean
from twlv.results import Result
from twlv.results.compare import circumstances


def explain(results: Sequence[Result], groups: Mapping[Key, Sequence[Entry]], notes: Footnotes) -> None:
    """Add the footnotes that belong to no single cell."""
    for result in results:
        if result.contaminated:
            notes.fixed(
                DAGGER,
                f"{clean(result.backbone.name)} was pretrained on {clean(', '.join(result.contaminated_by))}, "
                f"which overlaps with {clean(result.dataset.name)}",
            )
        if result.backbone.weights.startswith("random"):  # "random, seed 0"
            notes.fixed(
                "mind",
                f"{clean(result.backbone.name)} has random weights, untrained: its numbers are no result",
            )
    by_settings: dict[str, list[str]] = {}
    for score, members in _by_score(groups).items():
        by_settings.setdefault(common_settings(members), []).append(score)
    for text, scores in by_settings.items():
        if text:
            notes.fixed("settings", clean(f"{', '.join(scores)}: {text}"))
    for (_, dataset, _), group in groups.items():
        for text in _circumstances(group):
            notes.fixed("mind", f"{clean(dataset)}: {text}")


def _by_score(groups: Mapping[Key, Sequence[Entry]]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for (score, _, _), members in groups.items():
        found.setdefault(score, []).extend(members)
    return found


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


def meanings(groups: Mapping[Key, Sequence[Entry]]) -> tuple[tuple[str, str], ...]:
    """(scores, what they mean and the level of chance); scores that mean the same stand together."""
    found: dict[str, list[str]] = {}
    for name, members in _by_score(groups).items():
        text = meaning(
            name,
            unit=clean(members[0].score.unit),
            higher_is_better=members[0].score.higher_is_better,
            classes={clean(e.result.dataset.name): e.result.dataset.num_classes for e in members},
        )
        found.setdefault(text, []).append(clean(name))
    return tuple((", ".join(names), text) for text, names in found.items())
