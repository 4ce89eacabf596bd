"""Small sets of long videos with a label for every frame, whose features say the label with some noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twlv.embedding import MemoryFeatures
from twlv.types import BackboneCard, Dataset, DatasetCard, Embedding, FrameLabels, Sample

CLASSES = ("background", "take", "pour")
FPS = 10.0
CARD = BackboneCard(
    name="fake.zero",
    dim=8,
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


def labels_of(number: int, frames: int | None = None) -> np.ndarray:
    """Runs of the three classes, about 40 frames in all."""
    random = np.random.default_rng([number, 1])
    found = np.repeat(random.permutation(np.arange(6) % 3), random.integers(4, 10, size=6))
    return found[:frames] if frames else found


def embedding_of(video_id: str, labels: np.ndarray, *, noise: float = 0.3) -> Embedding:
    """Clips of 0.4 s every 0.2 s; a clip's vector is the mean of its frames' classes, one-hot, and noise."""
    frames = len(labels)
    starts = np.arange(max(1, (frames - 4) // 2 + 1)) * 2
    each = np.eye(len(CLASSES), CARD.dim)[labels]
    random = np.random.default_rng([frames, int(labels.sum())])
    rows = [each[start : start + 4].mean(axis=0) + noise * random.standard_normal(CARD.dim) for start in starts]
    spans = np.stack([starts, np.minimum(starts + 4, frames)], axis=1) / FPS
    return Embedding(
        video_id=video_id, level="clip", vectors=np.array(rows, dtype=np.float32), spans_seconds=spans
    )


def features(
    numbers: Sequence[int],
    *,
    missing: Sequence[int] = (),
    selection: str = "",
    changed: dict[int, np.ndarray] | None = None,
    groups: bool = False,
) -> MemoryFeatures:
    """Videos of these numbers; ``missing`` ones have no embedding, ``changed`` ones other labels."""
    samples, embeddings = [], {}
    for number in (*numbers, *missing):
        labels = (changed or {}).get(number, labels_of(number))
        name = f"v{number:02d}"
        samples.append(
            Sample(
                video_id=name,
                path=f"{name}.mp4",
                target=FrameLabels(indices=labels.astype(np.int64), fps=FPS),
                group=f"g{number // 2}" if groups else "",
            )
        )
        if number in numbers:
            embeddings[name] = embedding_of(name, labels)
    data = Dataset(card=DatasetCard(name="fake", classes=CLASSES, selection=selection), samples=tuple(samples))
    reasons = {f"v{number:02d}": "not_found" for number in missing}
    return MemoryFeatures(data=data, embeddings=embeddings, reasons=reasons, backbone=CARD)


def with_vectors(found: MemoryFeatures, video_id: str, vectors: np.ndarray) -> MemoryFeatures:
    """The same features with other vectors for one video."""
    own = replace(found.embeddings[video_id], vectors=vectors)
    return replace(found, embeddings={**found.embeddings, video_id: own})
