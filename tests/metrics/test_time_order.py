from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from twlv.metrics.time_order import direction_consistency, order_purity, order_sensitivity

RANDOM = np.random.default_rng(0)
FORWARD = RANDOM.standard_normal((25, 6))
BACKWARD = FORWARD + 0.5 * RANDOM.standard_normal((25, 6))


def test_a_mean_over_frames_moves_nothing() -> None:
    assert order_sensitivity(FORWARD, FORWARD) == 0.0
    assert np.isnan(direction_consistency(FORWARD, FORWARD))
    assert order_purity(FORWARD, FORWARD, np.arange(25)) == 0.5


def test_sensitivity_is_in_units_of_the_distance_between_videos() -> None:
    expected = np.linalg.norm(BACKWARD - FORWARD, axis=1).mean() / pdist(FORWARD).mean()
    assert order_sensitivity(FORWARD, BACKWARD) == pytest.approx(expected)
    assert order_sensitivity(7 * FORWARD, 7 * BACKWARD) == pytest.approx(expected)
    assert np.isnan(order_sensitivity(np.ones((3, 2)), np.zeros((3, 2))))


def test_consistency_is_the_mean_cosine_of_different_videos() -> None:
    unit = (BACKWARD - FORWARD) / np.linalg.norm(BACKWARD - FORWARD, axis=1, keepdims=True)
    cosines = unit @ unit.T
    expected = (cosines.sum() - 25) / (25 * 24)
    assert direction_consistency(FORWARD, BACKWARD) == pytest.approx(expected)
    assert direction_consistency(FORWARD, FORWARD + np.arange(6)) == pytest.approx(1.0)


def test_purity_leaves_out_the_whole_group() -> None:
    groups = np.arange(25) // 5
    rows = np.concatenate([FORWARD, BACKWARD])
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    order, own = np.repeat([0, 1], 25), np.tile(groups, 2)
    similarity = np.where(own[:, None] == own, -np.inf, rows @ rows.T)
    nearest = np.argsort(-similarity, axis=1)[:, :10]
    assert order_purity(FORWARD, BACKWARD, groups) == pytest.approx((order[nearest] == order[:, None]).mean())
    assert np.isnan(order_purity(FORWARD, BACKWARD, np.zeros(25)))
    assert order_purity(FORWARD[:3], BACKWARD[:3], np.arange(3), k=10) == order_purity(
        FORWARD[:3], BACKWARD[:3], np.arange(3), k=4
    )
