"""Makers of specs and embeddings for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from twlv.store import Store, StoreSpec
from twlv.types import BackboneCard, Embedding, MultiClip


@pytest.fixture(scope="session")
def card() -> BackboneCard:
    return BackboneCard(
        name="tiny_vit.random",
        dim=6,
        num_params=123,
        num_frames=16,
        image_size_px=224,
        patch=(2, 16, 16),
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        weights="https://example.org/w.safetensors",
        weights_sha256="ab" * 32,
        licence="MIT",
        pretrained_on=("kinetics400",),
        details={"act": "gelu", "heads": [1, 2], "nested": {"eps": 1e-6, "none": None}},
    )


@pytest.fixture(scope="session")
def spec(card: BackboneCard) -> StoreSpec:
    return StoreSpec(backbone=card, sampling=MultiClip(), num_frames=16)


@pytest.fixture(scope="session")
def make() -> Callable[..., Embedding]:
    """An embedding that follows from its id: ``make("a", rows=3)``."""

    def embedding(
        video_id: str, rows: int = 2, trailing: tuple[int, ...] = (6,), level: str = "clip"
    ) -> Embedding:
        rng = np.random.default_rng(list(video_id.encode()))
        starts = np.arange(rows, dtype=np.float64) * 2
        return Embedding(
            video_id=video_id,
            level=level,
            vectors=rng.standard_normal((rows, *trailing)).astype(np.float32),
            spans_seconds=np.stack([starts, starts + 2], axis=1),
        )

    return embedding


@pytest.fixture
def store(tmp_path: Path, spec: StoreSpec) -> Store:
    return Store.open_or_create(tmp_path / "store", spec)


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, bytes]]:
    """All files of a folder with their bytes."""

    def files(folder: Path) -> dict[str, bytes]:
        return {
            p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
        }

    return files
