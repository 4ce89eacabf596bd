"""Answers video by video: what is confused with what, and where two backbones differ, class by class."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.report.cells import row_names
from twlv.report.columns import settings_text
from twlv.results import Result, axes
from twlv.results.canonical import digest
from twlv.results.compare import identity_of_measurement
from twlv.types import Json

MOST_ANSWERS = 300_000
"""Over all figures of one page; results beyond it are named and not drawn."""

HOW = (
    "Confusion: videos by true and by predicted class; on the diagonal the answer is right. Videos that were "
    "not decoded stand under 'none'. Differences: for each class the share of its videos that the first "
    "backbone gets right less that of the second, with a 95 % interval (Agresti and Min, 2005), which takes "
    "videos for independent: an interval that holds 0 shows no difference."
)


def answer_figures(results: Sequence[Result]) -> tuple[list[Json], list[str]]:
    """A figure for each task and data set with answers; backbones over exactly the same videos share one."""
    names = row_names(results) if results else {}
    groups: dict[str, list[Result]] = {}
    for result in results:
        if len(result.predictions):
            groups.setdefault(_key(result), []).append(result)
    drawn: list[Json] = []
    problems: list[str] = []
    used = 0
    for members in groups.values():
        used += sum(len(result.predictions) for result in members)
        if used > MOST_ANSWERS:
            problems.append(f"answers of {_title(members[0])} are not drawn: more than the page can hold")
            continue
        drawn.append(_figure(members, [names[repr(result.backbone)] for result in members], len(drawn)))
    return drawn, problems


def _key(result: Result) -> str:
    """Task, data set, settings, and which videos with which true classes."""
    answers = sorted(zip(result.predictions.video_ids, result.predictions.truth, strict=True))
    score = next(iter(result.scores), "")
    return digest([identity_of_measurement(result), axes(result, score), [list(pair) for pair in answers]])


def _title(result: Result) -> str:
    return f"{result.task.name} on {result.dataset.name}"


def _figure(members: Sequence[Result], names: Sequence[str], number: int) -> dict[str, Json]:
    first = members[0]
    order = sorted(range(len(first.predictions)), key=lambda row: first.predictions.video_ids[row])
    predictions = first.predictions
    groups = {group for group in predictions.groups if group}
    clustered = bool(groups) and len(groups) < len(predictions)
    settings = settings_text(axes(first, next(iter(first.scores), "")))
    return {
        "id": f"answers-{number}",
        "kind": "answers",
        "title": f"Answers: {_title(first)}",
        "how": HOW + (" Videos here come in groups, so true intervals are wider." if clustered else ""),
        "settings": settings,
        "classes": class_names(first),
        "videos": [predictions.video_ids[row] for row in order],
        "truth": [predictions.truth[row] for row in order],
        "backbones": [
            {"name": name, "predicted": _predicted(result)} for name, result in zip(names, members, strict=True)
        ],
    }


def _predicted(result: Result) -> list[Json]:
    """Predicted class by video id in order; -1: not decoded."""
    found = dict(zip(result.predictions.video_ids, result.predictions.predicted, strict=True))
    answers = (found[video_id] for video_id in sorted(found))
    return [-1 if answer is None else answer for answer in answers]


def class_names(result: Result) -> list[Json]:
    """The labels by index; ``class 7`` where the result does not keep them."""
    kept = result.details.get("class_names")
    indices = [*result.predictions.truth, *(p for p in result.predictions.predicted if p is not None)]
    count = max([result.dataset.num_classes, *(index + 1 for index in indices)])
    known = [str(name) for name in kept] if isinstance(kept, list) else []
    return [known[index] if index < len(known) else f"class {index}" for index in range(min(count, 100_000))]
