"""Checked against scikit-learn, and by hand where ties decide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from twlv import metrics
from twlv.errors import InputError

seeds = st.integers(0, 2**32 - 1)


def random_case(seed: int, n: int = 60, classes: int = 7) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return random.standard_normal((n, classes)), random.integers(0, classes, n)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_top_k_equals_scikit_learn(seed: int) -> None:
    scores, truth = random_case(seed)
    ranks = metrics.truth_rank(scores, truth)
    for k in (1, 2, 5):
        expected = sk.top_k_accuracy_score(truth, scores, k=k, labels=np.arange(7))
        assert metrics.accuracy(ranks, k) == pytest.approx(expected)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_mean_per_class_and_confusion_equal_scikit_learn(seed: int) -> None:
    scores, truth = random_case(seed)
    predicted = metrics.top_classes(scores, 1)[:, 0]
    correct = metrics.truth_rank(scores, truth) < 1
    assert metrics.mean_per_class(correct, truth) == pytest.approx(sk.balanced_accuracy_score(truth, predicted))
    expected = sk.confusion_matrix(truth, predicted, labels=np.arange(7))
    np.testing.assert_array_equal(metrics.confusion(truth, predicted, 7)[:, :7], expected)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_rank_agrees_with_a_stable_sort_under_many_ties(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores, truth = random.integers(0, 3, (40, 6)).astype(float), random.integers(0, 6, 40)
    order = [sorted(range(6), key=lambda c, row=row: (-row[c], c)) for row in scores]
    expected = [place.index(label) for place, label in zip(order, truth, strict=True)]
    np.testing.assert_array_equal(metrics.truth_rank(scores, truth), expected)
    np.testing.assert_array_equal(metrics.top_classes(scores, 5), np.array(order)[:, :5])


def test_trap_19_top_5_of_three_classes_is_all_and_never_below_top_1() -> None:
    scores, truth = random_case(0, classes=3)
    ranks = metrics.truth_rank(scores, truth)
    assert metrics.accuracy(ranks, 5) == 1.0 >= metrics.accuracy(ranks, 1)
    assert metrics.top_classes(scores, 5).shape == (60, 3)


def test_an_unanswered_video_is_in_no_top_k() -> None:
    ranks = np.array([0, metrics.NO_ANSWER])
    assert metrics.accuracy(ranks, 10**9) == 0.5


def test_trap_17_accuracy_counts_videos_not_batches() -> None:
    ranks = np.zeros(33, dtype=np.int64)
    ranks[-1] = 1
    assert metrics.accuracy(ranks) == 32 / 33


def test_classes_without_videos_are_left_out_of_the_mean() -> None:
    truth, correct = np.array([0, 0, 5]), np.array([True, False, True])
    assert metrics.mean_per_class(correct, truth) == 0.75
    assert np.isnan(metrics.per_class(correct, truth, 7)[[1, 6]]).all()


def test_confusion_counts_videos_without_an_answer() -> None:
    table = metrics.confusion(np.array([0, 1, 1]), np.array([1, -1, 1]), 2)
    np.testing.assert_array_equal(table, [[0, 1, 0], [0, 1, 1]])


def test_no_videos_is_nan_not_a_crash() -> None:
    none = np.array([], dtype=np.int64)
    assert np.isnan(metrics.accuracy(none))
    assert np.isnan(metrics.mean_per_class(none == 0, none))


@pytest.mark.parametrize(
    ("scores", "truth", "said"),
    [
        (np.array([[0.0, np.nan]]), np.array([0]), "row 0 hold NaN"),
        (np.zeros((2, 3)), np.array([0]), "one row for each video"),
        (np.zeros((1, 3)), np.array([3]), "3 classes"),
        (np.zeros(3), np.array([0]), "(videos, classes)"),
    ],
)
def test_bad_scores_are_refused(scores: np.ndarray, truth: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("(", r"\(").replace(")", r"\)")):
        metrics.truth_rank(scores, truth)
