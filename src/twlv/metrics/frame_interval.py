"""How much of a frame AP is luck of the videos: key frames of one video share it, so whole videos are drawn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from twlv.metrics.frame_matching import Matched
from twlv.metrics.interval import cluster_bootstrap
from twlv.types import DoubleArray, IntArray

RESAMPLES, FEW_RESAMPLES, MANY_ROWS = 1000, 100, 200_000


def mean_ap_interval(
    matched: Matched, labels: IntArray, clusters: npt.NDArray[np.str_], *, seed: int
) -> tuple[float, float]:
    """The 95 % interval of the mean AP, in [0, 1], by drawing ``clusters`` (F,) of the key frames 0 ... F - 1.

    1,000 draws; 100 where there are more than 200,000 detections.
    """
    resamples = RESAMPLES if len(matched.detections) <= MANY_ROWS else FEW_RESAMPLES
    return cluster_bootstrap(weighted_mean_ap(matched, labels), clusters, seed=seed, resamples=resamples)


def weighted_mean_ap(matched: Matched, labels: IntArray) -> Callable[[DoubleArray], float]:
    """The mean AP as a function of the weight of each key frame (F,); equal weights give ``frame_ap``'s."""
    place = {int(label): index for index, label in enumerate(labels)}
    ours, theirs = (
        np.array([place[label] for label in boxes.label.tolist()], dtype=np.int64)
        for boxes in (matched.detections, matched.truth)
    )
    ranked = np.argsort(ours, kind="stable")
    frame, right = matched.detections.frame[ranked], matched.found[ranked] >= 0
    bounds = np.append(0, np.cumsum(np.bincount(ours, minlength=len(labels))))

    def mean_ap(weights: DoubleArray) -> float:
        people = np.bincount(theirs, weights=weights[matched.truth.frame], minlength=len(labels))
        weight = weights[frame]
        found = [
            _ap(weight[start:end], right[start:end]) / total
            for (start, end), total in zip(pairwise(bounds), people, strict=True)
            if total > 0
        ]
        return float(np.mean(found)) if found else float("nan")

    return mean_ap


def _ap(weight: DoubleArray, right: npt.NDArray[np.bool_]) -> float:
    """Sum of the envelope of precision over those found; not yet divided by the weight of all people."""
    hits = weight * right
    every = np.cumsum(weight)
    precision = np.divide(np.cumsum(hits), every, out=np.zeros_like(every), where=every > 0)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((hits * envelope).sum())
