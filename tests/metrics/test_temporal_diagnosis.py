"""Kinds of errors, lengths, chance and intervals of detections, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.metrics.temporal_ap import detection_scores
from twlv.metrics.temporal_chance import random_detections
from twlv.metrics.temporal_diagnosis import KINDS, by_length, error_kinds, error_profile
from twlv.metrics.temporal_interval import average_map_interval
from twlv.metrics.temporal_segments import RULES, Segments

OPEN = RULES["opentad"]


def rows(*each: tuple[float, ...]) -> Segments:
    """(video, label, start, end[, score])."""
    table = np.array(each, dtype=np.float64).reshape(len(each), -1)
    score = table[:, 4] if table.shape[1] > 4 else None
    return Segments(
        video=table[:, 0].astype(np.int64),
        label=table[:, 1].astype(np.int64),
        start=table[:, 2],
        end=table[:, 3],
        score=score,
    )


def test_every_kind_of_error_by_hand() -> None:
    truth = rows((0, 0, 10, 20), (0, 1, 40, 50))
    found = rows(
        (0, 0, 10, 20, 0.9),  # true
        (0, 0, 11, 20, 0.8),  # the same again
        (0, 0, 40, 50, 0.7),  # label 1 in truth
        (0, 0, 16, 30, 0.6),  # overlap 0.2 of its label
        (0, 1, 16, 30, 0.5),  # overlap 0.2 of another
        (0, 0, 70, 80, 0.4),
        (1, 0, 10, 20, 0.3),  # another video
    )
    kinds, _ = error_kinds(found, truth)
    assert [KINDS[kind] for kind in kinds] == [
        "true", "double", "wrong_label", "localization", "confusion", "background", "background",
    ]  # fmt: skip
    profile = error_profile(found, truth, most=2)
    assert profile["true"] == [0.5, 1 / 3]  # of label 0 the first, of label 1 its one; then two of label 0
    assert [sum(profile[kind][k] for kind in KINDS) for k in (0, 1)] == [1.0, 1.0]


def drawn(seed: int, videos: int = 4, labels: int = 3) -> tuple[Segments, Segments]:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 40)), int(rng.integers(1, 15))
    ends = [np.sort(rng.random((count, 2)) * 20, axis=1) + np.array([0, 0.1]) for count in (n, m)]
    found, truth = (
        Segments(
            video=rng.integers(0, videos, len(part)),
            label=rng.integers(0, labels, len(part)),
            start=part[:, 0],
            end=part[:, 1],
            score=rng.permutation(len(part)) / 50 if detections else None,
        )
        for part, detections in zip(ends, (True, False), strict=True)
    )
    return found, truth


def overlap(a: Segments, i: int, b: Segments, j: int) -> float:
    shared = max(0.0, min(a.end[i], b.end[j]) - max(a.start[i], b.start[j]))
    return float(shared / (a.end[i] - a.start[i] + b.end[j] - b.start[j] - shared))


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=60)
def test_kinds_equal_a_plain_loop(seed: int) -> None:
    found, truth = drawn(seed)
    kinds, ranked = error_kinds(found, truth)
    free = set(range(len(truth)))
    for i in range(len(ranked)):
        here = [j for j in range(len(truth)) if truth.video[j] == ranked.video[i]]
        own = [j for j in here if truth.label[j] == ranked.label[i]]
        near = [j for j in own if j in free and overlap(ranked, i, truth, j) >= 0.5]
        best_own = max((overlap(ranked, i, truth, j) for j in own), default=0.0)
        best = max((overlap(ranked, i, truth, j) for j in here), default=0.0)
        wanted = "background"
        if near:
            free.discard(max(near, key=lambda j: overlap(ranked, i, truth, j)))
            wanted = "true"
        elif best_own >= 0.5:
            wanted = "double"
        elif best >= 0.5:
            wanted = "wrong_label"
        elif best_own >= 0.1:
            wanted = "localization"
        elif best >= 0.1:
            wanted = "confusion"
        assert KINDS[kinds[i]] == wanted


def test_lengths_are_scored_apart() -> None:
    truth = rows((0, 0, 0, 1), (0, 0, 10, 20))
    perfect_long = rows((0, 0, 10, 20, 0.9), (0, 0, 30, 45, 0.1))
    short, long = by_length(perfect_long, truth, edges_seconds=(5.0,), thresholds=(0.5,))
    assert (short["num"], short["map_avg"], short["found"]) == (1, 0.0, 0.0)
    assert (long["num"], long["map_avg"], long["found"]) == (1, 1.0, 1.0)
    assert "to_seconds" not in long
    # the detection of the long segment is surer, but not false where short ones are scored
    both = rows((0, 0, 10, 20, 0.9), (0, 0, 0, 1, 0.5))
    assert by_length(both, truth, edges_seconds=(5.0,), thresholds=(0.5,))[0]["map_avg"] == 1.0


def test_one_bucket_of_all_lengths_is_the_score() -> None:
    found, truth = drawn(3)
    (whole,) = by_length(found, truth, edges_seconds=(), thresholds=(0.3, 0.5), rules=OPEN)
    wanted = detection_scores(found, truth, thresholds=(0.3, 0.5), rules=OPEN)
    assert whole["map_avg"] == pytest.approx(wanted.average)


def test_random_detections_are_as_many_and_inside() -> None:
    found, _ = drawn(1)
    chance = random_detections(found, np.array([3.0, np.inf, 4.0, 5.0, np.inf]), num_labels=3, seed=0)
    assert np.array_equal(chance.video, found.video)
    assert (chance.end[chance.video == 0] <= 3).all()
    assert (chance.end <= max(5.0, found.end.max())).all()


def copies(part: Segments, weights: np.ndarray) -> Segments:
    """Every video as often as its weight says, each time as another one; copies score a little less."""
    pieces = []
    for number, video in enumerate(np.repeat(np.arange(len(weights)), weights)):
        own = part.keep(part.video == video)
        score = None if own.score is None else own.score - 1e-6 * number
        pieces.append((np.full(len(own), number), own.label, own.start, own.end, score))
    video, label, start, end = (np.concatenate([piece[k] for piece in pieces]) for k in range(4))
    score = None if part.score is None else np.concatenate([piece[4] for piece in pieces])
    return Segments(video=video, label=label, start=start, end=end, score=score)


@given(st.integers(0, 500))
@settings(deadline=None, max_examples=20)
def test_the_interval_is_that_of_scores_on_videos_drawn_anew(seed: int) -> None:
    """Against the evaluator itself on copies of the drawn videos, where the order of copies moves a little."""
    found, truth = drawn(seed)
    interval = average_map_interval(
        found, truth, thresholds=(0.5,), rules=OPEN, num_videos=4, seed=seed, resamples=30
    )
    weights = np.random.default_rng(seed).multinomial(4, np.full(4, 0.25), size=30)
    values = [
        detection_scores(copies(found, own), copies(truth, own), thresholds=(0.5,), rules=OPEN).average
        for own in weights
        if own[truth.video].any()
    ]
    np.testing.assert_allclose(interval, np.quantile(values, [0.025, 0.975]), atol=0.1)


def test_the_interval_of_a_perfect_detector_is_1() -> None:
    truth = rows((0, 0, 0, 1), (1, 0, 2, 3), (2, 1, 5, 6))
    perfect = rows((0, 0, 0, 1, 0.9), (1, 0, 2, 3, 0.8), (2, 1, 5, 6, 0.7))
    interval = average_map_interval(perfect, truth, thresholds=(0.5, 0.9), rules=OPEN, num_videos=3, seed=0)
    assert interval == (1.0, 1.0)
