"""Can two versions of the same videos be told apart? Held-out LDA on pairs, and what luck alone would give.

A video's two versions (forward and reversed) are kept as their ``middle`` and ``half`` difference, so that
exchanging them is one sign, and two equal versions have exactly equal decision values. A fold never cuts a
group: with one version of a video in training its twin would be judged by its opposite, which turns the
scores upside down.

Axes: n videos, D width.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.metrics import pairs
from twlv.metrics.lda import Shrinkage, fit_differences, fit_lda
from twlv.types import DoubleArray, FloatArray, IntArray

SCORES = ("auc", "paired_accuracy", "accuracy", "afc", "d_prime")
"""Names of the scores, the most important first; chance is 0.5, that of ``d_prime`` 0."""

LARGE = 2**23
"""Values (n D) from which draws are made one by one, on all cores: each holds some ten copies of them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Two versions of n videos: ``zero`` is ``middle - half``, ``one`` is ``middle + half``; all (n, D)."""

    middle: DoubleArray
    half: DoubleArray

    @classmethod
    def of(cls, zero: FloatArray | DoubleArray, one: FloatArray | DoubleArray) -> Pairs:
        """From the two versions, row by row. Raises InputError: a value is not finite."""
        first, second = zero.astype(np.float64), one.astype(np.float64)
        odd = np.flatnonzero(~(np.isfinite(first) & np.isfinite(second)).all(axis=1))
        if len(odd):
            raise InputError(f"pair {odd[0]} (of {len(first)}, counted from 0) has a value that is not finite")
        return cls(middle=0.5 * (first + second), half=0.5 * (second - first))

    def __len__(self) -> int:
        return len(self.middle)


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """What held-out classifiers said of each video.

    ``zero`` and ``one`` (n,) are decision values of the two versions; ``order`` (n,) is positive where the
    classifier of differences puts them in the right order (two-alternative forced choice).
    """

    zero: DoubleArray
    one: DoubleArray
    order: DoubleArray
    folds: IntArray

    def score(self, name: str) -> float:
        """One of SCORES."""
        if name == "auc":
            return pairs.auc(self.zero, self.one, self.folds)
        return self.statistic(name, self.folds)(np.ones(len(self.zero)))

    def scores(self) -> dict[str, float]:
        """All of SCORES by name."""
        return {name: self.score(name) for name in SCORES}

    def statistic(self, name: str, units: IntArray) -> Callable[[DoubleArray], float]:
        """One of SCORES as a function of how often each video counts (n,), to draw ``units`` (n,) anew."""
        if name == "auc":
            return pairs.FoldedAuc.of(self.zero, self.one, self.folds, units)
        zero, one = (-self.order, self.order) if name == "afc" else (self.zero, self.one)
        plain = {"accuracy": pairs.accuracy, "d_prime": pairs.d_prime}.get(name, pairs.paired_accuracy)
        return lambda weights: plain(zero, one, weights)


def group_folds(groups: npt.NDArray[Any], folds: int, *, seed: int) -> IntArray:
    """The fold (n,) of each video: whole groups, drawn at random, the largest first into the emptiest fold.

    Raises:
        InputError: fewer groups than folds, or fewer than two folds.
    """
    names, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if not 2 <= folds <= len(names):
        raise InputError(f"{folds} folds of {len(names)} groups: needs 2 or more folds and a group for each")
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled, fold_of = np.zeros(folds, dtype=np.int64), np.empty(len(names), dtype=np.int64)
    for group in order:
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += sizes[group]
    return fold_of[member]


def held_out(
    data: Pairs, folds: IntArray, *, signs: DoubleArray | None = None, shrinkage: Shrinkage = "auto"
) -> HeldOut:
    """Decision values of each fold by classifiers that were fitted on all others.

    ``signs`` (n,) is -1 where the two versions of a video change places, else 1.
    """
    half = data.half if signs is None else data.half * signs[:, None]
    middle, step, order = np.empty(len(data)), np.empty(len(data)), np.empty(len(data))
    for fold in np.unique(folds):
        test, train = folds == fold, folds != fold
        centre, away = data.middle[train], half[train]
        found = fit_lda(centre - away, centre + away, shrinkage=shrinkage)
        middle[test] = found.decide(data.middle[test])
        step[test] = half[test] @ found.coef
        order[test] = half[test] @ fit_differences(away, shrinkage=shrinkage)
    return HeldOut(zero=middle - step, one=middle + step, order=order, folds=folds)


def random_swaps(groups: npt.NDArray[Any], draws: int, *, seed: int) -> DoubleArray:
    """Signs (draws, n) for ``held_out``: in each draw every group changes places with probability one half.

    Videos of a group change together, because they share what makes them alike.
    """
    names, member = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(seed)
    return random.choice([-1.0, 1.0], size=(draws, len(names)))[:, member]


def null_scores(
    data: Pairs, folds: IntArray, swaps: DoubleArray, *, shrinkage: Shrinkage = "auto", workers: int = 1
) -> dict[str, DoubleArray]:
    """Scores (draws,) by name where luck alone says which version is which; everything is fitted again.

    ``workers`` draws are made at once, each on one core: threads inside matrices this small wait for each
    other, on a busy machine for minutes.
    """
    from threadpoolctl import threadpool_limits

    def draw(signs: DoubleArray) -> dict[str, float]:
        return held_out(data, folds, signs=signs, shrinkage=shrinkage).scores()

    large = data.half.size > LARGE
    pool = ThreadPoolExecutor(1 if large else workers, "twlv-draw")
    with threadpool_limits(None if large else 1, user_api="blas"), pool:
        found = list(pool.map(draw, swaps))
    return {name: np.array([scores[name] for scores in found]) for name in (found[0] if found else ())}


def p_value(null: DoubleArray, observed: float) -> float:
    """(1 + draws at least as high) / (1 + draws): never 0 (Phipson and Smyth, 2010)."""
    return float((1 + np.sum(null >= observed - 1e-12)) / (1 + len(null)))


def in_sample_projection(zero: FloatArray, one: FloatArray) -> DoubleArray:
    """The report's picture: the one axis (2n,) of an LDA fitted on the very points it shows. Never a score.

    As scikit-learn's default (``svd``); the sign is arbitrary. On noise it separates as well: with 500 videos
    of width 1024 it does so without an error.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rows = np.concatenate([zero, one]).astype(np.float64)
    labels = np.repeat([0, 1], [len(zero), len(one)])
    return cast(DoubleArray, LinearDiscriminantAnalysis(n_components=1).fit_transform(rows, labels)[:, 0])
