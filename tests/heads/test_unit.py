from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.heads import to_unit


def test_length_is_one_and_direction_is_kept() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 300)).astype(np.float32) * 1e-6
    expected = rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    assert to_unit(rows, block=7) == 0
    np.testing.assert_allclose(rows, expected, atol=2e-8)


def test_trap_9_zero_rows_stay_zero_and_are_counted() -> None:
    rows = np.array([[0, 0], [3, 4], [1e-20, 0], [1e30, 0]], dtype=np.float32)
    assert to_unit(rows) == 2
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows, [[0, 0], [0.6, 0.8], [0, 0], [1, 0]], atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 3000), st.integers(1, 40))
def test_the_blocks_that_go_to_threads_do_not_show(seed: int, num_rows: int, dim: int, block: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((num_rows, dim)).astype(np.float32)
    rows[:: 5 + block] = 0
    whole, parts = rows.copy(), rows.copy()
    assert to_unit(whole, block=num_rows) == to_unit(parts, block=block) == len(rows[:: 5 + block])
    np.testing.assert_array_equal(whole, parts)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 200))
def test_float64_dot_products_are_exact_in_any_order(seed: int, dim: int) -> None:
    random = np.random.default_rng(seed)
    rows = (random.standard_normal((2, dim)) ** 3).astype(np.float32)
    to_unit(rows)
    exact = sum((Fraction(float(a)) * Fraction(float(b)) for a, b in zip(*rows, strict=True)), Fraction(0))
    order = random.permutation(dim)
    wide = rows.astype(np.float64)[:, order]
    assert Fraction(float(np.dot(wide[0], wide[1]))) == exact
    assert Fraction(float(sum(wide[0] * wide[1]))) == exact
