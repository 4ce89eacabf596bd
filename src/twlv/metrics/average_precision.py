"""Average precision of several labels a video (Charades): how well each class ranks the videos that have it.

For a class, the videos are ranked by its score; AP = sum over thresholds of (R_k - R_k-1) P_k, with P and R the
precision and recall of all videos at or above the k-th distinct score. Videos with equal scores are taken
together, so that AP does not depend on the order of the videos. It is not interpolated; scikit-learn's
``average_precision_score`` is the same sum. mAP is the plain mean over the classes that any video has.

Axis letters: n videos, C classes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.types import DoubleArray, IntArray

Scores = npt.NDArray[np.floating[Any]]
Truth = npt.NDArray[np.bool_]
Labels: TypeAlias = IntArray | Truth
"""What is true of n videos: the class of each, (n,), or which classes each has, (n, C)."""


class Ranking:
    """Videos ranked once for each class, so that many weightings of the videos (a bootstrap) cost little.

    ``scores`` (n, C), larger is surer; -inf ranks a video without an answer last. ``truth`` (n, C).

    Raises:
        InputError: shapes that do not fit, or a score that is NaN.
    """

    def __init__(self, scores: Scores, truth: Truth) -> None:
        if scores.ndim != 2 or scores.shape != truth.shape:
            raise InputError(
                f"scores and truth must both be (videos, classes), got {scores.shape} and {truth.shape}"
            )
        if np.isnan(scores).any():
            row = int(np.flatnonzero(np.isnan(scores).any(axis=1))[0])
            raise InputError(f"class scores of row {row} hold NaN, so they have no order")
        self._order = np.argsort(-scores, axis=0, kind="stable")
        self._hits = np.take_along_axis(truth.astype(bool), self._order, axis=0)
        self._last = _last_of_equals(np.take_along_axis(scores, self._order, axis=0))

    def each(self, weight: DoubleArray | None = None) -> DoubleArray:
        """AP of each class, (C,) in [0, 1]; a video counts ``weight`` (n,) times; NaN where no video has it."""
        shared = np.ones(len(self._order)) if weight is None else weight
        own = shared[self._order]
        gained = own * self._hits
        found, seen = np.cumsum(gained, axis=0), np.cumsum(own, axis=0)
        if not len(found):
            return np.full(found.shape[1], np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.nan_to_num(found / seen)  # before any video counts there is nothing to be precise of
            sums: DoubleArray = (gained * np.take_along_axis(precision, self._last, axis=0)).sum(axis=0)
            each: DoubleArray = sums / found[-1]
        return each

    def mean(self, weight: DoubleArray | None = None) -> float:
        """Mean of ``each`` over the classes that any video has; NaN if there is none."""
        found = self.each(weight)
        present = ~np.isnan(found)
        return float(found[present].mean()) if present.any() else float("nan")


def average_precision(scores: Scores, truth: Truth) -> DoubleArray:
    """AP of each class in [0, 1], (C,); NaN for a class that no video has. Errors as ``Ranking``."""
    return Ranking(scores, truth).each()


def mean_average_precision(scores: Scores, truth: Truth) -> float:
    """Mean of ``average_precision`` over the classes that any video has; NaN if there is none."""
    return Ranking(scores, truth).mean()


def _last_of_equals(ranked: Scores) -> IntArray:
    """For each place (n, C) of falling scores, the last place that has the same score."""
    count = len(ranked)
    places = np.broadcast_to(np.arange(count)[:, None], ranked.shape)
    ends = np.ones(ranked.shape, dtype=bool)
    ends[:-1] = ranked[1:] != ranked[:-1]
    last = np.where(ends, places, count)
    found: IntArray = np.minimum.accumulate(last[::-1], axis=0)[::-1]
    return found
