"""Detections of a test split against what is annotated: scores, and what explains them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from twlv.metrics.temporal_ap import DetectionScores, detection_scores
from twlv.metrics.temporal_chance import random_detections
from twlv.metrics.temporal_diagnosis import by_length, error_profile
from twlv.metrics.temporal_interval import average_map_interval
from twlv.metrics.temporal_segments import Segments, TruthRules
from twlv.tasks.localization_recipes import LocalizationRecipe
from twlv.tasks.long_videos import segments_of
from twlv.types import DoubleArray, Json, Sample, Score

if TYPE_CHECKING:
    from twlv.heads.actionformer.detect import Detections

SHOWN_VIDEOS = 6
SHOWN_DETECTIONS = 50


@dataclass(frozen=True, kw_only=True)
class Judged:
    """All detections of the test split as rows, what is annotated, and the score of both together.

    Videos are numbered as in ``samples``. ``random`` is the score of as many random detections.
    """

    samples: Sequence[Sample]
    classes: Sequence[str]
    found: Segments
    truth: Segments
    scores: DetectionScores
    random: DetectionScores
    rules: TruthRules


def judge(
    detections: Mapping[str, Detections],
    samples: Sequence[Sample],
    classes: Sequence[str],
    *,
    rules: TruthRules,
    thresholds: Sequence[float],
    seed: int,
) -> Judged:
    """Score detections by video id. Samples without any stay in the truth.

    Detections of labels without a segment in this split are left out and counted, whatever the rules say of
    them: a trained network knows classes that a test split may lack.
    """
    rules = replace(rules, unknown_labels="ignored")
    truth, found = truth_of(samples), rows_of(detections, samples)
    scores = detection_scores(found, truth, thresholds=thresholds, rules=rules)
    chance = random_detections(found, _durations(samples), num_labels=len(classes), seed=seed)
    random = detection_scores(chance, truth, thresholds=thresholds, rules=rules)
    return Judged(
        samples=samples, classes=classes, found=found, truth=truth, scores=scores, random=random, rules=rules
    )


def truth_of(samples: Sequence[Sample]) -> Segments:
    """The annotated segments of the samples, which number the videos."""
    targets = [segments_of(sample) for sample in samples]
    video = np.repeat(np.arange(len(targets)), [len(target.indices) for target in targets])
    ends = np.array([pair for target in targets for pair in target.ends_seconds], dtype=np.float64).reshape(
        -1, 2
    )
    label = np.array([index for target in targets for index in target.indices], dtype=np.int64)
    return Segments(video=video, label=label, start=ends[:, 0], end=ends[:, 1])


def rows_of(detections: Mapping[str, Detections], samples: Sequence[Sample]) -> Segments:
    """The detections as rows, video by video in the order of the samples, the surest last.

    So of equal scores the surer place within a video goes first: the later row does.
    """
    own = [(number, detections[s.video_id]) for number, s in enumerate(samples) if s.video_id in detections]
    counts = [len(found.scores) for _, found in own]
    ends = np.concatenate([np.zeros((0, 2)), *(found.ends_seconds[::-1] for _, found in own)])
    return Segments(
        video=np.repeat(np.array([number for number, _ in own], dtype=np.int64), counts),
        label=np.concatenate([np.zeros(0, dtype=np.int64), *(found.labels[::-1] for _, found in own)]),
        start=ends[:, 0],
        end=ends[:, 1],
        score=np.concatenate([np.zeros(0), *(found.scores[::-1].astype(np.float64) for _, found in own)]),
    )


def scores_of(judged: Judged, task: str, *, coverage: float, seed: int) -> dict[str, Score]:
    """``map_avg`` with an interval over videos, mAP and recall at each threshold, and coverage; in percent."""
    scores, n = judged.scores, len(judged.samples)

    def percent(value: float, ci95: tuple[float, float] | None = None) -> Score:
        return Score(value=100 * value, unit="%", n=n, ci95=ci95)

    low, high = average_map_interval(
        judged.found, judged.truth, thresholds=scores.thresholds, rules=judged.rules, num_videos=n, seed=seed
    )
    found = {f"{task}/map_avg": percent(scores.average, (100 * low, 100 * high))}
    recall = scores.recall.mean(axis=1)
    for row, threshold in enumerate(scores.thresholds):
        found[f"{task}/map_{round(100 * threshold)}"] = percent(float(scores.mean_ap[row]))
    for column, k in enumerate(scores.recall_at):
        found[f"{task}/recall_{k}x"] = percent(float(recall[:, column].mean()))
    found[f"{task}/coverage"] = percent(coverage)
    return found


def explained(judged: Judged, recipe: LocalizationRecipe) -> dict[str, Json]:
    """What explains the number: AP by class, kinds of errors, lengths of segments, example videos."""
    scores = judged.scores
    per_class: dict[str, Json] = {
        judged.classes[label]: round(100 * float(scores.ap[:, row].mean()), 3)
        for row, label in enumerate(scores.labels)
    }
    profile = error_profile(judged.found, judged.truth)
    lengths = by_length(
        judged.found,
        judged.truth,
        edges_seconds=recipe.length_edges_seconds,
        thresholds=scores.thresholds,
        rules=judged.rules,
    )
    return {
        "rules": judged.rules.name,
        "num_videos": len(judged.samples),
        "num_segments": int(scores.num_truth.sum()),
        "num_annotated": len(judged.truth),
        "num_detections": len(judged.found),
        "random_map_avg": 100 * judged.random.average,
        "per_class": per_class,
        "errors": {"kinds_by_amount": {kind: list(shares) for kind, shares in profile.items()}},
        "by_length": [{**row, "num": int(row["num"])} for row in lengths],
        "timelines": timelines(judged),
    }


def timelines(judged: Judged) -> list[Json]:
    """A few example videos, spread over the split: what is annotated, and the surest detections."""
    with_truth = np.unique(judged.truth.video)
    chosen = with_truth[
        np.linspace(0, len(with_truth) - 1, min(SHOWN_VIDEOS, len(with_truth))).round().astype(int)
    ]
    lengths = _durations(judged.samples)
    shown: list[Json] = []
    for number in dict.fromkeys(int(i) for i in chosen):
        truth = judged.truth.keep(judged.truth.video == number)
        found = judged.found.keep(judged.found.video == number)
        score = np.zeros(0) if found.score is None else found.score
        best = np.argsort(-score, kind="stable")[:SHOWN_DETECTIONS]
        last = max([*truth.end.tolist(), *found.end.tolist()], default=0.0)
        shown.append(
            {
                "video_id": judged.samples[number].video_id,
                "duration_seconds": float(lengths[number]) if np.isfinite(lengths[number]) else last,
                "truth": [_bar(judged, truth, row) for row in range(len(truth))],
                "predictions": [
                    {**_bar(judged, found, row), "score": round(float(score[row]), 4)} for row in best
                ],
            }
        )
    return shown


def _bar(judged: Judged, segments: Segments, row: int) -> dict[str, Json]:
    ends: list[Json] = [round(float(segments.start[row]), 3), round(float(segments.end[row]), 3)]
    return {"label": judged.classes[int(segments.label[row])], "segment": ends}


def _durations(samples: Sequence[Sample]) -> DoubleArray:
    """Annotated seconds of each video, (videos + 1,); infinite where unknown."""
    stated = [segments_of(sample).duration_seconds for sample in samples]
    return np.array([np.inf if value is None else value for value in stated] + [np.inf])
