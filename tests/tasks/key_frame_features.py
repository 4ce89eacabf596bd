"""Key frames made of arrays: tokens that say where one or two people stand and what they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from twlv.tasks import SpatiotemporalLocalization
from twlv.types import BackboneCard, Boxes, Coverage, DatasetCard, Embedding, Level, Sample, Span

GRID = (2, 4, 4)
CLASSES = ("stand", "wave", "jump")
BACKBONE = BackboneCard(
    name="fake.tokens",
    dim=8,
    num_params=0,
    num_frames=2,
    image_size_px=64,
    patch=(1, 16, 16),
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    weights="none",
    weights_sha256="0" * 64,
    licence="none",
)

SMALL = SpatiotemporalLocalization(
    num_queries=4,
    num_layers=2,
    width=32,
    num_heads=2,
    mlp_width=32,
    epochs=2,
    warmup_epochs=1,
    batch_size=4,
    learning_rate=1e-2,
    device="cpu",
)


@dataclass(frozen=True, kw_only=True)
class InMemory:
    items: tuple[tuple[Embedding, Sample], ...]
    dataset: DatasetCard
    missing: tuple[Sample, ...] = ()
    backbone: BackboneCard = BACKBONE
    level: Level = "patch"

    @property
    def dim(self) -> int:
        return self.backbone.dim

    @property
    def coverage(self) -> Coverage:
        n = len(self.items)
        return Coverage(expected=n + len(self.missing), present=n, decoded=n, used=n)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        return iter(self.items)


@dataclass(frozen=True, kw_only=True)
class Ordered(InMemory):
    """That can also be read in another order; ``asked`` counts the embeddings given."""

    asked: list[str]

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        for embedding, sample in self.items:
            self.asked.append(sample.video_id)
            yield embedding, sample

    def ordered(self, video_ids: Sequence[str]) -> Ordered:
        known = {sample.video_id: (embedding, sample) for embedding, sample in self.items}
        return Ordered(items=tuple(known[i] for i in video_ids), dataset=self.dataset, asked=self.asked)


def target(random: np.random.Generator, people: int) -> Boxes:
    """People in different quarters of the picture, each doing one or two things."""
    quarters = random.permutation(4)[:people]
    centres = np.stack([quarters % 2, quarters // 2], axis=1) / 2 + random.uniform(0.2, 0.3, (people, 2))
    half = random.uniform(0.1, 0.18, (people, 2))
    labels = np.zeros((people, len(CLASSES)), dtype=bool)
    labels[np.arange(people), random.integers(2, size=people)] = True
    labels[:, 2] = random.random(people) < 0.3
    return Boxes(time_seconds=1.0, xyxy=np.concatenate([centres - half, centres + half], axis=1), labels=labels)


def tokens(of: Boxes, random: np.random.Generator) -> np.ndarray:
    """(1, N, 8): how much of each cell a person covers, with its size and labels, and some noise."""
    _, high, wide = GRID
    y, x = (np.mgrid[0:high, 0:wide].reshape(2, -1) + 0.5) / high
    found = np.zeros((high * wide, 8))
    for (left, top, right, bottom), labels in zip(of.xyxy, of.labels, strict=True):
        near = np.exp(-(((x - (left + right) / 2) ** 2 + (y - (top + bottom) / 2) ** 2) / 0.02))
        what = [1.0, right - left, bottom - top, *labels, (left + right) / 2, (top + bottom) / 2]
        found += near[:, None] * np.array(what)
    rows = np.concatenate([found, found]) + random.normal(0, 0.01, (2 * high * wide, 8))
    return rows[None].astype(np.float32)


def key_frames(
    count: int,
    *,
    seed: int = 0,
    people: Sequence[int] = (1, 2),
    prefix: str = "v",
    classes: Sequence[str] = CLASSES,
) -> InMemory:
    """Two key frames of each video; ``people`` by turns."""
    random = np.random.default_rng(seed)
    items = []
    for i in range(count):
        who = target(random, people[i % len(people)])
        video = f"{prefix}{i // 2:03d}"
        sample = Sample(
            video_id=f"{video}@{i:04d}",
            path=f"{video}.mp4",
            target=who,
            group=video,
            span=Span(start_seconds=0.0, end_seconds=2.0),
        )
        rows = Embedding(
            video_id=sample.video_id,
            level="patch",
            vectors=tokens(who, random),
            spans_seconds=np.array([[0.0, 2.0]]),
        )
        items.append((rows, sample))
    card = DatasetCard(name="people", classes=tuple(classes))
    return InMemory(items=tuple(items), dataset=card)
