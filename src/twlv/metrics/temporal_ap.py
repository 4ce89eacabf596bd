"""Detection mean average precision over thresholds of temporal overlap, and recall.

AP of a class: precision as a monotone envelope over recall, summed at every found segment (all points, as in
VOC since 2011). A class without detections has AP 0. mAP is the mean over the classes that have ground
truth, the average the mean over thresholds. Fractions, not percent. Equal to the evaluators named in ``RULES``
to 1e-8 (3e-8 where theirs sums in float32).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twlv.errors import InputError
from twlv.metrics.temporal_matching import by_score, match, overlapping
from twlv.metrics.temporal_segments import RULES, Segments, TruthRules, counted
from twlv.types import DoubleArray, IntArray

THUMOS14_THRESHOLDS: tuple[float, ...] = tuple(np.linspace(0.3, 0.7, 5).tolist())
ACTIVITYNET_THRESHOLDS: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""As the evaluators compute them: 0.4 is 0.39999999999999997, and an overlap of exactly that much counts."""


@dataclass(frozen=True, kw_only=True)
class DetectionScores:
    """What ``detection_scores`` found.

    ``labels`` (C,) the classes with ground truth, in order; ``ap`` (thresholds, C); ``recall`` (thresholds, C,
    K) for each of ``recall_at``; ``num_truth`` (C,) segments that count; ``num_tied`` detections that share
    their score with another of their label, so that their order is that of the rows; ``num_ignored`` detections
    of a label without ground truth.
    """

    thresholds: tuple[float, ...]
    labels: IntArray
    ap: DoubleArray
    recall_at: tuple[int, ...]
    recall: DoubleArray
    num_truth: IntArray
    num_tied: int
    num_ignored: int

    @property
    def mean_ap(self) -> DoubleArray:
        """mAP at each threshold, (thresholds,)."""
        found: DoubleArray = self.ap.mean(axis=1)
        return found

    @property
    def average(self) -> float:
        """Mean of mAP over the thresholds."""
        return float(self.ap.mean())


def detection_scores(
    detections: Segments,
    truth: Segments,
    *,
    thresholds: Sequence[float] = ACTIVITYNET_THRESHOLDS,
    rules: TruthRules = RULES["official"],
    recall_at: Sequence[int] = (1, 5),
) -> DetectionScores:
    """AP of each class and threshold, and recall of the surest k n detections of a video with n segments.

    Videos of ``truth`` without detections count: what is not found lowers recall. Detections in videos without
    ground truth are false.

    Raises:
        InputError: no ground truth counts; a detection of an unknown label under rules that forbid it;
            no thresholds, or one outside (0, 1].
    """
    if not thresholds or not all(0 < threshold <= 1 for threshold in thresholds):
        raise InputError(f"thresholds of overlap are in (0, 1], got {list(thresholds)}")
    truth = counted(truth, rules)
    if not len(truth):
        raise InputError(f"no annotated segment counts under the rules '{rules.name}'")
    labels, classes, num_truth = np.unique(truth.label, return_inverse=True, return_counts=True)
    known = np.isin(detections.label, labels)
    if rules.unknown_labels == "error" and not known.all():
        seen = np.unique(detections.label[~known]).tolist()
        raise InputError(
            f"detections of labels without ground truth: {seen[:10]}; rules '{rules.name}' allow none"
        )
    ranked = by_score(detections.keep(known))
    ranked = ranked.keep(np.argsort(ranked.label, kind="stable"))  # by class, surest first
    bounds = np.searchsorted(ranked.label, np.append(labels, labels[-1] + 1))
    pairs = overlapping(ranked, truth, least=min(thresholds))
    early = _rank_by_segments(ranked, truth)
    ap = np.zeros((len(thresholds), len(labels)))
    recall = np.zeros((len(thresholds), len(labels), len(recall_at)))
    for row, threshold in enumerate(thresholds):
        taken = match(pairs, threshold=threshold, num_detections=len(ranked), num_truth=len(truth))
        ap[row] = _average_precision(taken >= 0, bounds, num_truth)
        for column, k in enumerate(recall_at):
            near = (pairs.overlap >= threshold) & (early[pairs.detection] < k)
            found = np.unique(pairs.truth[near])
            recall[row, :, column] = np.bincount(classes[found], minlength=len(labels)) / num_truth
    return DetectionScores(
        thresholds=tuple(thresholds),
        labels=labels,
        ap=ap,
        recall_at=tuple(recall_at),
        recall=recall,
        num_truth=num_truth,
        num_tied=_tied(ranked),
        num_ignored=int((~known).sum()),
    )


def _average_precision(right: np.ndarray, bounds: IntArray, num_truth: IntArray) -> DoubleArray:
    """AP of each class; ``right`` (n,) of detections sorted by class and score, class c in bounds[c:c+2]."""
    found = np.zeros(len(num_truth))
    for index, (start, end) in enumerate(pairwise(bounds)):
        hits = np.flatnonzero(right[start:end])
        precision = np.arange(1, len(hits) + 1) / (hits + 1)
        envelope = np.maximum.accumulate(precision[::-1])
        found[index] = envelope.sum() / num_truth[index]
    return found


def _rank_by_segments(ranked: Segments, truth: Segments) -> DoubleArray:
    """Place of a detection among those of its video and label, over the number of segments; inf if none."""
    both = np.stack([np.concatenate([ranked.video, truth.video]), np.concatenate([ranked.label, truth.label])])
    groups = np.unique(both, axis=1, return_inverse=True)[1].ravel()
    mine, segments = groups[: len(ranked)], np.bincount(groups[len(ranked) :], minlength=len(groups) + 1)
    order = np.argsort(mine, kind="stable")
    sizes = np.bincount(mine, minlength=1)
    place = np.empty(len(ranked), dtype=np.int64)
    place[order] = np.arange(len(ranked)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    n = segments[mine]
    found: DoubleArray = np.divide(place, n, out=np.full(len(ranked), np.inf), where=n > 0)
    return found


def _tied(ranked: Segments) -> int:
    """Detections whose score another one of their label has."""
    if ranked.score is None or len(ranked) < 2:
        return 0
    same = (ranked.score[1:] == ranked.score[:-1]) & (ranked.label[1:] == ranked.label[:-1])
    return int((np.append(same, False) | np.insert(same, 0, False)).sum())
