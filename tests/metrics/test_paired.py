from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from twlv.errors import InputError
from twlv.metrics.paired import mcnemar_exact, paired


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1200), st.integers(0, 1200))
@example(15, 1060)
def test_mcnemar_is_the_binomial_test(one: int, other: int) -> None:
    wanted = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    # below 1e-250 the other implementation goes over to 0, sooner or later
    assert mcnemar_exact(one, other) == pytest.approx(wanted, rel=1e-9, abs=1e-250)


def test_mcnemar_by_hand() -> None:
    assert mcnemar_exact(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)
    assert mcnemar_exact(5, 5) == 1.0
    with pytest.raises(InputError):
        mcnemar_exact(-1, 2)


def test_counts_and_difference() -> None:
    first = np.array([1, 1, 1, 0, 0, 1, 1, 0], dtype=bool)
    second = np.array([1, 0, 0, 1, 0, 1, 0, 0], dtype=bool)
    found = paired(first, second)
    assert (found.n, found.num_groups, found.only_first, found.only_second) == (8, 8, 3, 1)
    assert found.difference == pytest.approx(2 / 8)
    assert found.p == pytest.approx(2 * (1 + 4) / 16)


def test_equal_answers_have_no_difference() -> None:
    answers = np.array([True, False, True])
    found = paired(answers, answers)
    assert found.difference == 0
    assert found.ci95 == (0.0, 0.0)
    assert found.p == 1.0


def test_sharing_hard_videos_narrows_the_interval() -> None:
    """Unpaired intervals of two 50 % answers would be +-6 points; where they agree on 95 % it is +-2."""
    random = np.random.default_rng(0)
    first = random.random(1000) < 0.5
    second = np.where(random.random(1000) < 0.05, ~first, first)
    low, high = paired(first, second).ci95
    assert high - low < 0.035


def test_groups_widen_the_interval_when_luck_is_shared() -> None:
    groups = np.repeat(np.arange(20), 50)
    lucky = np.random.default_rng(1).random(20) < 0.5
    first, second = lucky[groups], ~lucky[groups]
    alone, together = paired(first, second), paired(first, second, groups)
    assert together.num_groups == 20
    assert np.ptp(together.ci95) > 4 * np.ptp(alone.ci95)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    covered = 0
    for trial in range(120):
        first, second = random.random(200) < 0.6, random.random(200) < 0.5
        low, high = paired(first, second, seed=trial, resamples=400).ci95
        covered += low <= 0.1 <= high
    assert 105 <= covered <= 120


def test_different_videos_are_refused() -> None:
    with pytest.raises(InputError, match="same videos twice"):
        paired(np.ones(3, dtype=bool), np.ones(4, dtype=bool))
    with pytest.raises(InputError):
        paired(np.ones(0, dtype=bool), np.ones(0, dtype=bool))
