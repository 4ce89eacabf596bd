"""Appearance against motion, the report's Figure 2 as data: for each backbone the mean score of either kind.

A kind's score is the plain mean of one score (``knn/top1``) over the data sets of that kind, every set alike.
Backbones are compared over the same sets only: who lacks one is listed with what is lacking, and gets no point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from twlv.results.ability import KINDS, Abilities, Ability, Mean, Part, mean_of
from twlv.results.canonical import digest
from twlv.results.compare import axes, base_name, identity_of_measurement
from twlv.results.files import file_name
from twlv.results.published import APPEARANCE, MOTION, PublishedRecord, column
from twlv.results.result import Result
from twlv.types import Score

DIRECTION = "motion_direction/auc"

Key: TypeAlias = tuple[str, str]
"""Kind and name of a set."""

Sets: TypeAlias = tuple[Key, ...]

About: TypeAlias = tuple[str, bool, tuple[Part, ...]]
"""Of a backbone: its name, whether its weights are random, its motion-direction scores."""


def abilities(
    results: Iterable[Result], *, datasets: Sequence[str] | None = None, mix: bool = False
) -> tuple[Abilities, ...]:
    """The pictures that these results allow, one for each top-1 score and its settings.

    The sets compared are ``datasets``, or else those of the backbone whose sets the most backbones have
    (then the larger choice, then the first met). Results of one set that are not comparable (other
    annotations, splits, or videos without an embedding) are different sets unless ``mix``. Of several results
    for one backbone and set the one with most videos used counts, then the smallest seeds.
    """
    everything = list(results)
    found: dict[tuple[str, str], dict[str, dict[Key, list[Result]]]] = {}
    eligible = [result for result in everything if result.dataset.kind in KINDS and _score(result)]
    names = _set_names(eligible, mix)
    for result in eligible:
        place = found.setdefault((base_name(_score(result)), _settings(result)), {})
        key = result.dataset.kind, names[id(result)]
        place.setdefault(repr(result.backbone), {}).setdefault(key, []).append(result)
    about = _about(everything)
    pictures = []
    for (score, settings), by_backbone in found.items():
        table = {
            backbone: {key: _part(min(several, key=_preference)) for key, several in sets.items()}
            for backbone, sets in by_backbone.items()
        }
        pictures.append(_picture(score, settings, table, about, datasets))
    return tuple(pictures)


def published_abilities(table: int = 3) -> Abilities:
    """The report's own points: top-1 of linear (table 3) or attentive probing (5).

    Appearance is the mean of K400 and MiT, motion that of SSv2 and DV48, as its tables call them.
    The report does not say which table Figure 2 is drawn from; linear probing is inferred from its headline.
    """
    found: dict[str, dict[Key, Part]] = {}
    for kind, names in zip(KINDS, (APPEARANCE, MOTION), strict=True):
        for name in names:
            for record in column(table, name, "top1"):
                found.setdefault(" ".join(filter(None, record.model)), {})[kind, name] = _printed(record)
    wanted = (*APPEARANCE, *MOTION)
    task = {3: "linear_probe", 5: "attentive_probe"}.get(table, f"table {table}")
    return _picture(f"{task}/top1", "as published", found, {name: (name, False, ()) for name in found}, wanted)


def _picture(
    score: str,
    settings: str,
    table: Mapping[str, Mapping[Key, Part]],
    about: Mapping[str, About],
    datasets: Sequence[str] | None,
) -> Abilities:
    """Everything that follows from the parts: backbone -> (kind, set) -> part."""
    every: Sets = tuple(dict.fromkeys(key for sets in table.values() for key in sets))
    chosen = _common(table) if datasets is None else tuple(key for key in every if key[1] in datasets)
    rows = []
    for backbone, sets in table.items():
        label, untrained, direction = about[backbone]
        means = [_mean(sets, [key for key in chosen if key[0] == kind]) for kind in KINDS]
        rows.append(
            Ability(
                backbone=label,
                appearance=means[0],
                motion=means[1],
                lacks=tuple(key[1] for key in chosen if key not in sets),
                direction=direction,
                untrained=untrained,
            )
        )
    units = {part.score.unit for sets in table.values() for part in sets.values()}
    return Abilities(
        score=score,
        unit=" or ".join(sorted(units)),
        settings=settings,
        appearance_sets=tuple(name for kind, name in chosen if kind == "appearance"),
        motion_sets=tuple(name for kind, name in chosen if kind == "motion"),
        backbones=tuple(rows),
        left_out=tuple(name for kind, name in every if (kind, name) not in chosen),
    )


def _common(table: Mapping[str, Mapping[Key, Part]]) -> Sets:
    """Of the backbones' own choices of sets the one that the most backbones have, then the larger one."""
    choices = [tuple(sets) for sets in table.values() if {kind for kind, _ in sets} == set(KINDS)]
    if not choices:  # nobody has both kinds: everything is lacking somewhere
        return tuple(dict.fromkeys(key for sets in table.values() for key in sets))
    return max(choices, key=lambda keys: (sum(set(keys) <= set(sets) for sets in table.values()), len(keys)))


def _mean(sets: Mapping[Key, Part], keys: Sequence[Key]) -> Mean | None:
    return mean_of([sets[key] for key in keys]) if keys and all(key in sets for key in keys) else None


def _part(result: Result, name: str = "") -> Part:
    classes, score = result.dataset.num_classes, result.scores[name or _score(result)]
    return Part(
        dataset=result.dataset.name,
        score=score,
        coverage=result.coverage_fraction,
        contaminated=result.contaminated,
        chance=100 / classes if classes and score.unit == "%" else None,
        source=result.file or file_name(result),
    )


def _printed(record: PublishedRecord) -> Part:
    return Part(
        dataset=record.dataset,
        score=Score(value=record.value, unit="%", n=0),
        contaminated=record.dagger,
        source=f"report, table {record.table}" + (", quoted" if record.quoted else ""),
    )


def _preference(result: Result) -> tuple[int, list[tuple[str, int]], str]:
    return -result.coverage.used, sorted(result.seeds.items()), file_name(result)


def _score(result: Result) -> str:
    """The name of its first score if that is a top-1, else empty."""
    first = next(iter(result.scores), "")
    return first if base_name(first).endswith("/top1") else ""


def _settings(result: Result) -> str:
    """The settings that give a column of its own, as in the report's tables."""
    found = axes(result, _score(result))
    return ", ".join(f"{name}={value}" for name, value in found.items() if value is not None)


def _set_names(results: Sequence[Result], mix: bool) -> dict[int, str]:
    """By ``id`` of the result the name of its set; not comparable measurements of one set get numbers."""
    found: dict[str, dict[str, int]] = {}
    names = {}
    for result in results:
        name, task = result.dataset.name, f"{result.dataset.name} {result.task.name}"
        seen = found.setdefault(task, {})
        number = 0 if mix else seen.setdefault(digest(identity_of_measurement(result)), len(seen))
        names[id(result)] = f"{name} (measured otherwise, {number})" if number else name
    return names


def _about(results: Sequence[Result]) -> dict[str, About]:
    """By backbone its name (a second card of one name gets a number), and what else is known of it."""
    found: dict[str, About] = {}
    counts: dict[str, int] = {}
    directions = _directions(results)
    for card in {repr(result.backbone): result.backbone for result in results}.values():
        counts[card.name] = counts.get(card.name, 0) + 1
        name = card.name if counts[card.name] == 1 else f"{card.name} #{counts[card.name]}"
        found[repr(card)] = name, card.weights.startswith("random"), directions.get(repr(card), ())
    return found


def _directions(results: Sequence[Result]) -> dict[str, tuple[Part, ...]]:
    """Motion-direction scores by backbone; of a data set the result with most videos."""
    found: dict[str, dict[str, Result]] = {}
    for result in sorted((r for r in results if DIRECTION in r.scores), key=_preference):
        found.setdefault(repr(result.backbone), {}).setdefault(result.dataset.name, result)
    return {
        backbone: tuple(_part(result, DIRECTION) for result in by_set.values())
        for backbone, by_set in found.items()
    }
