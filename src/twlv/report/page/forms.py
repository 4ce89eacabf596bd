"""The forms of ``docs/results.md``: each check returns what will be drawn, or says what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from twlv.report.page.points import is_picture
from twlv.types import Json

MOST_EXAMPLES, MOST_PREDICTIONS, MOST_RUNS, MOST_CLASSES, MOST_BINS = 8, 50, 2000, 200, 500


class FormError(ValueError):
    """A value that has not the form it should have; the message says which and what was seen."""


def timelines(value: Any) -> Json:
    """Segments of a few videos."""
    return [_timeline(_object(item, "a timeline")) for item in _list(value, "timelines")[:MOST_EXAMPLES]]


def _timeline(item: Mapping[str, Any]) -> Json:
    predictions = [_detection(one) for one in _list(item.get("predictions"), "predictions")]
    predictions.sort(key=lambda one: -float(one["score"]))
    return {
        "video_id": str(item.get("video_id", "")),
        "duration_seconds": _positive(item.get("duration_seconds"), "duration_seconds"),
        "truth": [_segment(_object(one, "a segment")) for one in _list(item.get("truth"), "truth")],
        "predictions": [dict(one) for one in predictions[:MOST_PREDICTIONS]],
    }


def _segment(item: Mapping[str, Any]) -> dict[str, Any]:
    ends = [_number(end, "segment") for end in _list(item.get("segment"), "segment")]
    if len(ends) != 2:
        raise FormError(f"a segment has two ends, got {len(ends)}")
    return {"label": str(item.get("label", "")), "segment": ends}


def _detection(item: Any) -> dict[str, Any]:
    found = _object(item, "a prediction")
    return {**_segment(found), "score": _number(found.get("score"), "score")}


def strips(value: Any) -> Json:
    """Runs of labels of a few videos."""
    return [_strip(_object(item, "a strip")) for item in _list(value, "strips")[:MOST_EXAMPLES]]


def _strip(item: Mapping[str, Any]) -> Json:
    classes = [str(name) for name in _list(item.get("classes"), "classes")]
    return {
        "video_id": str(item.get("video_id", "")),
        "duration_seconds": _positive(item.get("duration_seconds"), "duration_seconds"),
        "classes": list(classes),
        "truth": _runs(item.get("truth"), len(classes)),
        "predicted": _runs(item.get("predicted"), len(classes)),
    }


def _runs(value: Any, classes: int) -> Json:
    return [_run(run, classes) for run in _list(value, "runs")[:MOST_RUNS]]


def _run(run: Any, classes: int) -> Json:
    numbers = [_number(part, "a run") for part in _list(run, "a run")]
    if len(numbers) != 3 or numbers[2] != int(numbers[2]) or not 0 <= numbers[2] < classes:
        raise FormError(f"a run is [start, end, index of one of {classes} classes], got {run!r:.60}")
    return [numbers[0], numbers[1], int(numbers[2])]


def key_frames(value: Any) -> Json:
    """Boxes on a few frames."""
    return [_frame(_object(item, "a key frame")) for item in _list(value, "key_frames")[:MOST_EXAMPLES]]


def _frame(item: Mapping[str, Any]) -> Json:
    truth = [_object(one, "a box") for one in _list(item.get("truth"), "truth")]
    predictions = [_object(one, "a box") for one in _list(item.get("predictions"), "predictions")]
    made: list[Json] = [
        {
            "box": _box(one),
            "label": str(one.get("label", "")),
            "score": _number(one.get("score"), "score"),
        }
        for one in predictions[:MOST_PREDICTIONS]
    ]
    image = item.get("image")
    return {
        "video_id": str(item.get("video_id", "")),
        "time_seconds": _number(item.get("time_seconds"), "time_seconds"),
        "width_px": _positive(item.get("width_px", 320), "width_px"),
        "height_px": _positive(item.get("height_px", 180), "height_px"),
        "image": image if is_picture(image) else "",
        "truth": [
            {"box": _box(one), "labels": [str(name) for name in _list(one.get("labels"), "labels")]}
            for one in truth
        ],
        "predictions": made,
    }


def _box(item: Mapping[str, Any]) -> Json:
    corners = [_number(corner, "box") for corner in _list(item.get("box"), "box")]
    if len(corners) != 4:
        raise FormError(f"a box has four numbers, got {len(corners)}")
    return list(corners)


def confusion(value: Any) -> Json:
    """Counts by true and predicted class."""
    found = _object(value, "confusion")
    classes = [str(name) for name in _list(found.get("classes"), "classes")]
    counts = [
        [_number(n, "counts") for n in _list(row, "counts")] for row in _list(found.get("counts"), "counts")
    ]
    if len(classes) > MOST_CLASSES or {len(counts), *map(len, counts)} != {len(classes)}:
        raise FormError(f"counts of {len(classes)} classes are square, and of up to {MOST_CLASSES} classes")
    return {"classes": list(classes), "counts": [list(row) for row in counts]}


def per_class(value: Any) -> Json:
    """A value for each class."""
    found = _object(value, "per_class")
    return {
        str(name): None if one is None else _number(one, "per_class")
        for name, one in list(found.items())[: 5 * MOST_CLASSES]
    }


def direction_histogram(value: Any) -> Json:
    """Counts of decision values in shared bins."""
    found = _object(value, "direction_histogram")
    edges, forward, backward = (
        [_number(one, name) for one in _list(found.get(name), name)]
        for name in ("edges", "forward", "reversed")
    )
    if not 1 < len(edges) <= MOST_BINS or {len(forward), len(backward)} != {len(edges) - 1}:
        raise FormError("forward and reversed have a count for each bin, edges one value more")
    return {"edges": list(edges), "forward": list(forward), "reversed": list(backward)}


CHECKS: dict[str, Callable[[Any], Json]] = {
    "direction_histogram": direction_histogram,
    "timelines": timelines,
    "strips": strips,
    "key_frames": key_frames,
    "confusion": confusion,
    "per_class": per_class,
}
"""Key of a result's details -> its check, in the order to draw."""


def _object(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise FormError(f"{what} must be an object, got {value!r:.60}")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise FormError(f"{what} must be a list, got {value!r:.60}")
    return list(value)


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FormError(f"{what} must be finite numbers, got {value!r:.60}")
    return value


def _positive(value: Any, what: str) -> float:
    if _number(value, what) <= 0:
        raise FormError(f"{what} must be above 0, got {value}")
    return float(value)
