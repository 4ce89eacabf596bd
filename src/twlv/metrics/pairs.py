"""Scores of pairs: the same n videos with one value in either of two conditions.

``zero`` and ``one`` (n,) are decision values of the two versions of each video; above 0 means "one". ``folds``
(n,) is the fold that a video's values were held out in, ``weights`` (n,) how often a video counts (once, by
default). Fractions, not percent; chance is 0.5 unless said. Equal values count half everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from twlv.types import DoubleArray, IntArray


def auc(zero: DoubleArray, one: DoubleArray, folds: IntArray) -> float:
    """Mann-Whitney's statistic of every fold, averaged over folds, because each has a scale of its own."""
    found = []
    for fold in np.unique(folds):
        rank, ones = _ranks(zero[folds == fold], one[folds == fold]), np.ones(int((folds == fold).sum()))
        zeros, others = np.split(rank, 2)
        found.append(float(ones @ _below(zeros, ones, len(rank))[others]) / len(ones) ** 2)
    return float(np.mean(found))


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldedAuc:
    """``auc`` as a function of weights, for a bootstrap over ``units`` (n,), which no fold cuts.

    A comparison between two units counts as often as the product of their weights. One within a unit (a video
    with its own reverse) counts as often as the unit: squared, it would be too frequent in every draw, and such
    comparisons are the easy ones.
    """

    folds: tuple[_Fold, ...]

    @classmethod
    def of(cls, zero: DoubleArray, one: DoubleArray, folds: IntArray, units: IntArray) -> FoldedAuc:
        """Values ranked once, so that a weight costs n operations."""
        rows = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
        return cls(folds=tuple(_Fold.of(zero[r], one[r], units[r], r) for r in rows))

    def __call__(self, weights: DoubleArray) -> float:
        """The mean over folds; a fold of weight 0 is left out, NaN without any."""
        found = [fold.share(weights[fold.rows]) for fold in self.folds if weights[fold.rows].any()]
        return float(np.mean(found)) if found else float("nan")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fold:
    rows: IntArray
    rank: IntArray  # (2m,) of the zeros, then of the ones; equal values have one rank
    own: DoubleArray  # (m,) comparisons within its unit that each video's one wins
    size: DoubleArray  # (m,) and how many there are

    @classmethod
    def of(cls, zero: DoubleArray, one: DoubleArray, units: IntArray, rows: IntArray) -> _Fold:
        rank = _ranks(zero, one)
        own, size = np.empty(len(zero)), np.empty(len(zero))
        for unit in np.unique(units):
            same = np.flatnonzero(units == unit)
            own[same] = _below(rank[same], np.ones(len(same)), len(rank))[rank[same + len(zero)]]
            size[same] = len(same)
        return cls(rows=rows, rank=rank, own=own, size=size)

    def share(self, weights: DoubleArray) -> float:
        zeros, ones = np.split(self.rank, 2)
        twice = weights * (weights - 1.0)
        wins = weights @ _below(zeros, weights, len(self.rank))[ones] - twice @ self.own
        return float(wins / (weights.sum() ** 2 - twice @ self.size))


def accuracy(zero: DoubleArray, one: DoubleArray, weights: DoubleArray | None = None) -> float:
    """The share of all 2n versions on the right side of 0."""
    return 0.5 * (_share(one, weights) + _share(-zero, weights))


def paired_accuracy(zero: DoubleArray, one: DoubleArray, weights: DoubleArray | None = None) -> float:
    """The share of videos whose ``one`` has the higher value."""
    return _share(one - zero, weights)


def d_prime(zero: DoubleArray, one: DoubleArray, weights: DoubleArray | None = None) -> float:
    """|mean(one) - mean(zero)| over the root of the mean of both variances (n - 1 in the denominator).

    Without sign: 0 is no distance, and which side is which does not show. 0 where nothing varies or moves.
    """
    weights = np.ones(len(zero)) if weights is None else weights
    means = [float(np.average(values, weights=weights)) for values in (zero, one)]
    spread = [_variance(values, mean, weights) for values, mean in zip((zero, one), means, strict=True)]
    distance, scale = abs(means[1] - means[0]), float(np.sqrt(0.5 * (spread[0] + spread[1])))
    if scale == 0.0:
        return 0.0 if distance == 0.0 else float("inf")
    return distance / scale


def fisher_ratio(d_prime: float) -> float:
    """(mean1 - mean0)^2 over the sum of both variances, which is d'^2 / 2."""
    return 0.5 * d_prime**2


def _share(values: DoubleArray, weights: DoubleArray | None) -> float:
    positive = (values > 0) + 0.5 * (values == 0)
    return float(np.average(positive, weights=weights))


def _variance(values: DoubleArray, mean: float, weights: DoubleArray) -> float:
    return float(weights @ np.square(values - mean)) / max(float(weights.sum()) - 1.0, 1.0)


def _ranks(zero: DoubleArray, one: DoubleArray) -> IntArray:
    """(2m,) of the zeros, then of the ones."""
    return np.unique(np.concatenate([zero, one]), return_inverse=True)[1]


def _below(rank: IntArray, weights: DoubleArray, levels: int) -> DoubleArray:
    """Of each rank: the weight of what lies below it, and half of what lies on it."""
    there = np.bincount(rank, weights=weights, minlength=levels)
    return cast(DoubleArray, np.cumsum(there) - 0.5 * there)
