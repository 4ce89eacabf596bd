"""A 95 % interval of the average mAP: videos drawn anew, with the matches of their detections as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from twlv.metrics.temporal_matching import by_score, match, overlapping
from twlv.metrics.temporal_segments import Segments, TruthRules, counted
from twlv.types import DoubleArray


def average_map_interval(
    detections: Segments,
    truth: Segments,
    *,
    thresholds: Sequence[float],
    rules: TruthRules,
    num_videos: int,
    seed: int,
    resamples: int = 200,
) -> tuple[float, float]:
    """The 2.5 % and 97.5 % quantile of the average mAP over ``resamples`` draws of ``num_videos`` videos.

    A video that is drawn twice counts twice, in the truth and in the detections. A class that no drawn video
    has is left out of that draw's mean.
    """
    truth = counted(truth, replace(rules, unknown_labels="ignored"))
    labels = np.unique(truth.label)
    ranked = by_score(detections.keep(np.isin(detections.label, labels)))
    ranked = ranked.keep(np.argsort(ranked.label, kind="stable"))
    bounds = np.searchsorted(ranked.label, np.append(labels, labels[-1] + 1))
    pairs = overlapping(ranked, truth, least=min(thresholds))
    hits = [
        match(pairs, threshold=t, num_detections=len(ranked), num_truth=len(truth)) >= 0 for t in thresholds
    ]
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(num_videos, np.full(num_videos, 1 / num_videos), size=resamples).astype(np.float64)
    sums, counts = np.zeros(resamples), np.zeros(resamples)
    for label, (start, end) in zip(labels, pairwise(bounds), strict=True):
        amount = drawn[:, truth.video[truth.label == label]].sum(axis=1)
        weight = _padded(drawn)[:, np.minimum(ranked.video[start:end], num_videos)]
        seen = amount > 0
        counts += seen
        for hit in hits:
            sums[seen] += _average_precision(weight[seen], hit[start:end], amount[seen]) / len(hits)
    values = sums[counts > 0] / counts[counts > 0]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _padded(drawn: DoubleArray) -> DoubleArray:
    """One more column of ones: detections in videos without ground truth are false in every draw."""
    return np.concatenate([drawn, np.ones((len(drawn), 1))], axis=1)


def _average_precision(weight: DoubleArray, hit: np.ndarray, amount: DoubleArray) -> DoubleArray:
    """AP of a class in each draw: ``weight`` (draws, n) of ranked detections, ``amount`` (draws,) of truth."""
    places = np.flatnonzero(hit)
    if not len(places):
        return np.zeros(len(weight))
    own = weight[:, places]
    all_before = np.cumsum(weight, axis=1)[:, places]
    right = np.cumsum(own, axis=1)
    precision = np.divide(right, all_before, out=np.zeros_like(right), where=all_before > 0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    found: DoubleArray = (envelope * own).sum(axis=1) / amount
    return found
