"""Scores of pairs: the same n videos with one value in either of two conditions.

``zero`` and ``one`` (n,) are decision values of the two versions of each video; above 0 means "one". ``folds``
(n,) is the fold that a video's values were held out in, ``weights`` (n,) how often a video counts (1).
Fractions, not percent; chance is 0.5 unless said. Equal values count half everywhere.
"""

from __future__ import annotations

import numpy as np

from twlv.types import DoubleArray, IntArray


def auc(zero: DoubleArray, one: DoubleArray, folds: IntArray, weights: DoubleArray | None = None) -> float:
    """Mann-Whitney's statistic of every fold, averaged over folds.

    Per fold, because every fold has a classifier, and so a scale, of its own. A fold of weight 0 is left out.
    """
    weights = np.ones(len(zero)) if weights is None else weights
    found = []
    for fold in np.unique(folds):
        here = folds == fold
        total = weights[here].sum()
        if total > 0:
            found.append(_wins(zero[here], one[here], weights[here]) / total**2)
    return float(np.mean(found)) if found else float("nan")


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


def _wins(zero: DoubleArray, one: DoubleArray, weights: DoubleArray) -> float:
    """The weight of pairs in which ``one`` is the higher, equal ones half, in n log n."""
    levels, rank = np.unique(np.concatenate([zero, one]), return_inverse=True)
    count = len(zero)
    zeros = np.bincount(rank[:count], weights=weights, minlength=len(levels))
    below = np.cumsum(zeros) - 0.5 * zeros
    return float(weights @ below[rank[count:]])
