"""Features made of arrays: what a store gives a task, without a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from twlv.types import BackboneCard, ClassLabel, Coverage, DatasetCard, Embedding, Level, Sample

CARD = BackboneCard(
    name="fake.zero",
    dim=2,
    num_params=0,
    num_frames=16,
    image_size_px=224,
    patch=(1, 16, 16),
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    weights="none",
    weights_sha256="0" * 64,
    licence="none",
)


DATASET = DatasetCard(name="fake")


@dataclass(frozen=True, kw_only=True)
class FakeFeatures:
    items: tuple[tuple[Embedding, Sample], ...]
    missing: tuple[Sample, ...] = ()
    dataset: DatasetCard = DATASET
    backbone: BackboneCard = CARD
    level: Level = "clip"

    @property
    def dim(self) -> int:
        return self.backbone.dim

    @property
    def coverage(self) -> Coverage:
        n = len(self.items)
        expected = n + len(self.missing)
        return Coverage(expected=expected, present=n, decoded=n, used=n)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        return iter(self.items)


def sample(video_id: str, label: int | None, group: str = "") -> Sample:
    target = None if label is None else ClassLabel(index=label)
    return Sample(video_id=video_id, path=f"{video_id}.mp4", target=target, group=group)


def features(
    vectors: Sequence[object] | np.ndarray,
    labels: Sequence[int | None],
    *,
    ids: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    classes: Sequence[str] = (),
    missing: Mapping[str, int] | None = None,
    prefix: str = "v",
) -> FakeFeatures:
    """Video i has ``vectors[i]``: (D,) for one row, (M, D) for M of them."""
    names = ids or [f"{prefix}{i:05d}" for i in range(len(labels))]
    items = []
    dim = 2
    for i, (rows, label) in enumerate(zip(vectors, labels, strict=True)):
        array = np.atleast_2d(np.asarray(rows, dtype=np.float32))
        dim = array.shape[-1] if i == 0 else dim
        spans = np.stack([np.arange(len(array)), np.arange(1, len(array) + 1)], axis=1).astype(np.float64)
        embedding = Embedding(video_id=names[i], level="clip", vectors=array, spans_seconds=spans)
        items.append((embedding, sample(names[i], label, groups[i] if groups else "")))
    return FakeFeatures(
        items=tuple(items),
        missing=tuple(sample(name, label) for name, label in (missing or {}).items()),
        dataset=DatasetCard(name="fake", classes=tuple(classes)),
        backbone=replace(CARD, dim=dim),
    )


def blobs(
    n: int, *, classes: int = 4, dim: int = 16, noise: float = 1.0, clips: int = 1, seed: int = 0, prefix: str
) -> FakeFeatures:
    """Gaussian classes around centres that do not depend on ``seed``; ``clips`` rows a video at most."""
    centres = np.random.default_rng(99).standard_normal((classes, dim))
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(n) % classes)
    vectors = []
    for label in labels:
        video = centres[label] + noise * random.standard_normal(dim)
        rows = int(random.integers(1, clips + 1))
        vectors.append(video + 0.3 * noise * random.standard_normal((rows, dim)) * (clips > 1))
    return features(vectors, labels.tolist(), classes=[f"c{i}" for i in range(classes)], prefix=prefix)
