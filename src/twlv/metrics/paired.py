"""Two answers to the same questions: is one backbone better, or luckier?

Both are right or wrong on the same videos, so easy and hard videos drop out of the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.metrics.interval import cluster_bootstrap
from twlv.types import DoubleArray

_EXACT_UP_TO = 200  # videos whose tail is summed in whole numbers


@dataclass(frozen=True, kw_only=True)
class Paired:
    """How two compare over n videos. Fractions; ``difference`` is the first less the second.

    ``only_first`` counts the videos that the first alone got right, ``only_second`` the others. ``p`` is
    McNemar's exact two-sided one, for videos that are independent.
    """

    n: int
    num_groups: int
    first: float
    second: float
    difference: float
    ci95: tuple[float, float]
    only_first: int
    only_second: int
    p: float


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test: were both equally good, how likely is a split this uneven?

    Of the videos that exactly one got right, each is the first's with probability 1/2: twice the smaller tail
    of the binomial, at most 1 (McNemar, Psychometrika 12, 1947). InputError for a negative count.
    """
    if min(only_first, only_second) < 0:
        raise InputError(f"counts start at 0, got {only_first} and {only_second}")
    n, least = only_first + only_second, min(only_first, only_second)
    if n > _EXACT_UP_TO:
        return _large_tail(n, least)
    tail = sum(math.comb(n, i) for i in range(least + 1))
    return min(1.0, float(2 * tail / 2**n))


def _large_tail(n: int, least: int) -> float:
    """The same from the largest term on, its logarithm first: the binomials leave the range of floats."""
    log_term = math.lgamma(n + 1) - math.lgamma(least + 1) - math.lgamma(n - least + 1) - n * math.log(2)
    ratio, total = 1.0, 1.0
    for i in range(least, 0, -1):
        ratio *= i / (n - i + 1)
        total += ratio
        if ratio < 1e-18 * total:
            break
    return min(1.0, 2 * math.exp(log_term) * total)


def paired(
    first: npt.NDArray[np.bool_],
    second: npt.NDArray[np.bool_],
    groups: npt.NDArray[Any] | None = None,
    *,
    seed: int = 0,
    resamples: int = 2000,
) -> Paired:
    """Compare two answers (n,) right or wrong. The interval draws whole ``groups`` (n,) with both answers.

    ``groups`` None: every video is a group of its own.

    Raises:
        InputError: no videos, or arrays of different lengths.
    """
    if not len(first) or len(first) != len(second) or (groups is not None and len(groups) != len(first)):
        counts = f"{len(first)} and {len(second)}"
        raise InputError(f"a paired comparison needs the same videos twice, got {counts}")
    member = np.arange(len(first)) if groups is None else groups
    gap = first.astype(np.float64) - second.astype(np.float64)

    def difference(weight: DoubleArray) -> float:
        return float(weight @ gap / weight.sum())

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    return Paired(
        n=len(first),
        num_groups=len(np.unique(member)),
        first=float(first.mean()),
        second=float(second.mean()),
        difference=float(gap.mean()),
        ci95=cluster_bootstrap(difference, member, seed=seed, resamples=resamples),
        only_first=only_first,
        only_second=only_second,
        p=mcnemar_exact(only_first, only_second),
    )
