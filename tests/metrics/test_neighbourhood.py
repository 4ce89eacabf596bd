"""Neighbours, purity, silhouette and trustworthiness against scikit-learn and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness as sklearn_trustworthiness
from sklearn.metrics import silhouette_samples

from twlv.errors import InputError
from twlv.metrics import neighbourhood
from twlv.metrics.neighbourhood import (
    kept_neighbours,
    knn_purity,
    nearest,
    purity_chance,
    silhouette,
    trustworthiness,
)


def drawn(seed: int, n: int = 40, d: int = 6) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, n)
    labels[:4] = np.arange(4)
    return random.standard_normal((n, d)) + 2 * np.eye(4, d)[labels], labels


def by_loops(vectors: np.ndarray, k: int, groups: np.ndarray) -> np.ndarray:
    """Neighbours by a sort of every row: the nearest first, the lower index at ties."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    rows = []
    for i, one in enumerate(unit):
        ranked = sorted(
            (round(-float(one @ other), 9), j) for j, other in enumerate(unit) if groups[j] != groups[i]
        )
        rows.append(sorted(j for _, j in ranked[:k]))
    return np.array(rows)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000), k=st.integers(1, 9), pairs=st.booleans(), block=st.sampled_from([1, 77, 2**22])
)
def test_neighbours_equal_plain_loops_in_blocks_of_any_size(seed: int, k: int, pairs: bool, block: int) -> None:
    vectors, _ = drawn(seed)
    vectors[7] = vectors[3]
    vectors[9] = 5 * vectors[3]  # ties
    vectors[11] = 0
    groups = np.arange(40) // 2 if pairs else np.arange(40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbourhood, "BLOCK_VALUES", block)
        found = nearest(vectors, k, groups=groups if pairs else None)
    assert found.tolist() == by_loops(vectors, k, groups).tolist()


def test_at_the_border_the_lower_index_is_taken() -> None:
    same = np.ones((6, 3))
    assert nearest(same, 2).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1], [0, 1]]
    assert nearest(np.zeros((4, 1)), 1, metric="euclidean").tolist() == [[1], [0], [0], [0]]


def test_purity_is_the_share_of_neighbours_with_the_same_label() -> None:
    labels = np.array([0, 0, 1, 1])
    neighbours = np.array([[1, 2], [0, 2], [1, 3], [0, 1]])
    assert knn_purity(neighbours, labels).tolist() == [0.5, 0.5, 0.5, 0.0]


@given(st.lists(st.integers(0, 3), min_size=2, max_size=12))
def test_chance_is_that_of_two_points_drawn_blindly(labels: list[int]) -> None:
    pairs = [a == b for i, a in enumerate(labels) for j, b in enumerate(labels) if i != j]
    assert purity_chance(np.array(labels)) == pytest.approx(np.mean(pairs))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), lonely=st.booleans(), zero=st.booleans())
def test_silhouette_equals_scikit_learn(seed: int, lonely: bool, zero: bool) -> None:
    vectors, labels = drawn(seed)
    if lonely:
        labels[0] = 9
    if zero:
        vectors[5] = 0
    np.testing.assert_allclose(
        silhouette(vectors, labels), silhouette_samples(vectors, labels, metric="cosine"), atol=1e-6
    )


def test_a_silhouette_needs_two_classes_and_one_with_company() -> None:
    with pytest.raises(InputError, match="got 1 classes of 3 points"):
        silhouette(np.eye(3), np.zeros(3))
    with pytest.raises(InputError, match="got 3 classes of 3 points"):
        silhouette(np.eye(3), np.arange(3))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 12), block=st.sampled_from([1, 500, 2**22]))
def test_trustworthiness_equals_scikit_learn(seed: int, k: int, block: int) -> None:
    vectors, _ = drawn(seed)
    shown = vectors[:, :2] + np.random.default_rng(seed).standard_normal((40, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbourhood, "BLOCK_VALUES", block)
        ours = trustworthiness(vectors, shown, k)
    assert ours == pytest.approx(sklearn_trustworthiness(vectors, shown, n_neighbors=k, metric="cosine"))


def test_a_perfect_map_is_trusted_and_keeps_every_neighbour() -> None:
    angle = np.sort(np.random.default_rng(0).uniform(0, np.pi / 2, 30))
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert trustworthiness(circle, circle, 5) == 1.0
    assert kept_neighbours(nearest(circle, 5), nearest(circle, 5, metric="euclidean")) == 1.0
    assert kept_neighbours(np.array([[1, 2], [0, 3]]), np.array([[2, 3], [4, 5]])) == 0.25


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(InputError, match="5 neighbours asked, but a point has 4 others"):
        nearest(np.eye(5), 5)
    with pytest.raises(InputError, match="has 2 others"):
        nearest(np.eye(4), 3, groups=np.array([0, 0, 1, 1]))
    with pytest.raises(InputError, match="NaN"):
        nearest(np.array([[np.nan], [1.0], [2.0]]), 1)
    with pytest.raises(InputError, match="below half"):
        trustworthiness(np.eye(6), np.eye(6), 3)


def test_memory_grows_with_points_not_with_their_square() -> None:
    import tracemalloc

    vectors = np.random.default_rng(0).standard_normal((3000, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbourhood, "BLOCK_VALUES", 2**16)
        tracemalloc.start()
        nearest(vectors, 10)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3000 * 3000  # bytes; the whole matrix would take eight times that
