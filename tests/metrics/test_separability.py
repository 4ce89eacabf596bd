"""Held-out separability of pairs: golden values, the null, and what in-sample LDA makes of noise."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from twlv.errors import InputError
from twlv.metrics.lda import fit_lda
from twlv.metrics.pairs import auc, d_prime
from twlv.metrics.separability import (
    SCORES,
    Pairs,
    group_folds,
    held_out,
    in_sample_projection,
    null_scores,
    p_value,
    random_swaps,
)
from twlv.metrics.time_order import direction_consistency, order_purity, order_sensitivity

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(REFERENCE / "motion_pairs.npz") as file:
        return dict(file)


def noise(n: int, width: int, *, signal: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Videos that differ much from one another, and little from their reverse."""
    random = np.random.default_rng(seed)
    forward = random.standard_normal((n, width))
    step = 0.25 * random.standard_normal((n, width))
    step[:, 0] += signal
    return forward, forward + step


def plain(
    forward: np.ndarray, backward: np.ndarray, folds: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """scikit-learn fold by fold: decision values of both versions, and of the differences."""
    found = np.empty((3, len(forward)))
    for fold in np.unique(folds):
        test, train = folds == fold, folds != fold
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
        labels = np.repeat([0, 1], train.sum())
        model.fit(np.concatenate([forward[train], backward[train]]), labels)
        found[0, test], found[1, test] = (model.decision_function(x[test]) for x in (forward, backward))
        away = backward - forward
        model.fit(np.concatenate([-away[train], away[train]]), labels)
        found[2, test] = model.decision_function(away[test])
    return found[0], found[1], found[2]


@pytest.mark.parametrize("case", ["A", "B"])
def test_golden_decision_values_and_scores(golden: dict[str, np.ndarray], case: str) -> None:
    expected = json.loads((REFERENCE / "motion_scores.json").read_text())[case]
    forward, backward, folds = (golden[f"{case}/{name}"] for name in ("F", "R", "fold"))
    found = held_out(Pairs.of(forward, backward), folds)
    np.testing.assert_allclose(found.zero, golden[f"{case}/s0"], atol=1e-6)
    np.testing.assert_allclose(found.one, golden[f"{case}/s1"], atol=1e-6)
    names = {"auc": "auc_foldmean", "accuracy": "acc", "paired_accuracy": "paired_acc", "afc": "two_afc",
             "d_prime": "dprime"}  # fmt: skip
    assert found.scores() == pytest.approx({ours: expected[theirs] for ours, theirs in names.items()}, abs=1e-6)
    assert tuple(found.scores()) == SCORES
    assert order_sensitivity(forward, backward) == pytest.approx(expected["order_sensitivity"], abs=1e-8)
    assert direction_consistency(forward, backward) == pytest.approx(expected["consistency"], abs=1e-8)
    assert order_purity(forward, backward, np.arange(len(forward))) == pytest.approx(expected["knn_purity10"])
    shown = in_sample_projection(forward, backward)
    sign = np.sign(shown @ golden[f"{case}/proj_svd"])
    np.testing.assert_allclose(sign * shown, golden[f"{case}/proj_svd"], atol=1e-5)
    in_sample = d_prime(shown[: len(forward)], shown[len(forward) :])
    assert in_sample == pytest.approx(expected["in_sample_svd_dprime"], abs=1e-5)
    fitted = fit_lda(forward.astype(np.float64), backward.astype(np.float64))
    np.testing.assert_allclose(fitted.coef, golden[f"{case}/coef_shrunk"], atol=1e-6)
    assert fitted.intercept == pytest.approx(golden[f"{case}/intercept_shrunk"][0], abs=1e-6)


@pytest.mark.parametrize(("n", "width"), [(40, 90), (60, 20)])
def test_swapped_draws_are_those_of_scikit_learn(n: int, width: int) -> None:
    forward, backward = noise(n, width, signal=0.2)
    folds, swaps = group_folds(np.arange(n), 5, seed=0), random_swaps(np.arange(n), 3, seed=1)
    found = null_scores(Pairs.of(forward, backward), folds, swaps)
    for workers in (2, 4):
        again = null_scores(Pairs.of(forward, backward), folds, swaps, workers=workers)
        assert all(np.array_equal(again[name], values) for name, values in found.items())
    for draw, signs in enumerate(swaps):
        data = held_out(Pairs.of(forward, backward), folds, signs=signs)
        turned = signs[:, None] < 0
        expected = plain(np.where(turned, backward, forward), np.where(turned, forward, backward), folds)
        for one, other in zip((data.zero, data.one), expected, strict=False):
            np.testing.assert_allclose(one, other, atol=1e-6)
        assert found["auc"][draw] == pytest.approx(auc(expected[0], expected[1], folds))
        assert found["afc"][draw] == pytest.approx(np.mean(expected[2] > 0))


def test_in_sample_lda_separates_noise_held_out_does_not_and_ungrouped_folds_invert() -> None:
    n, width = 100, 192
    forward, backward = noise(n, width)
    shown = in_sample_projection(forward, backward)
    in_sample = auc(shown[:n], shown[n:], np.zeros(n, dtype=int))
    assert max(in_sample, 1 - in_sample) > 0.95
    data = Pairs.of(forward, backward)
    grouped = held_out(data, group_folds(np.arange(n), 5, seed=0)).scores()
    assert abs(grouped["accuracy"] - 0.5) < 3 * 0.5 / np.sqrt(n)
    ungrouped = _ungrouped(forward, backward)
    assert ungrouped < 0.5 - 3 * 0.5 / np.sqrt(2 * n)
    assert ungrouped < grouped["accuracy"] - 0.1


def _ungrouped(forward: np.ndarray, backward: np.ndarray) -> float:
    """Accuracy where a video's versions may lie in different folds, as nobody should measure it."""
    rows, labels = np.concatenate([forward, backward]), np.repeat([0, 1], len(forward))
    folds = np.random.default_rng(0).permutation(len(rows)) % 5
    right = np.empty(len(rows), dtype=bool)
    for fold in range(5):
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
        model.fit(rows[folds != fold], labels[folds != fold])
        right[folds == fold] = model.predict(rows[folds == fold]) == labels[folds == fold]
    return float(right.mean())


def test_the_order_of_videos_changes_nothing() -> None:
    forward, backward = noise(40, 12, signal=0.3)
    folds, shuffled = group_folds(np.arange(40), 5, seed=0), np.random.default_rng(3).permutation(40)
    one = held_out(Pairs.of(forward, backward), folds).scores()
    other = held_out(Pairs.of(forward[shuffled], backward[shuffled]), folds[shuffled]).scores()
    assert one == pytest.approx(other)


def test_a_signal_is_found_and_luck_is_not() -> None:
    groups = np.arange(60)
    folds, swaps = group_folds(groups, 5, seed=0), random_swaps(groups, 99, seed=0)
    for signal, low, high in ((0.4, 0.0, 0.011), (0.0, 0.05, 1.0)):
        data = Pairs.of(*noise(60, 10, signal=signal, seed=5))
        p = p_value(null_scores(data, folds, swaps)["afc"], held_out(data, folds).score("afc"))
        assert low <= p <= high
    assert p_value(np.full(99, 0.5), 1.0) == pytest.approx(0.01)
    assert p_value(np.full(99, 0.5), 0.5) == 1.0


def test_folds_never_cut_a_group_and_are_even() -> None:
    groups = np.repeat(np.arange(12), np.arange(1, 13))
    folds = group_folds(groups, 4, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in range(12))
    counts = np.bincount(folds, minlength=4)
    assert counts.max() - counts.min() <= 3
    swaps = random_swaps(groups, 50, seed=0)
    assert all(len(set(swaps[draw, groups == group])) == 1 for draw in range(50) for group in range(12))
    assert abs(swaps.mean()) < 0.2
    with pytest.raises(InputError, match="13 folds of 12 groups"):
        group_folds(groups, 13, seed=0)


def test_values_that_are_not_finite_are_refused() -> None:
    forward, backward = noise(6, 3)
    backward[2, 1] = np.nan
    with pytest.raises(InputError, match=r"pair 2 .* not finite"):
        Pairs.of(forward, backward)


def test_unmoved_videos_tie_exactly() -> None:
    forward, backward = noise(30, 8)
    backward[::2] = forward[::2]
    found = held_out(Pairs.of(forward, backward), group_folds(np.arange(30), 5, seed=0))
    assert np.array_equal(found.zero[::2], found.one[::2])
    assert not found.order[::2].any()


def test_the_null_of_a_wide_backbone_takes_seconds() -> None:
    """250 videos of width 1280: 200 draws are to take less than 20 s of one core; here four, with room."""
    data = Pairs.of(*noise(250, 1280))
    folds, swaps = group_folds(np.arange(250), 5, seed=0), random_swaps(np.arange(250), 4, seed=0)
    started = time.process_time()
    null_scores(data, folds, swaps)
    assert time.process_time() - started < 4 * 0.5
