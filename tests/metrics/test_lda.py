from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from twlv.metrics.lda import fit_differences, fit_lda, spread


def oracle(zero: np.ndarray, one: np.ndarray, shrinkage: float | str = "auto") -> LinearDiscriminantAnalysis:
    plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[0.5, 0.5])
    labels = np.repeat([0, 1], [len(zero), len(one)])
    return plain.fit(np.concatenate([zero, one]), labels)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(st.integers(3, 40), st.integers(3, 40)),
    width=st.integers(1, 60),
    shrinkage=st.sampled_from(["auto", "auto", 0.1, 1.0]),
    seed=st.integers(0, 10_000),
)
def test_equal_to_scikit_learn_with_more_columns_than_rows_and_with_fewer(
    sizes: tuple[int, int], width: int, shrinkage: float | str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    scale = 10.0 ** random.uniform(-2, 2, width)
    zero, one = ((random.standard_normal((size, width)) + random.normal(size=width)) * scale for size in sizes)
    asked = random.standard_normal((20, width)) * scale
    expected = oracle(zero, one, shrinkage).decision_function(asked)
    found = fit_lda(zero, one, shrinkage=shrinkage).decide(asked)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())


def test_constant_columns_are_left_alone() -> None:
    random = np.random.default_rng(0)
    zero, one = random.standard_normal((2, 12, 30))
    zero[:, 3] = one[:, 3] = 7.0
    zero[:, 4] = one[:, 4] = 0.0
    zero[:, 5] = 1.0  # constant in one class only
    asked = random.standard_normal((5, 30))
    np.testing.assert_allclose(
        fit_lda(zero, one).decide(asked), oracle(zero, one).decision_function(asked), rtol=1e-9
    )


@pytest.mark.parametrize("shrinkage", ["auto", 0.3, 0.0])
def test_differences_are_told_from_their_negatives(shrinkage: float | str) -> None:
    random = np.random.default_rng(1)
    for shape in ((20, 50), (50, 20)):
        differences = random.standard_normal(shape) + 0.3
        if shrinkage == 0.0 and shape[0] < shape[1]:
            continue  # without shrinking the rows must span the columns
        found = fit_differences(differences, shrinkage=shrinkage)
        expected = fit_lda(-differences, differences, shrinkage=shrinkage)
        np.testing.assert_allclose(found, expected.coef, rtol=1e-9)
        assert abs(expected.intercept) < 1e-12


def test_no_differences_have_no_direction() -> None:
    rows = np.random.default_rng(4).standard_normal((6, 40))
    assert not fit_differences(np.zeros((6, 40))).any()
    found = fit_lda(rows, rows)
    assert not found.coef.any()
    assert found.intercept == 0.0


def test_the_share_is_ledoit_and_wolfs_on_standardised_columns() -> None:
    values = np.random.default_rng(2).standard_normal((30, 8)) * np.arange(1, 9)
    standardised = (values - values.mean(axis=0)) / values.std(axis=0)
    found = spread(values, "auto")
    assert found.weight * 30 == pytest.approx(1 - ledoit_wolf_shrinkage(standardised))
