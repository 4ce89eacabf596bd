"""Frame AP: average precision of boxes on key frames at an overlap of 0.5, of each label, and its mean.

AP of a label pools all frames: precision as a monotone envelope over recall, summed at every person found (all
points, as in VOC since 2010). A label with people of which nothing was detected has AP 0, one without people
has none. The mean is over the labels that have one. Equal to the ActivityNet script for AVA to 1e-12 under the
rules ``official``; that script orders equal scores by chance, here the earlier row goes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twlv.errors import InputError
from twlv.metrics.frame_boxes import RULES, FrameBoxes, FrameRules, Mask
from twlv.metrics.frame_matching import Left, Matched, match_frames
from twlv.types import DoubleArray, IntArray

SIZES: Mapping[str, tuple[float, float]] = {"small": (0.0, 0.1), "medium": (0.1, 0.3), "large": (0.3, np.inf)}
"""Share of the picture that a person's box covers, from (inclusive) and to. Ours: the median of AVA is 0.22."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameScores:
    """What ``frame_ap`` found.

    ``labels`` (C,) those evaluated, in the order given; ``ap`` (C,), NaN for a label that has none;
    ``num_truth`` and ``num_detections`` (C,) that count; ``left`` what does not count and why; ``num_tied``
    detections that share their score with another of their label, so that the order of the rows decides.
    ``by_size`` is the mean AP of people of a size (``SIZES``), and the number of their rows; ``recall`` the
    share of rows found at all.
    """

    labels: IntArray
    ap: DoubleArray
    num_truth: IntArray
    num_detections: IntArray
    left: Left
    num_tied: int
    recall: float
    by_size: Mapping[str, tuple[float, int]]

    @property
    def mean_ap(self) -> float:
        """Frame mAP, in [0, 1]; NaN where no label has an AP."""
        return _mean(self.ap)


def frame_ap(
    detections: FrameBoxes,
    truth: FrameBoxes,
    *,
    labels: IntArray,
    frames: IntArray | None = None,
    excluded: IntArray | None = None,
    rules: FrameRules = RULES["official"],
) -> FrameScores:
    """Score ``detections`` against ``truth`` on the labels that are evaluated.

    ``frames`` are annotated frames with nobody in them (those with people may be among them); ``excluded`` are
    frames on a list of exclusions, of which the official rules know nothing.

    Raises:
        InputError: a label twice, a score or corner that is not finite, or an annotated box that ends before it
            begins.
    """
    if len(np.unique(labels)) != len(labels):
        raise InputError(f"labels to evaluate are named twice: {labels.tolist()}")
    none = np.zeros(0, dtype=np.int64)
    matched = match_frames(
        detections,
        truth,
        labels=labels,
        frames=none if frames is None else frames,
        excluded=none if excluded is None else excluded,
        rules=rules,
    )
    ap, num_truth, num_detections = _of_labels(matched, labels, rules)
    people = max(len(matched.truth), 1)
    return FrameScores(
        labels=labels,
        ap=ap,
        num_truth=num_truth,
        num_detections=num_detections,
        left=matched.left,
        num_tied=_tied(matched.detections),
        recall=float((matched.found >= 0).sum() / people),
        by_size={name: _of_size(matched, labels, rules, *ends) for name, ends in SIZES.items()},
    )


def _of_labels(matched: Matched, labels: IntArray, rules: FrameRules) -> tuple[DoubleArray, IntArray, IntArray]:
    """AP, number of people and of detections of each label."""
    order = np.argsort(labels, kind="stable")
    ours = np.searchsorted(labels[order], matched.detections.label)
    theirs = np.searchsorted(labels[order], matched.truth.label)
    ranked = np.argsort(ours.astype(np.int16), kind="stable")  # by label, the surest first
    num_detections, num_truth = (np.bincount(index, minlength=len(labels)) for index in (ours, theirs))
    bounds = np.append(0, np.cumsum(num_detections))
    right = matched.found[ranked] >= 0
    ap = np.array(
        [
            average_precision(right[start:end], int(people))
            for (start, end), people in zip(pairwise(bounds), num_truth, strict=True)
        ]
    )
    if rules.undetected == "left_out":
        ap[num_detections == 0] = np.nan
    back = np.argsort(order, kind="stable")
    return ap[back], num_truth[back], num_detections[back]


def average_precision(right: Mask, num_truth: int) -> float:
    """AP of detections in the order of their scores, of which ``right`` (n,) found somebody; NaN for nobody."""
    if not num_truth:
        return float("nan")
    hits = np.flatnonzero(right)
    precision = np.arange(1, len(hits) + 1) / (hits + 1)
    return float(np.maximum.accumulate(precision[::-1]).sum() / num_truth)


def _of_size(
    matched: Matched, labels: IntArray, rules: FrameRules, least: float, below: float
) -> tuple[float, int]:
    """Mean AP of the people of a size: who found somebody of another size neither helps nor harms."""
    area = matched.truth.area
    truth = (area >= least) & (area < below)
    own = matched.detections.area
    found = matched.found
    kept = np.where(found >= 0, truth[found] if len(truth) else False, (own >= least) & (own < below))
    part = Matched(
        detections=matched.detections.keep(kept),
        truth=matched.truth.keep(truth),
        found=found[kept],
        left=matched.left,
    )
    return _mean(_of_labels(part, labels, rules)[0]), int(truth.sum())


def _mean(ap: DoubleArray) -> float:
    have = ap[~np.isnan(ap)]
    return float(have.mean()) if len(have) else float("nan")


def _tied(ranked: FrameBoxes) -> int:
    """Detections whose score another one of their label has."""
    if ranked.score is None or len(ranked) < 2:
        return 0
    order = np.argsort(ranked.label, kind="stable")
    score, label = ranked.score[order], ranked.label[order]
    same = (score[1:] == score[:-1]) & (label[1:] == label[:-1])
    return int((np.append(same, False) | np.insert(same, 0, False)).sum())
