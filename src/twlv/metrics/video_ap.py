"""Video AP: average precision of tubes over a threshold of their overlap, of each label, and its mean.

Name the protocol beside the number: on the same tubes of UCF101-24, ``act`` gives 0.80, 0.27 and 0.01 at 0.2,
0.5 and 0.75, ``multisports`` 0.80, 0.36 and 0.01.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twlv.errors import InputError
from twlv.metrics.frame_ap import average_precision
from twlv.metrics.tubes import RULES, Tube, TubeRules, overlap
from twlv.types import DoubleArray

THRESHOLDS = (0.2, 0.5, 0.75)
STRICT_THRESHOLDS: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""What is published as 0.5:0.95."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TubeScores:
    """``ap`` (thresholds, C) of the ``labels`` (C,) that have tubes; ``num_truth`` (C,); ``rules`` by name."""

    rules: str
    thresholds: tuple[float, ...]
    labels: tuple[int, ...]
    ap: DoubleArray
    num_truth: tuple[int, ...]
    num_suppressed: int

    @property
    def mean_ap(self) -> DoubleArray:
        """Video mAP at each threshold, (thresholds,)."""
        found: DoubleArray = self.ap.mean(axis=1)
        return found


def video_ap(
    detections: Sequence[Tube],
    truth: Sequence[Tube],
    *,
    rules: TubeRules = RULES["act"],
    thresholds: Sequence[float] = THRESHOLDS,
) -> TubeScores:
    """Score detected tubes; those of equal scores go in their order.

    Raises:
        InputError: no true tube, or a threshold outside (0, 1].
    """
    if not truth or not all(0 < threshold <= 1 for threshold in thresholds):
        raise InputError(f"needs true tubes ({len(truth)} given) and thresholds in (0, 1], got {thresholds}")
    kept = list(detections) if rules.least_suppressed is None else suppressed(detections, rules)
    labels = sorted({tube.label for tube in truth})
    rows = [
        [_of_label(kept, truth, label, float(threshold), rules) for label in labels] for threshold in thresholds
    ]
    return TubeScores(
        rules=rules.name,
        thresholds=tuple(map(float, thresholds)),
        labels=tuple(labels),
        ap=np.array(rows),
        num_truth=tuple(sum(tube.label == label for tube in truth) for label in labels),
        num_suppressed=len(detections) - len(kept),
    )


def suppressed(detections: Sequence[Tube], rules: TubeRules) -> list[Tube]:
    """The detections without those that a surer one of their video and label overlaps too much, in order."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index in sorted(range(len(detections)), key=lambda i: -detections[i].score):
        tube = detections[index]
        mine = groups[tube.video, tube.label]
        limit = 1.0 if rules.least_suppressed is None else rules.least_suppressed
        if all(overlap(tube, detections[other], rules) <= limit for other in mine):
            mine.append(index)
    return [detections[index] for index in sorted(i for group in groups.values() for i in group)]


def _of_label(
    detections: Sequence[Tube], truth: Sequence[Tube], label: int, threshold: float, rules: TubeRules
) -> float:
    true: dict[str, list[Tube]] = defaultdict(list)
    for tube in truth:
        if tube.label == label:
            true[tube.video].append(tube)
    free = {video: [True] * len(tubes) for video, tubes in true.items()}
    ranked = sorted((tube for tube in detections if tube.label == label), key=lambda tube: -tube.score)
    right = np.zeros(len(ranked), dtype=bool)
    for row, tube in enumerate(ranked):
        open_ = free.get(tube.video, [])
        overlaps = [
            overlap(one, tube, rules) if rules.points_at_taken or is_free else -1.0
            for one, is_free in zip(true.get(tube.video, []), open_, strict=True)
        ]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and overlaps[best] >= threshold and open_[best]:
            right[row], open_[best] = True, False
    num_truth = sum(map(len, true.values()))
    return average_precision(right, num_truth) if rules.interpolated else _trapezoids(right, num_truth)


def _trapezoids(right: np.ndarray, num_truth: int) -> float:
    """Area under precision over recall from (0, 1) on, point to point."""
    hits = np.cumsum(right)
    recall = np.append(0.0, hits / num_truth)
    precision = np.append(1.0, hits / np.arange(1, len(right) + 1))
    return float((np.diff(recall) * (precision[1:] + precision[:-1]) / 2).sum())
