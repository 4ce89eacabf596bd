"""Features of level patch made of arrays, in the four kinds that a task may be given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from twlv.types import DatasetCard, Embedding, Json, Sample

CLASSES = 3


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """Any features, that can also be read in another order; ``asked`` counts the embeddings given."""

    inner: object
    asked: list[str]

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def __len__(self) -> int:
        return len(self.inner)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        for embedding, sample in self.inner:
            self.asked.append(sample.video_id)
            yield embedding, sample

    def ordered(self, video_ids: Sequence[str]) -> Ordered:
        known = {sample.video_id: (embedding, sample) for embedding, sample in self.inner}
        return replace(self, inner=replace(self.inner, items=tuple(known[i] for i in video_ids)))


@dataclass(frozen=True, kw_only=True)
class Changing:
    """Features whose tokens are shifted a little along one axis in every epoch."""

    inner: object
    epochs: list[int]

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def __len__(self) -> int:
        return len(self.inner)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        return iter(self.inner)

    @property
    def training(self) -> Mapping[str, Json]:
        return {"kind": "live"}

    def for_epoch(self, epoch: int) -> object:
        self.epochs.append(epoch)
        shift = np.zeros(self.inner.dim, dtype=np.float32)
        shift[0] = 0.01 * epoch
        moved = tuple((replace(e, vectors=e.vectors + shift), sample) for e, sample in self.inner)
        return replace(self.inner, items=moved)


def tokens(
    fake: ModuleType,
    n: int,
    *,
    seed: int = 0,
    prefix: str = "t",
    dim: int = 16,
    num_tokens: int = 12,
    clips: int = 1,
    signal: float = 4.0,
    groups: Sequence[str] | None = None,
    spans: str = "clips",
) -> object:
    """Noise, but for one token of every row that tells the class, by a mark; another with everything reversed
    undoes it in the mean of the tokens.

    ``spans``: ``clips`` gives every row its own interval, ``views`` all rows of a video the same.
    """
    centres = np.random.default_rng(99).standard_normal((CLASSES, dim)) * signal
    random = np.random.default_rng([seed, ord(prefix[0])])
    labels = random.permutation(np.arange(n) % CLASSES)
    items = []
    for i, label in enumerate(labels):
        vectors = random.standard_normal((clips, num_tokens, dim)).astype(np.float32)
        for row in vectors:
            told = centres[label].copy()
            told[0] = 2 * signal  # the mark
            tells, undoes = random.permutation(num_tokens)[:2]
            row[tells] += told
            row[undoes] -= told
        starts = np.arange(clips) * (spans == "clips")
        sample = fake.sample(f"{prefix}{i:04d}", int(label), groups[i] if groups else "")
        items.append(
            (
                Embedding(
                    video_id=sample.video_id,
                    level="patch",
                    vectors=vectors,
                    spans_seconds=np.stack([starts, starts + 1], axis=1).astype(np.float64),
                ),
                sample,
            )
        )
    return fake.FakeFeatures(
        items=tuple(items),
        dataset=DatasetCard(name="fake", classes=("a", "b", "c")),
        backbone=replace(fake.CARD, dim=dim),
        level="patch",
    )
