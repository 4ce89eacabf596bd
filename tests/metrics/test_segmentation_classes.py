"""Confusion, class by class and boundaries of a segmentation, beside a slow reading of the rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.metrics.segmentation import THRESHOLDS, count_segmentation, count_unanswered
from twlv.metrics.segmentation_classes import boundary_f1, class_f1, frame_confusion

CLASSES = 4


@st.composite
def videos(draw: st.DrawFn) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Predictions and truths of one to four videos of runs."""
    found: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 40))
        for part in found:
            cuts = sorted(draw(st.lists(st.integers(0, length), max_size=5)))
            lengths = np.diff([0, *cuts, length])
            labels = draw(st.lists(st.integers(0, CLASSES - 1), min_size=len(lengths), max_size=len(lengths)))
            part.append(np.repeat(np.array(labels, dtype=np.int64), lengths))
    return found


def starts(labels: np.ndarray) -> list[tuple[int, int]]:
    return [(i, int(labels[i])) for i in range(1, len(labels)) if labels[i] != labels[i - 1]]


@settings(deadline=None)
@given(drawn=videos(), fps=st.sampled_from([1.0, 10.0]))
def test_boundaries_equal_a_slow_reading(drawn, fps) -> None:
    predicted, true = drawn
    tolerances = (0.0, 0.3, 2.0)
    found = boundary_f1(predicted, true, [fps] * len(true), tolerances)
    for tolerance, value in zip(tolerances, found, strict=True):
        right, asked = [], []
        for ours, theirs in zip(predicted, true, strict=True):
            mine, others = starts(ours), starts(theirs)
            near = [
                [any(c == d and abs(i - j) / fps <= tolerance + 1e-9 for j, d in b) for i, c in a]
                for a, b in ((mine, others), (others, mine))
            ]
            right += near[0]
            asked += near[1]
        if not right and not asked:
            assert np.isnan(value)
            continue
        precision, recall = (sum(part) / len(part) if part else 0.0 for part in (right, asked))
        total = precision + recall
        assert value == pytest.approx(2 * precision * recall / total if total else 0.0)


@settings(deadline=None)
@given(drawn=videos())
def test_classes_by_themselves_add_up_to_all(drawn) -> None:
    predicted, true = drawn
    confusion = frame_confusion(predicted, true, CLASSES)
    counts = count_segmentation(predicted, true, background=(0,), end="e1")
    assert np.trace(confusion) == counts.correct.sum()
    assert confusion.sum() == counts.frames.sum()
    f1 = class_f1(predicted, true, CLASSES, background=(0,), end="e1", thresholds=THRESHOLDS)
    assert np.isnan(f1[0])
    for label in range(1, CLASSES):
        others = [other for other in range(CLASSES) if other != label]
        alone = count_segmentation(predicted, true, background=others, end="e1")
        if not (alone.true_positives + alone.false_positives + alone.false_negatives).sum():
            assert np.isnan(f1[label])
        else:
            assert f1[label] == pytest.approx(alone.pooled().mean_f1)


def test_what_a_prediction_has_beyond_its_video_is_in_no_cell() -> None:
    confusion = frame_confusion([np.array([1, 1, 0, 0])], [np.array([1, 0, 0])], 2)
    assert confusion.tolist() == [[1, 1], [0, 1]]


def test_a_video_without_an_answer_has_its_place_in_every_score() -> None:
    true = [np.array([0, 0, 1, 1, 2]), np.array([1, 1]), np.array([0, 0, 0])]
    answered = count_segmentation(true[:1], true[:1], background=(0,), end="e1")
    counts = answered.followed_by(count_unanswered(true[1:], background=(0,), end="e1"))
    scores = counts.pooled()
    assert (scores.num_videos, scores.num_edit) == (3, 2)  # the third is background throughout
    assert scores.accuracy == pytest.approx(5 / 10)
    assert scores.edit == pytest.approx(1 / 2)
    assert scores.f1 == pytest.approx((2 * 2 / (2 * 2 + 1),) * 3)


def test_a_video_that_counts_twice_is_as_two_videos() -> None:
    random = np.random.default_rng(0)
    true = [np.repeat(random.integers(0, 3, 5), 7) for _ in range(4)]
    predicted = [np.roll(labels, 3) for labels in true]
    counts = count_segmentation(predicted, true)
    weighted = counts.weighted(np.array([[2.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]))
    repeated = counts.select([0, 0, 2, 3]).pooled()
    assert weighted[0] == pytest.approx([repeated.accuracy, repeated.edit, *repeated.f1])
    assert np.isnan(weighted[1]).all()
