"""Clips kept in memory as uint8, for runs that see each of them many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from twlv.errors import UsageError
from twlv.pretrain.data.shuffle import place_of
from twlv.pretrain.data.source import ClipForm, Failed, Item, Read, Source
from twlv.video import clip_random


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """The first ``size`` turns of another source, each read once and shown in shuffled passes ever after.

    A turn is kept when it is first asked for, so the first pass costs what the source costs. Memory:
    ``size * crops * T * 3 * S * S`` bytes (6000 clips of 8 x 48 x 48: 332 MB), and 8 bytes for each cell of
    a displacement. ``flip`` mirrors a shown clip with this probability, displacement and all. Every process
    keeps a pool of its own: use threads.
    """

    source: Source
    size: int
    flip: float = 0.0
    _held: dict[tuple[int, int], Read] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.flip <= 1:
            raise UsageError(f"a pool has 1 or more clips and flip 0 to 1, got {self.size} and {self.flip}")

    @property
    def name(self) -> str:
        """That of the source."""
        return self.source.name

    @property
    def form(self) -> ClipForm:
        """That of the source."""
        return self.source.form

    @property
    def chunk(self) -> int:
        """That of the source."""
        return self.source.chunk

    @property
    def gives_flow(self) -> bool:
        """Whether the source does."""
        return self.source.gives_flow

    @property
    def refused(self) -> tuple[Failed, ...]:
        """That of the source."""
        return self.source.refused

    def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
        """Kept clips; those that are not kept yet are read together. Failures are told once."""
        places = [place_of(turn, self.size, seed=seed, name=f"pool of {self.name}") for turn in turns]
        fresh = sorted({place for place in places if (seed, place) not in self._held})
        news = dict(zip(fresh, self.source.read(fresh, seed=seed), strict=True)) if fresh else {}
        for place, read in news.items():
            self._held[seed, place] = replace(read, failed=()) if read.items else read
        return [self._shown(turn, seed, place, news) for turn, place in zip(turns, places, strict=True)]

    def _shown(self, turn: int, seed: int, place: int, news: dict[int, Read]) -> Read:
        read = news.pop(place, None) or self._held[seed, place]
        items = tuple(self._coin(turn, seed, number, item) for number, item in enumerate(read.items))
        return Read(items=items, failed=read.failed)

    def _coin(self, turn: int, seed: int, number: int, item: Item) -> Item:
        if not self.flip:
            return item
        random = clip_random(seed, turn, item.item_id, number, purpose="pool")
        return item.mirrored() if random.random() < self.flip else item
