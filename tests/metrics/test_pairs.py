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
        weighted = pairs.auc(zero, one, one_fold, times.astype(float))
        assert weighted == pytest.approx(pairs.auc(zero[again], one[again], one_fold[again]))
        for score in (pairs.accuracy, pairs.paired_accuracy, pairs.d_prime):
            assert score(zero, one, times.astype(float)) == pytest.approx(score(zero[again], one[again]))


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
