"""From boxes and probabilities on key frames to the scores of an Outcome, in percent.

A key frame without an embedding keeps its people in the denominator and has no detection; the same score on the
embedded ones stands beside, named ``..._decoded``.

Axis letters: F key frames, S queries, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from twlv.metrics.frame_ap import FrameScores, frame_ap
from twlv.metrics.frame_boxes import RULES, FrameBoxes
from twlv.metrics.frame_interval import mean_ap_interval
from twlv.metrics.frame_matching import match_frames
from twlv.tasks.key_frames import boxes_of
from twlv.types import DoubleArray, FloatArray, IntArray, Sample, Score

if TYPE_CHECKING:
    from twlv.heads.stal.answers import Answers

MOST_ROWS = 50
"""Detections kept of a key frame: the official evaluator reads no more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """``frames`` are all key frames of the test, those without an embedding last; detections number them."""

    frames: tuple[Sample, ...]
    detections: FrameBoxes
    scores: FrameScores
    score: Score


def judge(
    answers: Answers, samples: Sequence[Sample], missing: Sequence[Sample], labels: IntArray, *, seed: int
) -> Judged:
    """Score the answers for ``samples``; ``missing`` have people and no answer. ``labels`` are evaluated.

    By the official rules detections on key frames with nobody, of any label, do not count: no row names them.
    """
    frames = (*samples, *missing)
    truth = truth_of(frames)
    detections = detections_of(answers.xyxy, answers.scores, labels)
    none, rules = np.zeros(0, np.int64), RULES["official"]
    scores = frame_ap(detections, truth, labels=labels, rules=rules)
    matched = match_frames(detections, truth, labels=labels, frames=none, excluded=none, rules=rules)
    value = scores.mean_ap
    interval = None
    if np.isfinite(value):
        low, high = mean_ap_interval(matched, labels, clusters_of(frames), seed=seed)
        interval = (100.0 * low, 100.0 * high)
    return Judged(
        frames=frames,
        detections=detections,
        scores=scores,
        score=Score(value=100.0 * value, unit="%", n=len(frames), ci95=interval),
    )


def mean_ap(answers: Answers, samples: Sequence[Sample], labels: IntArray) -> float | None:
    """The score of these key frames alone, in percent; None where nobody is in them."""
    found = frame_ap(detections_of(answers.xyxy, answers.scores, labels), truth_of(samples), labels=labels)
    return 100.0 * found.mean_ap if np.isfinite(found.mean_ap) else None


def truth_of(frames: Sequence[Sample]) -> FrameBoxes:
    """One row for each person and label; frame i is that of ``frames[i]``."""
    targets = [boxes_of(sample) for sample in frames]
    found = [np.nonzero(target.labels) for target in targets]
    empty = np.zeros((0, 4))
    return FrameBoxes(
        frame=np.repeat(np.arange(len(frames)), [len(person) for person, _ in found]),
        label=np.concatenate([label for _, label in found] or [np.zeros(0, np.int64)]).astype(np.int64),
        xyxy=np.concatenate(
            [target.xyxy[person] for target, (person, _) in zip(targets, found, strict=True)] or [empty]
        ).astype(np.float64),
    )


def detections_of(xyxy: DoubleArray, scores: FloatArray, labels: IntArray) -> FrameBoxes:
    """The surest 50 rows of each key frame over ``labels``, the surest first; none of a box without area."""
    flat = np.any(xyxy[..., 2:] <= xyxy[..., :2], axis=-1)
    chosen, values = [np.zeros(0, np.int64)], [np.zeros(0)]
    rows = scores.shape[1] * len(labels)
    for number, each in enumerate(scores):
        own = np.where(flat[number, :, None], -1.0, each[:, labels].astype(np.float64)).ravel()
        order = np.argsort(-own, kind="stable")[:MOST_ROWS]
        order = order[own[order] >= 0]
        chosen.append(order + number * rows)
        values.append(own[order])
    row = np.concatenate(chosen)
    frame, query = row // rows, row % rows // len(labels)
    label = labels[row % len(labels)]
    return FrameBoxes(frame=frame, label=label, xyxy=xyxy[frame, query], score=np.concatenate(values))


def clusters_of(frames: Sequence[Sample]) -> npt.NDArray[np.str_]:
    """What key frames share their luck: their group, else their file; each by itself where all share one."""
    found = np.array([sample.group or sample.path for sample in frames])
    return found if len(set(found.tolist())) > 1 else np.array([sample.video_id for sample in frames])
