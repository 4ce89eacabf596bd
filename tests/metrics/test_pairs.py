from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from twlv.metrics import pairs


def values(seed: int, n: int, levels: int) -> np.ndarray:
    """Few levels, so that many values are equal."""
    return np.random.default_rng(seed).integers(0, levels, n).astype(np.float64)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.integers(2, 40), st.sampled_from([2, 5, 1000]))
def test_auc_is_mann_whitney_and_a_weight_is_a_repetition(seed: int, n: int, levels: int) -> None:
    zero, one, one_fold = values(seed, n, levels), values(seed + 1, n, levels), np.zeros(n, dtype=int)
    labels = np.repeat([0, 1], n)
    assert pairs.auc(zero, one, one_fold) == pytest.approx(roc_auc_score(labels, np.concatenate([zero, one])))
    times = np.random.default_rng(seed).integers(0, 3, n)
    if times.sum() > 1:
        again = np.repeat(np.arange(n), times)
        for score in (pairs.accuracy, pairs.paired_accuracy, pairs.d_prime):
            assert score(zero, one, times.astype(float)) == pytest.approx(score(zero[again], one[again]))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.integers(4, 24), st.sampled_from([2, 5, 1000]))
def test_weighted_auc_counts_comparisons_within_a_unit_once_for_the_unit(
    seed: int, n: int, levels: int
) -> None:
    zero, one, units = values(seed, n, levels), values(seed + 1, n, levels), values(seed + 2, n, 6).astype(int)
    folds = units % 2
    weights = np.random.default_rng(seed).integers(0, 4, 6).astype(float)[units]
    same = units[:, None] == units
    times = np.where(same, weights[:, None], np.outer(weights, weights))
    wins = (one[None, :] > zero[:, None]) + 0.5 * (one[None, :] == zero[:, None])
    expected = [
        (times * wins)[np.ix_(rows, rows)].sum() / times[np.ix_(rows, rows)].sum()
        for rows in (np.flatnonzero(folds == fold) for fold in (0, 1))
        if weights[rows].any()
    ]
    found = pairs.FoldedAuc.of(zero, one, folds, units)
    if expected:
        assert found(weights) == pytest.approx(np.mean(expected))
    assert found(np.ones(n)) == pytest.approx(pairs.auc(zero, one, folds))


def test_a_bootstrap_of_few_videos_is_not_pulled_up_by_their_own_pairs() -> None:
    """Every video beats its own reverse only: drawn twice as often, those pairs would move the interval."""
    middle = np.random.default_rng(0).permutation(10).astype(float)
    zero, one, units = middle, middle + 0.5, np.arange(10)
    statistic = pairs.FoldedAuc.of(zero, one, np.zeros(10, dtype=int), units)
    random = np.random.default_rng(1)
    draws = [
        statistic(np.bincount(random.integers(10, size=10), minlength=10).astype(float)) for _ in range(800)
    ]
    assert np.mean(draws) == pytest.approx(statistic(np.ones(10)), abs=0.01)


def test_auc_is_averaged_over_folds_because_each_has_its_own_scale() -> None:
    zero, one = np.array([0.0, 1.0, 100.0, 101.0]), np.array([2.0, 3.0, 102.0, 103.0])
    assert pairs.auc(zero, one, np.array([0, 0, 1, 1])) == 1.0
    assert pairs.auc(zero, one, np.zeros(4, dtype=int)) < 1.0


def test_equal_versions_score_one_half() -> None:
    same = np.random.default_rng(0).standard_normal(9)
    assert pairs.auc(same, same, np.arange(9) % 3) == pairs.accuracy(same, same) == 0.5
    assert pairs.paired_accuracy(same, same) == 0.5
    assert pairs.d_prime(same, same) == 0.0


def test_d_prime_and_the_fisher_ratio_are_what_they_say() -> None:
    zero, one = np.random.default_rng(1).standard_normal((2, 50))
    variances = zero.var(ddof=1), one.var(ddof=1)
    away = abs(one.mean() - zero.mean())
    assert pairs.d_prime(zero, one) == pytest.approx(away / np.sqrt(sum(variances) / 2))
    assert pairs.fisher_ratio(pairs.d_prime(zero, one)) == pytest.approx(away**2 / sum(variances))
