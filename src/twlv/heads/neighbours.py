"""Exact k nearest neighbours under cosine similarity: the same rows on every machine, in any chunking.

Search is filter and refine. The filter computes similarities in a fast number format whose error is bounded
from above, finds a threshold that at least k rows pass for certain, and keeps every row within the error of
it. The few that are left are compared again with exact similarities (see ``unit``), so the answer is that of
exact arithmetic with ties going to the earlier row, and the format of the filter cannot show in it. Every
bound is checked against the exact values it let through; where it fails, or lets too many rows through
(nearly equal vectors), the next finer format takes over.

Axis letters: Q queries, R bank rows, D width, k neighbours, P candidate pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from twlv.heads.formats import Bound, filter_formats
from twlv.heads.parallel import in_threads, num_workers
from twlv.heads.precision import full_float32
from twlv.nn.precision import resolve_device
from twlv.types import DoubleArray, FloatArray, IntArray

_MAX_GROUP = 32  # rows that share one maximum while the threshold is sought
_EXACT_ROWS = 128  # bank rows that are compared exactly at once; they stay in the cache
_QUERY_BLOCK = 1024
_BANK_BLOCK = 32768  # 1024 x 32768 similarities: 64 MB in bfloat16


@dataclass(frozen=True, kw_only=True, eq=False)
class Neighbours:
    """``rows`` (Q, k) of the bank, nearest first, equal ones in row order; ``similarity`` (Q, k) exact."""

    rows: IntArray
    similarity: DoubleArray


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """Candidate pairs of one block of queries, sorted by query, then row. (P,) each."""

    query: IntArray
    row: IntArray
    similarity: DoubleArray


def nearest(
    bank: FloatArray,
    queries: FloatArray,
    k: int,
    *,
    device: str = "auto",
    query_block: int = _QUERY_BLOCK,
    bank_block: int = _BANK_BLOCK,
    formats: Sequence[torch.dtype] | None = None,
) -> Neighbours:
    """The ``k`` rows of ``bank`` (R, D) nearest to each of ``queries`` (Q, D), 1 <= k <= R.

    Both must come from ``to_unit``. ``formats`` are the number formats of the filter from coarse to fine, the
    last float64; None: bfloat16 where this CPU multiplies it fast, float32, float64. None of the options but
    ``k`` changes the answer. Beside the bank a copy of it in bfloat16 is held where that is the filter.
    """
    where = resolve_device(device)
    rows = np.empty((len(queries), k), dtype=np.int64)
    similarity = np.empty((len(queries), k), dtype=np.float64)
    with full_float32(where):
        search = _Search(bank, k, where, bank_block)
        bounds = [Bound(dtype, bank) for dtype in (formats or filter_formats(where))]
        for start in range(0, len(queries), query_block):
            block = slice(start, start + query_block)
            found = search.block(queries[block], bounds[0])
            while found is None:  # a finer format, for the blocks to come too: they are like this one
                bounds.pop(0)
                found = search.block(queries[block], bounds[0])
            rows[block], similarity[block] = found
    return Neighbours(rows=rows, similarity=similarity)


class _Search:
    """A bank on its device, searched for one block of queries at a time."""

    def __init__(self, bank: FloatArray, k: int, device: torch.device, bank_block: int) -> None:
        self._bank = bank
        self._memory = torch.from_numpy(bank).to(device)
        self._k = k
        self._bank_block = min(bank_block, len(bank))
        self._rounded = self._memory  # in the format of the filter
        self._product = torch.empty(0, device=device)  # memory for a block of similarities, used again

    def block(self, queries: FloatArray, bound: Bound) -> tuple[IntArray, DoubleArray] | None:
        """Rows and similarities (q, k), or None if this format lets too many through or breaks its bound."""
        error = bound.absolute(queries)
        found = self._filter(queries, bound, error)
        if found is None:
            return None
        starts = np.searchsorted(found.query, np.arange(len(queries) + 1))
        if bound.exact:
            return _best(found.row, found.similarity, starts, self._k)
        exact = _exact(self._bank, queries, found.row, starts)
        if np.any(np.abs(exact - found.similarity) > error + bound.relative * np.abs(found.similarity)):
            return None
        return _best(found.row, exact, starts, self._k)

    def _filter(self, queries: FloatArray, bound: Bound, error: float) -> _Found | None:
        """Every pair that can be among the k nearest, or None if those are too many to be worth it."""
        k, device = self._k, self._memory.device
        dtype = torch.float64 if bound.exact else torch.float32
        block = torch.from_numpy(queries).to(device, bound.dtype)
        best = torch.empty((len(queries), 0), dtype=dtype, device=device)
        threshold = torch.full((len(queries), 1), -math.inf, dtype=dtype, device=device)
        limit = len(queries) * (4 * k + 512)
        pairs: list[tuple[IntArray, IntArray, DoubleArray]] = []
        for start in range(0, len(self._memory), self._bank_block):
            similarity = self._similarity(block, start)
            best = torch.cat([best, _group_maxima(similarity, k).to(dtype)], dim=1)
            if best.shape[1] >= k:
                best = best.topk(k, dim=1).values
                least = best[:, -1:]  # at least k rows reach it
                threshold = least - 2 * (error + 1.1 * bound.relative * (least.abs() + error))
            passed = _passed(similarity, threshold.to(bound.dtype), k, limit, exact=bound.exact)
            if passed is None:
                return None
            query, column = np.divmod(passed, similarity.shape[1])
            values = similarity.flatten()[torch.from_numpy(passed).to(device)]
            pairs.append((query, column + start, values.cpu().double().numpy()))
        found = _joined(pairs, threshold.cpu().double().numpy()[:, 0])
        return None if len(found.row) > limit and not bound.exact else found

    def _similarity(self, queries: torch.Tensor, start: int) -> torch.Tensor:
        """To the bank rows from ``start`` on, (q, b), in the queries' format; the next call writes over it."""
        bank = self._as(queries.dtype)[start : start + self._bank_block].to(queries.dtype)
        size = len(queries) * len(bank)
        if self._product.dtype != queries.dtype or len(self._product) < size:
            self._product = torch.empty(size, dtype=queries.dtype, device=queries.device)
        return torch.mm(queries, bank.T, out=self._product[:size].view(len(queries), len(bank)))

    def _as(self, dtype: torch.dtype) -> torch.Tensor:
        """The bank, rounded once if that makes it smaller; what makes it larger is left to the caller."""
        if dtype == torch.float64:
            return self._memory
        if self._rounded.dtype != dtype:
            self._rounded = self._memory.to(dtype)
        return self._rounded


def _group_maxima(similarity: torch.Tensor, k: int) -> torch.Tensor:
    """Maxima (q, G) of disjoint groups of columns; the k-th largest of them is reached by k columns."""
    num_columns = similarity.shape[1]
    size = max(1, min(_MAX_GROUP, num_columns // (8 * k)))
    if size == 1:
        return similarity
    whole = num_columns // size * size
    maxima = similarity[:, :whole].view(len(similarity), size, -1).amax(dim=1)
    return torch.cat([maxima, similarity[:, whole:]], dim=1)


def _passed(
    similarity: torch.Tensor, threshold: torch.Tensor, k: int, limit: int, *, exact: bool
) -> IntArray | None:
    """Flat positions (P,) at or above the threshold (q, 1); None if more than ``limit``, unless ``exact``.

    With exact values the threshold is one that k rows reach, so of those equal to it the first k will do.
    """
    mask = (similarity >= threshold).cpu().numpy()
    if np.count_nonzero(mask) > limit:
        if not exact:
            return None
        equal = similarity == threshold
        mask &= (~equal | (equal.cumsum(dim=1) <= k)).cpu().numpy()
    positions: IntArray = np.flatnonzero(mask).astype(np.int64, copy=False)
    return positions


def _joined(pairs: Sequence[tuple[IntArray, IntArray, DoubleArray]], threshold: DoubleArray) -> _Found:
    """The pairs of all blocks that pass the final threshold (q,)."""
    query, row, similarity = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    if len(pairs) > 1:
        kept = np.flatnonzero(similarity >= threshold[query])
        kept = kept[np.argsort(query[kept], kind="stable")]
        query, row, similarity = query[kept], row[kept], similarity[kept]
    return _Found(query=query, row=row, similarity=similarity)


def _exact(bank: FloatArray, queries: FloatArray, rows: IntArray, starts: IntArray) -> DoubleArray:
    """Exact similarities of the candidates (P,); those of query i are ``starts[i]:starts[i + 1]``."""
    exact = np.empty(len(rows), dtype=np.float64)
    wanted = queries.astype(np.float64)

    def work(part: range) -> None:
        narrow = np.empty((_EXACT_ROWS, bank.shape[1]), dtype=np.float32)
        wide = np.empty((_EXACT_ROWS, bank.shape[1]), dtype=np.float64)
        for i in part:
            for low in range(starts[i], starts[i + 1], _EXACT_ROWS):
                high = min(low + _EXACT_ROWS, starts[i + 1])
                size = high - low
                np.take(bank, rows[low:high], axis=0, out=narrow[:size], mode="clip")
                wide[:size] = narrow[:size]
                np.dot(wide[:size], wanted[i], out=exact[low:high])

    workers = num_workers()
    in_threads(work, [range(i, len(queries), workers) for i in range(workers)])
    return exact


def _best(rows: IntArray, exact: DoubleArray, starts: IntArray, k: int) -> tuple[IntArray, DoubleArray]:
    """The k nearest of each query's candidates, which come in row order."""
    num_queries = len(starts) - 1
    best_rows = np.empty((num_queries, k), dtype=np.int64)
    best = np.empty((num_queries, k), dtype=np.float64)
    for i in range(num_queries):
        own = slice(starts[i], starts[i + 1])
        order = np.argsort(-exact[own], kind="stable")[:k]
        best_rows[i], best[i] = rows[own][order], exact[own][order]
    return best_rows, best
