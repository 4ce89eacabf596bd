"""What an Outcome keeps of a segmentation for figures: strips, confusion, classes, boundaries.

The forms of ``strips``, ``confusion`` and ``per_class`` are those of docs/results.md. Bounded in size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twlv.metrics.segmentation import THRESHOLDS
from twlv.metrics.segmentation_classes import boundary_f1, class_f1, frame_confusion
from twlv.metrics.segmentation_runs import runs_of
from twlv.tasks.segmentation_scores import Answered, Counting
from twlv.tasks.segmentation_table import LabelledVideo
from twlv.types import IntArray, Json

TOLERANCES_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
EXAMPLES = 8
_MOST_RUNS = 400  # of an example
_MOST_CLASSES = 200  # of a confusion


def figures(splits: Sequence[Answered], classes: Sequence[str], counting: Counting) -> dict[str, Json]:
    """``strips``, ``confusion``, ``per_class`` and ``boundary_f1`` of all splits, decoded videos only."""
    videos = [video for split in splits for video in split.test.videos]
    predicted = [labels for split in splits for labels in split.predicted]
    true = [video.labels for video in videos]
    curve = boundary_f1(predicted, true, [video.fps for video in videos], TOLERANCES_SECONDS)
    each = class_f1(
        predicted,
        true,
        len(classes),
        background=counting.background,
        end=counting.rules,
        thresholds=THRESHOLDS,
    )
    found: dict[str, Json] = {
        "strips": strips(videos, predicted, classes),
        "per_class": {
            name: 100 * float(value) for name, value in zip(classes, each, strict=True) if not np.isnan(value)
        },
        "boundary_f1": {
            "tolerances_seconds": list(TOLERANCES_SECONDS),
            "f1": [None if np.isnan(value) else 100 * float(value) for value in curve],
        },
    }
    if len(classes) <= _MOST_CLASSES:
        counts = frame_confusion(predicted, true, len(classes)).tolist()
        found["confusion"] = {"classes": list(classes), "counts": counts}
    return found


def strips(
    videos: Sequence[LabelledVideo], predicted: Sequence[IntArray], classes: Sequence[str]
) -> list[Json]:
    """True and predicted runs of a few videos, from the one with most frames wrong to the best, evenly."""
    found = []
    for video, labels in zip(videos, predicted, strict=True):
        own = labels[: len(video.labels)]
        wrong = float(np.mean(own != video.labels))
        runs = [_runs(part, video.fps) for part in (video.labels, own)]
        if max(map(len, runs)) <= _MOST_RUNS:
            found.append((-wrong, video, runs))
    found.sort(key=lambda item: (item[0], item[1].video_id))
    chosen = np.unique(np.linspace(0, len(found) - 1, min(EXAMPLES, len(found))).round().astype(int))
    return [
        {
            "video_id": found[i][1].video_id,
            "duration_seconds": len(found[i][1].labels) / found[i][1].fps,
            "classes": list(classes),
            "truth": found[i][2][0],
            "predicted": found[i][2][1],
        }
        for i in chosen
    ]


def _runs(labels: IntArray, fps: float) -> list[Json]:
    runs = runs_of([labels], end="e1")
    ends = zip((runs.starts / fps).tolist(), (runs.ends / fps).tolist(), runs.labels.tolist(), strict=True)
    return [[round(start, 4), round(end, 4), label] for start, end, label in ends]
