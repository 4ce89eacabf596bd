"""95 % intervals: how much of a number is luck of the test set."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.types import DoubleArray

Z95 = 1.959963984540054
"""The 97.5 % point of the standard normal distribution."""


def wilson(successes: float, n: int, *, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion ``successes / n``, for independent trials.

    The centre is ``(p + z²/2n) / (1 + z²/n)``, the half-width ``z sqrt(p(1-p)/n + z²/4n²) / (1 + z²/n)``
    (Wilson, J. Am. Stat. Assoc. 22, 1927). It stays within [0, 1] and is not empty at p = 0 or 1.
    For n = 0 nothing is known: (0, 1).

    Raises:
        InputError: ``successes`` outside [0, n].
    """
    if n == 0:
        return 0.0, 1.0
    if not 0 <= successes <= n:
        raise InputError(f"{successes} successes of {n} trials is not a proportion")
    p = successes / n
    scale = 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def cluster_bootstrap(
    statistic: Callable[[DoubleArray], float],
    clusters: npt.NDArray[Any],
    *,
    seed: int,
    resamples: int = 1000,
) -> tuple[float, float]:
    """The percentile bootstrap interval when videos of one cluster share their luck (an actor, a source).

    Whole clusters are drawn with replacement, as many as there are (Davison and Hinkley, Bootstrap Methods
    and their Application, section 3.8); the interval is the 2.5 % and 97.5 % quantile of the statistic over
    ``resamples`` draws. ``statistic`` takes the weight of each video (n,), which is how often its cluster was
    drawn; ``clusters`` (n,) names the cluster of each video. A statistic that is NaN on a draw is left out.

    Raises:
        InputError: no videos.
    """
    if not len(clusters):
        raise InputError("an interval needs at least one video, got none")
    names, member = np.unique(clusters, return_inverse=True)
    random = np.random.default_rng(seed)
    values = np.empty(resamples)
    for i in range(resamples):
        drawn = np.bincount(random.integers(len(names), size=len(names)), minlength=len(names))
        values[i] = statistic(drawn[member].astype(np.float64))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)
