"""Average precision of several labels: by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from twlv.errors import InputError
from twlv.metrics.average_precision import Ranking, average_precision, mean_average_precision


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


def test_by_hand() -> None:
    scores = column(0.9, 0.8, 0.7, 0.6)
    assert average_precision(scores, column(1, 0, 1, 0) > 0)[0] == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(scores, column(0, 0, 0, 1) > 0)[0] == pytest.approx(1 / 4)
    assert average_precision(scores, column(1, 1, 1, 1) > 0)[0] == 1.0


def test_equal_scores_are_taken_together() -> None:
    truth = column(1, 0, 0, 1) > 0
    assert average_precision(column(0.5, 0.5, 0.5, 0.5), truth)[0] == pytest.approx(0.5)
    assert average_precision(column(0.5, 0.5, 0.5, 0.5), truth[::-1])[0] == pytest.approx(0.5)


def test_a_class_that_no_video_has_is_left_out() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.3]])
    truth = np.array([[True, False], [False, False]])
    assert np.isnan(average_precision(scores, truth)[1])
    assert mean_average_precision(scores, truth) == 1.0
    assert np.isnan(mean_average_precision(scores, np.zeros((2, 2), dtype=bool)))
    assert np.isnan(mean_average_precision(np.zeros((0, 3)), np.zeros((0, 3), dtype=bool)))


def test_a_video_without_an_answer_ranks_last() -> None:
    scores, truth = column(-np.inf, -5.0, 1.0), column(1, 0, 0) > 0
    assert average_precision(scores, truth)[0] == pytest.approx(1 / 3)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 40), classes=st.integers(1, 6), levels=st.integers(1, 30), seed=st.integers(0, 2**32 - 1)
)
def test_equal_to_scikit_learn(n: int, classes: int, levels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (n, classes)) / levels  # few levels: many ties
    truth = rng.random((n, classes)) < 0.4
    truth[0] = True  # scikit-learn warns of a class without positives
    theirs = average_precision_score(truth, scores, average=None)
    assert average_precision(scores, truth) == pytest.approx(np.atleast_1d(theirs))
    assert mean_average_precision(scores, truth) == pytest.approx(np.mean(theirs))


def test_the_order_of_videos_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 5, (50, 4)) / 5, rng.random((50, 4)) < 0.3
    order = rng.permutation(50)
    assert np.array_equal(average_precision(scores, truth), average_precision(scores[order], truth[order]))


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 25), levels=st.integers(1, 20), seed=st.integers(0, 2**32 - 1))
def test_a_weight_is_how_often_a_video_counts(n: int, levels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, truth = rng.integers(0, levels, (n, 3)) / levels, rng.random((n, 3)) < 0.4
    scores[rng.random(n) < 0.1] = -np.inf
    weight = rng.integers(0, 4, n)
    repeated = np.repeat(np.arange(n), weight)
    expected = average_precision(scores[repeated], truth[repeated])
    found = Ranking(scores, truth).each(weight.astype(np.float64))
    assert found == pytest.approx(expected, nan_ok=True)


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match=r"must both be \(videos, classes\), got \(2,\) and \(2,\)"):
        average_precision(np.zeros(2), np.zeros(2, dtype=bool))
    with pytest.raises(InputError, match="row 1 hold NaN"):
        average_precision(np.array([[0.0], [np.nan]]), np.zeros((2, 1), dtype=bool))
