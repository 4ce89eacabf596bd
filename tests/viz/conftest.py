"""Stores of drawn vectors: classes as clouds, and a forward store with its reversed twin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from twlv.store import Store, StoreSpec, StoreWriter
from twlv.types import BackboneCard, ClassLabel, Dataset, DatasetCard, Embedding, MultiClip, Sample

NAMES = tuple(f"class {letter}" for letter in "abcdefghijklmnopqrstuvwxy")


def card(dim: int) -> BackboneCard:
    return BackboneCard(
        name="tiny_vit.random",
        dim=dim,
        num_params=10,
        num_frames=8,
        image_size_px=32,
        patch=(2, 16, 16),
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        weights="w",
        weights_sha256="ab" * 32,
        licence="MIT",
    )


def write(path: Path, vectors: dict[str, np.ndarray], frame_order: str = "forward") -> Store:
    """A store with the rows (M, D) of each id."""
    dim = next(iter(vectors.values())).shape[-1]
    spec = StoreSpec(backbone=card(dim), sampling=MultiClip(), num_frames=8, frame_order=frame_order)
    with StoreWriter(Store.open_or_create(path, spec)) as writer:
        writer.write_many([embedding(video_id, rows) for video_id, rows in vectors.items()])
    return Store.open(path)


def embedding(video_id: str, rows: np.ndarray) -> Embedding:
    starts = np.arange(len(rows), dtype=np.float64)
    spans = np.stack([starts, starts + 1], axis=1)
    return Embedding(video_id=video_id, level="clip", vectors=rows.astype(np.float32), spans_seconds=spans)


def dataset(labels: list[int | None], classes: tuple[str, ...] = NAMES, groups: int = 0) -> Dataset:
    """Videos v000, v001, ... of these labels, every third in the split train, the others in val."""
    samples = tuple(
        Sample(
            video_id=f"v{i:03}",
            path=f"v{i:03}.mp4",
            split="train" if i % 3 == 0 else "val",
            target=None if label is None else ClassLabel(index=label),
            group=f"g{i % groups}" if groups else "",
        )
        for i, label in enumerate(labels)
    )
    return Dataset(card=DatasetCard(name="clouds", classes=classes), samples=samples)


def clouds(
    n: int, classes: int, *, dim: int = 16, clips: int = 2, seed: int = 0, apart: float = 4.0
) -> np.ndarray:
    """(n, clips, dim) vectors; video i is of class i modulo the number of classes."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((classes, dim)) * apart / np.sqrt(dim)
    videos = centres[np.arange(n) % classes] + random.standard_normal((n, dim)) * 0.5
    return videos[:, None] + 0.1 * random.standard_normal((n, clips, dim))


Made = tuple[Store, Dataset]
Make = Callable[..., Made]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """``make(n, classes)``: a store of n videos in clouds, and its data set."""

    def made(n: int = 60, classes: int = 4, *, name: str = "store", **changes: object) -> Made:
        vectors = clouds(n, classes, **changes)
        rows = {f"v{i:03}": one for i, one in enumerate(vectors)}
        return write(tmp_path / name, rows), dataset([i % classes for i in range(n)])

    return made


@pytest.fixture
def make_pair(tmp_path: Path) -> Callable[..., tuple[Store, Store]]:
    """Forward and reversed stores; ``signal`` is how far the reversed ones lie in one direction."""

    def made(
        n: int = 40, *, dim: int = 16, signal: float = 0.0, noise: float = 0.5, seed: int = 0
    ) -> tuple[Store, Store]:
        random = np.random.default_rng(seed)
        forward = random.standard_normal((n, 1, dim))
        backward = forward + noise * random.standard_normal((n, 1, dim))
        backward[..., 0] += signal
        ids = [f"v{i:03}" for i in range(n)]
        return (
            write(tmp_path / "forward", dict(zip(ids, forward, strict=True))),
            write(tmp_path / "reversed", dict(zip(ids, backward, strict=True)), "reversed"),
        )

    return made
