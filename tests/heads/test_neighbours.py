"""Against a plain oracle: every similarity in float64, a stable sort."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.heads import full_float32, nearest, to_unit
from twlv.heads.formats import Bound, _rounding_loss

COARSE = (torch.bfloat16, torch.float32, torch.float64)
FORMATS = (None, COARSE, COARSE[1:], COARSE[2:])


def oracle(bank: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    similarity = queries.astype(np.float64) @ bank.astype(np.float64).T
    rows = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(similarity, rows, axis=1)


def case(seed: int, rows: int, dim: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    bank, queries = random.standard_normal((rows, dim)), random.standard_normal((13, dim))
    if kind == "ties":  # few directions, so nearly everything ties
        bank, queries = (random.integers(-1, 2, x.shape) for x in (bank, queries))
    if kind == "crowded":  # all cosines nearly 1, as of an untrained backbone
        bank, queries = 1 + 1e-4 * bank, 1 + 1e-4 * queries
    bank, queries = bank.astype(np.float32), queries.astype(np.float32)
    to_unit(bank)
    to_unit(queries)
    return bank, queries


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 300),
    st.integers(1, 70),
    st.sampled_from(["plain", "ties", "crowded"]),
    st.data(),
)
def test_trap_5_any_chunking_and_format_gives_the_oracles_rows(seed, rows, dim, kind, data) -> None:
    bank, queries = case(seed, rows, dim, kind)
    k = data.draw(st.integers(1, rows))
    expected_rows, expected = oracle(bank, queries, k)
    found = nearest(
        bank,
        queries,
        k,
        device="cpu",
        bank_block=data.draw(st.sampled_from([1, 7, rows])),
        query_block=data.draw(st.sampled_from([1, 5, 100])),
        formats=data.draw(st.sampled_from(FORMATS)),
    )
    np.testing.assert_array_equal(found.rows, expected_rows)
    np.testing.assert_array_equal(found.similarity, expected)


@pytest.mark.parametrize("kind", ["plain", "ties", "crowded"])
@pytest.mark.parametrize("formats", FORMATS)
def test_banks_larger_than_the_candidate_limit(kind: str, formats) -> None:
    bank, queries = case(1, 5000, 24, kind)
    for block in (900, 16384):
        found = nearest(bank, queries, 20, device="cpu", formats=formats, bank_block=block)
        np.testing.assert_array_equal(found.rows, oracle(bank, queries, 20)[0])


@pytest.mark.parametrize("block", [333, 16384])
def test_all_rows_equal(block: int) -> None:
    bank = np.ones((4000, 8), dtype=np.float32)
    to_unit(bank)
    found = nearest(bank, bank[:3], 10, device="cpu", bank_block=block)
    np.testing.assert_array_equal(found.rows, np.tile(np.arange(10), (3, 1)))


def test_trap_10_close_cosines_keep_their_order() -> None:
    angles = np.arccos([0.99990, 0.99995, 0.99985])
    bank = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    query = np.array([[1, 0]], dtype=np.float32)
    to_unit(bank)
    assert nearest(bank, query, 3, device="cpu", formats=COARSE).rows.tolist() == [[1, 0, 2]]


@pytest.mark.parametrize("dtype", COARSE)
def test_the_error_bound_holds(dtype: torch.dtype) -> None:
    bank, queries = case(3, 4000, 512, "plain")
    heavy = np.concatenate([bank, np.ones_like(bank[:50]) + 1e-3 * bank[:50], np.eye(512, dtype=np.float32)])
    to_unit(heavy)
    exact = queries.astype(np.float64) @ heavy.astype(np.float64).T
    with full_float32(torch.device("cpu")):
        seen = (torch.from_numpy(queries).to(dtype) @ torch.from_numpy(heavy).to(dtype).T).double().numpy()
    bound = Bound(dtype, heavy)
    assert (np.abs(seen - exact) <= bound.absolute(queries) + bound.relative * np.abs(seen)).all()


def test_a_broken_bound_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were float32 computed in something coarser, the candidates' exact values would tell."""
    bank, queries = case(4, 3000, 64, "plain")
    used: list[torch.dtype] = []
    honest = Bound.absolute

    def absolute(self: Bound, block: np.ndarray) -> float:
        used.append(self.dtype)
        return honest(self, block) if self.exact else 1e-12

    monkeypatch.setattr(Bound, "absolute", absolute)
    found = nearest(bank, queries, 5, device="cpu", formats=COARSE[1:])
    assert used == [torch.float32, torch.float64]
    np.testing.assert_array_equal(found.rows, oracle(bank, queries, 5)[0])


def test_reduced_precision_settings_do_not_leak_in_and_are_restored() -> None:
    bank, queries = case(5, 2000, 64, "plain")
    expected = oracle(bank, queries, 30)
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = nearest(bank, queries, 30, device="cpu", formats=COARSE[1:])
            assert torch.is_autocast_enabled("cpu")
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    np.testing.assert_array_equal(found.rows, expected[0])
    np.testing.assert_array_equal(found.similarity, expected[1])


def test_full_float32_scopes_precision_autocast_and_gradients() -> None:
    a = torch.randn(64, 64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    torch.set_float32_matmul_precision("medium")
    try:
        before = torch.backends.mkldnn.matmul.fp32_precision, torch.backends.cuda.matmul.fp32_precision
        with torch.autocast("cpu", dtype=torch.bfloat16), full_float32(torch.device("cpu")):
            product = a @ a
            assert torch.backends.mkldnn.matmul.fp32_precision == "ieee"
            assert torch.backends.cuda.matmul.fp32_precision == "ieee"
        assert before == ("bf16", "tf32")
        after = torch.backends.mkldnn.matmul.fp32_precision, torch.backends.cuda.matmul.fp32_precision
        assert after == before
    finally:
        torch.set_float32_matmul_precision("highest")
    assert product.dtype == torch.float32
    assert not product.requires_grad


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 600), st.integers(1, 70))
def test_what_rounding_takes_away_is_what_torch_rounds(seed: int, num_rows: int, dim: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((num_rows, dim)).astype(np.float32)
    to_unit(rows)
    rows[0] = 1.00390625  # halfway between two values of bfloat16
    lost = rows.astype(np.float64) - torch.from_numpy(rows).bfloat16().double().numpy()
    expected = np.sqrt((lost**2).sum(axis=1)).max()
    assert expected <= _rounding_loss(rows) <= expected * 1.0002 + 2e-9
