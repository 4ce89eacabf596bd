"""Figures that a task left in its result's details: checked against ``docs/results.md``, then drawn."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.report.page import forms
from twlv.results import Result
from twlv.types import Json

TITLES = {
    "timelines": "Localization timelines",
    "strips": "Segmentation strips",
    "key_frames": "Boxes on key frames",
    "confusion": "Confusion",
    "per_class": "Scores by class",
    "direction_histogram": "Forward against reversed",
}

HOW = {
    "timelines": "Time runs to the right. Above what is annotated, below it the most certain predictions: the "
    "more certain, the fuller the bar. Right is what lies under the annotation of its class.",
    "strips": "Time runs to the right. Above the annotated label of every moment, below it the predicted one. "
    "Each run carries the number of its class, and its name where there is room.",
    "key_frames": "Solid: annotated boxes. Dashed: the most certain predicted boxes, with their most likely "
    "labels and scores.",
    "confusion": "Rows are true classes, columns predicted ones, cells count. On the diagonal the answer "
    "is right.",
    "per_class": "The score of each class by itself. Compare backbones by choosing a second one.",
    "direction_histogram": "Held-out decision values of videos as they are and with their frames reversed: the "
    "less the two overlap, the better the backbone knows which way time runs. 0 is undecided.",
}

MOST_FIGURES = 200


def example_figures(results: Sequence[Result]) -> tuple[list[Json], list[str]]:
    """The figures of all results, those of one kind, task and data set in one with a choice of backbone."""
    found: dict[tuple[str, str, str], list[Json]] = {}
    problems: list[str] = []
    for number, result in enumerate(results):
        for key, check in forms.CHECKS.items():
            if key not in result.details:
                continue
            place = key, result.task.name, result.dataset.name
            try:
                made = check(result.details[key])
            except forms.FormError as error:
                problems.append(f"{key} of {_name(result)} is not drawn: {error} (see docs/results.md)")
                continue
            found.setdefault(place, []).append(
                {"name": result.backbone.name, "record": number, "data": made, "unit": _unit(result)}
            )
    left = list(found)[MOST_FIGURES:]
    problems += [f"{key} of {task} on {data} is not drawn: there are too many" for key, task, data in left]
    shown = list(found)[:MOST_FIGURES]
    drawn: list[Json] = [_figure(place, found[place], n) for n, place in enumerate(shown)]
    return drawn, problems


def _name(result: Result) -> str:
    return f"{result.task.name} on {result.dataset.name} with {result.backbone.name}"


def _unit(result: Result) -> str:
    return next((score.unit for score in result.scores.values()), "")


def _figure(place: tuple[str, str, str], items: list[Json], number: int) -> dict[str, Json]:
    key, task, dataset = place
    return {
        "id": f"{key}-{number}",
        "kind": key,
        "title": f"{TITLES[key]}: {task} on {dataset}",
        "how": HOW[key],
        "items": items,
    }
