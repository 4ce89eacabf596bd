"""Synthetic embeddings for timing: classes with centres, video noise, clip noise, a few shared directions.

The numbers are drawn in a fixed order from one seed, so that accuracies can be compared between programs.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from twlv.types import BackboneCard, ClassLabel, Coverage, DatasetCard, Embedding, Level, Sample

Kind = Literal["uniform", "multi-clip"]


@dataclass(frozen=True, kw_only=True)
class Size:
    train: int = 20_000
    test: int = 4_000
    dim: int = 1024
    classes: int = 400
    signal: float = 0.32  # deviation of a class centre in each dimension
    clip_noise: float = 0.8
    max_clips: int = 6


SMALL = Size(train=3_000, test=400, dim=256)


@dataclass(frozen=True, kw_only=True)
class ArrayFeatures:
    """Features over a list of arrays."""

    vectors: list[np.ndarray]
    labels: np.ndarray
    split: str
    size: Size
    items: list[tuple[Embedding, Sample]]
    missing: tuple[Sample, ...] = ()
    level: Level = "clip"

    @property
    def dataset(self) -> DatasetCard:
        return DatasetCard(name="synthetic", classes=tuple(f"class {i}" for i in range(self.size.classes)))

    @property
    def backbone(self) -> BackboneCard:
        return BackboneCard(
            name="synthetic.none",
            dim=self.size.dim,
            num_params=0,
            num_frames=16,
            image_size_px=224,
            patch=(1, 1, 1),
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            weights="none",
            weights_sha256="none",
            licence="none",
        )

    @property
    def dim(self) -> int:
        return self.size.dim

    @property
    def coverage(self) -> Coverage:
        n = len(self)
        return Coverage(expected=n, present=n, decoded=n, used=n)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        return iter(self.items)


def make(kind: Kind, split: Literal["train", "val"], size: Size, *, seed: int = 0) -> ArrayFeatures:
    """One split; the draws are made in the order: centres, shared directions, offset; labels; each video."""
    root = np.random.default_rng(seed)
    centres = root.normal(0, size.signal, (size.classes, size.dim)).astype(np.float32)
    shared = root.normal(0, 1, (8, size.dim)).astype(np.float32) * 0.15
    offset = root.normal(0, 0.25, size.dim).astype(np.float32)
    n = size.train if split == "train" else size.test
    random = np.random.default_rng([seed, 1 if split == "train" else 2])
    tail = 1.0 / np.arange(1, size.classes + 1) ** 0.3
    drawn = random.choice(size.classes, max(0, n - size.classes), p=tail / tail.sum())
    labels = np.concatenate([np.arange(size.classes), drawn])[:n]
    random.shuffle(labels)
    vectors, items = [], []
    for i, label in enumerate(labels):
        video = centres[label] + offset + random.normal(0, 1, 8).astype(np.float32) @ shared
        video = video + random.standard_normal(size.dim, dtype=np.float32)
        rows = 1 if kind == "uniform" else int(min(size.max_clips, max(1, random.poisson(5))))
        noise = size.clip_noise * random.standard_normal((rows, size.dim), dtype=np.float32)
        vectors.append((video[None] + noise).astype(np.float32))
        name = f"vid_{split}_{i:06d}"
        spans = np.stack([np.arange(rows), np.arange(1, rows + 1)], axis=1) * 2.0
        embedding = Embedding(video_id=name, level="clip", vectors=vectors[-1], spans_seconds=spans)
        sample = Sample(video_id=name, path=name, split=split, target=ClassLabel(index=int(label)))
        items.append((embedding, sample))
    return ArrayFeatures(vectors=vectors, labels=labels, split=split, size=size, items=items)


def write_authors_layout(features: ArrayFeatures, folder: Path) -> None:
    """``folder/<split>/<id>.json, <id>_c.npy, <id>_v.npy``, as the report authors' scripts read it."""
    where = folder / features.split
    where.mkdir(parents=True, exist_ok=True)
    for embedding, sample in features:
        assert isinstance(sample.target, ClassLabel)
        np.save(where / f"{sample.video_id}_c.npy", embedding.vectors)
        np.save(where / f"{sample.video_id}_v.npy", embedding.vectors.mean(0))
        (where / f"{sample.video_id}.json").write_text(json.dumps({"annotation": str(sample.target.index)}))


@dataclass(frozen=True, kw_only=True)
class Cost:
    cpu_seconds: float
    wall_seconds: float

    def __str__(self) -> str:
        return f"{self.cpu_seconds:8.2f} CPU s  {self.wall_seconds:8.2f} s wall"


def timed(work: Callable[[], object]) -> tuple[object, Cost]:
    """What ``work`` returns, and what it cost, child processes included."""
    before, start = _cpu(), time.perf_counter()
    found = work()
    return found, Cost(cpu_seconds=_cpu() - before, wall_seconds=time.perf_counter() - start)


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
