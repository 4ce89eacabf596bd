"""Several sources by weight: which of them fills draw n, and with which of its turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from twlv.errors import UsageError
from twlv.pretrain.data.source import ClipForm, Source
from twlv.types import IntArray

BLOCK = 10_000
"""In every so many draws each source has exactly its share, in an order that the seed gives."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixture:
    """Sources and their weights, which need not add up to one.

    Shares are rounded to 1 / BLOCK (the largest remainders get what is left over). As every block holds a
    source equally often, turn numbers follow from the number of the draw alone: nothing is counted while
    running, so draw n is found at once. Raises UsageError.
    """

    sources: tuple[Source, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.sources or len(self.sources) != len(self.weights):
            raise UsageError(f"{len(self.sources)} sources and {len(self.weights)} weights; give one for each")
        if len({source.name for source in self.sources}) < len(self.sources):
            raise UsageError(f"sources need names of their own, got {[s.name for s in self.sources]}")
        forms = {source.form for source in self.sources}
        if len(forms) > 1:
            raise UsageError(f"the sources of a mixture give clips of one form, got {len(forms)} forms")
        self.counts  # noqa: B018 - refuses weights that cannot be meant

    @property
    def form(self) -> ClipForm:
        """The form of every clip."""
        return self.sources[0].form

    @property
    def gives_flow(self) -> bool:
        """Whether some source knows the displacement of its clips."""
        return any(source.gives_flow for source in self.sources)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many draws of every BLOCK each source has."""
        return shares(self.weights)

    def turn(self, number: int, *, seed: int) -> tuple[int, int]:
        """The index of the source that fills draw ``number``, and the source's turn."""
        block, place = divmod(number, BLOCK)
        order, earlier = _block(self.counts, seed, block)
        source = int(order[place])
        return source, block * self.counts[source] + int(earlier[place])


def shares(weights: Sequence[float]) -> tuple[int, ...]:
    """Whole numbers that add up to BLOCK, in proportion to the weights. Raises UsageError."""
    given = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(given).all() and (given > 0).all()):
        raise UsageError(
            f"weights are positive numbers, got {tuple(weights)}; leave out what shall not be drawn"
        )
    exact = given / given.sum() * BLOCK
    counts = np.floor(exact).astype(np.int64)
    for row in np.argsort(counts - exact, kind="stable")[: BLOCK - counts.sum()]:
        counts[row] += 1
    if not counts.all():
        raise UsageError(f"a weight is below 1/{BLOCK} of all, which rounds to never: {tuple(weights)}")
    return tuple(counts.tolist())


@lru_cache(maxsize=8)
def _block(counts: tuple[int, ...], seed: int, block: int) -> tuple[IntArray, IntArray]:
    """The source of each draw of a block (BLOCK,), and how many of that source came before it (BLOCK,)."""
    order = np.repeat(np.arange(len(counts)), counts)
    np.random.default_rng([seed, block, len(counts)]).shuffle(order)
    earlier = np.empty(BLOCK, dtype=np.int64)
    for source, count in enumerate(counts):
        earlier[order == source] = np.arange(count)
    return order, earlier
