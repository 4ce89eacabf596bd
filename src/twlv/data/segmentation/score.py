"""Anybody's predictions against a folder of labels: the scores of every split and their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twlv.data.segmentation.annotations import SegmentationSet
from twlv.data.segmentation.labels import read_prediction
from twlv.errors import InputError
from twlv.metrics.segmentation import SegmentationScores, count_segmentation
from twlv.metrics.segmentation_runs import EndRule
from twlv.types import IntArray, Json


@dataclass(frozen=True, kw_only=True)
class SegmentationReport:
    """Scores by split (its number; 0 where a set has no splits), fractions. ``notes``: what looks unusual."""

    rules: EndRule
    background: tuple[str, ...]
    splits: Mapping[int, SegmentationScores]
    notes: tuple[str, ...]

    def mean(self) -> dict[str, float]:
        """The mean over the splits of each score, which is what is published."""
        rows = [values(scores) for scores in self.splits.values()]
        return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}

    def to_json(self) -> dict[str, Json]:
        """As one JSON document; fractions, not percent; null where a score is undefined."""
        return {
            "rules": self.rules,
            "background": list(self.background),
            "mean": _plain(self.mean()),
            "splits": [
                {
                    "split": number,
                    **_plain(values(scores)),
                    "num_videos": scores.num_videos,
                    "num_edit": scores.num_edit,
                }
                for number, scores in self.splits.items()
            ],
            "notes": list(self.notes),
        }


def values(scores: SegmentationScores) -> dict[str, float]:
    """The scores of a split by name, in the order in which they are shown."""
    f1 = {f"f1_{100 * threshold:g}": v for threshold, v in zip(scores.thresholds, scores.f1, strict=True)}
    return {"mean_f1": scores.mean_f1, "edit": scores.edit, "accuracy": scores.accuracy, **f1}


def score_segmentation(
    predictions: Path,
    truth: SegmentationSet,
    *,
    background: tuple[str, ...] = (),
    rules: EndRule = "e0",
    split: int | None = None,
) -> SegmentationReport:
    """Score a folder with ``VIDEO.txt`` (or ``VIDEO``) for every video of the test sets.

    ``split``: only this one. A set without splits is scored as a whole.

    Raises:
        InputError: a prediction that is missing (all are counted), shorter than its video, an unknown label,
            class of background or split.
    """
    ignored = truth.indices(background)
    tests = _tests(truth, split)
    videos = list(dict.fromkeys(video for test in tests.values() for video in test))
    files = _files(predictions, videos)
    numbers = {name: index for index, name in enumerate(truth.classes)}
    predicted = [read_prediction(files[video], numbers) for video in videos]
    true = [truth.labels[video] for video in videos]
    notes = [*truth.notes, *_check_lengths(files, videos, predicted, true)]
    counts = count_segmentation(predicted, true, background=ignored, end=rules)
    place = {video: index for index, video in enumerate(videos)}
    scores = {
        number: counts.select([place[video] for video in test]).pooled() for number, test in tests.items()
    }
    notes += [
        f"split {number}: Edit is the mean over {found.num_edit} of {found.num_videos} videos; the others are "
        "background throughout, predicted and true"
        for number, found in scores.items()
        if found.num_edit < found.num_videos
    ]
    return SegmentationReport(rules=rules, background=background, splits=scores, notes=tuple(notes))


def _tests(truth: SegmentationSet, split: int | None) -> dict[int, Sequence[str]]:
    tests: dict[int, Sequence[str]] = {part.number: part.test for part in truth.splits}
    if not tests:
        tests = {0: sorted(truth.labels)}
    if split is None:
        return tests
    if split not in tests:
        raise InputError(f"{truth.root}: no split {split}; there are {', '.join(map(str, tests))}")
    return {split: tests[split]}


def _files(folder: Path, videos: Sequence[str]) -> dict[str, Path]:
    found = {
        video: path for video in videos for path in (folder / video, folder / f"{video}.txt") if path.is_file()
    }
    absent = [video for video in videos if video not in found]
    if absent:
        raise InputError(
            f"{folder}: {len(absent)} of {len(videos)} videos have no prediction, such as {absent[0]}.txt; "
            "none is left out, as that would change the scores; one split alone: --split K"
        )
    return found


def _check_lengths(
    files: Mapping[str, Path],
    videos: Sequence[str],
    predicted: Sequence[IntArray],
    true: Sequence[IntArray],
) -> list[str]:
    """A note on longer predictions, which count in Edit and F1. InputError: a shorter one."""
    extra = [len(ours) - len(theirs) for ours, theirs in zip(predicted, true, strict=True)]
    for video, ours, more in zip(videos, predicted, extra, strict=True):
        if more < 0:
            frames = len(ours) - more
            raise InputError(f"{files[video]}: {len(ours)} labels for {frames} frames; give one for each")
    longer = [more for more in extra if more]
    if not longer:
        return []
    return [
        f"{len(longer)} predictions are longer than their videos, by up to {max(longer)} frames: these take "
        "part in Edit and F1, not in accuracy"
    ]


def _plain(found: Mapping[str, float]) -> dict[str, Json]:
    return {name: None if np.isnan(value) else value for name, value in found.items()}
