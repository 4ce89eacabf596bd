from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from twlv import metrics
from twlv.errors import InputError


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy(case: tuple[int, int]) -> None:
    successes, n = case
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert metrics.wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_at_the_ends() -> None:
    assert metrics.wilson(0, 0) == (0.0, 1.0)
    assert metrics.wilson(0, 10)[0] == 0.0 < metrics.wilson(0, 10)[1]
    assert metrics.wilson(10, 10)[1] == 1.0 > metrics.wilson(10, 10)[0]
    with pytest.raises(InputError, match="11 successes of 10"):
        metrics.wilson(11, 10)


def mean_of(values: np.ndarray):
    return lambda weight: float(weight @ values / weight.sum())


def test_bootstrap_of_single_videos_equals_scipy() -> None:
    values = np.random.default_rng(0).random(300) < 0.3
    low, high = metrics.cluster_bootstrap(mean_of(values), np.arange(300), seed=1, resamples=4000)
    other = stats.bootstrap(
        (values.astype(float),), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(2)
    ).confidence_interval
    assert (low, high) == pytest.approx((other.low, other.high), abs=0.012)


def test_videos_that_share_a_cluster_count_once() -> None:
    """Ten copies of each of 30 videos know no more than the 30: the interval must not shrink."""
    values = np.random.default_rng(0).random(30) < 0.5
    alone = metrics.cluster_bootstrap(mean_of(values), np.arange(30), seed=3)
    copied = metrics.cluster_bootstrap(mean_of(values.repeat(10)), np.arange(30).repeat(10), seed=3)
    naive = metrics.cluster_bootstrap(mean_of(values.repeat(10)), np.arange(300), seed=3)
    assert copied == pytest.approx(alone)
    assert naive[1] - naive[0] < 0.5 * (copied[1] - copied[0])


def test_bootstrap_is_seeded() -> None:
    values, names = np.random.default_rng(0).random(50), np.array(["a", "b", "c", "d", "e"] * 10)
    one, two, other = (metrics.cluster_bootstrap(mean_of(values), names, seed=seed) for seed in (5, 5, 6))
    assert one == two != other
    with pytest.raises(InputError, match="at least one video"):
        metrics.cluster_bootstrap(mean_of(values), np.array([]), seed=0)
