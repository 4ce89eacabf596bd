"""Heads on embeddings that know the answer: the ceiling without noise, chance with much of it."""

from __future__ import annotations

import numpy as np
import pytest

from twlv.data.synth.oracle import oracle
from twlv.embedding import MemoryFeatures
from twlv.errors import UsageError
from twlv.tasks import KNN, LinearProbe
from twlv.types import (
    BackboneCard,
    ClassLabel,
    Dataset,
    DatasetCard,
    Embedding,
    FloatArray,
    IntArray,
    Sample,
)

CARD = BackboneCard(
    name="oracle.exact",
    dim=64,
    num_params=0,
    num_frames=16,
    image_size_px=64,
    patch=(1, 64, 64),
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    weights="none",
    weights_sha256="0" * 64,
    licence="none",
)

QUICK = LinearProbe(learning_rates=(0.1,), weight_decays=(0.0,), min_steps=100)


def features(vectors: FloatArray, labels: IntArray, split: str) -> MemoryFeatures:
    names = [f"{split}{number:04}" for number in range(len(labels))]
    samples = tuple(
        Sample(video_id=name, path=f"{name}.mp4", split=split, target=ClassLabel(index=int(label)))
        for name, label in zip(names, labels, strict=True)
    )
    embeddings = {
        name: Embedding(video_id=name, level="clip", vectors=row[None], spans_seconds=np.array([[0.0, 2.0]]))
        for name, row in zip(names, vectors, strict=True)
    }
    card = DatasetCard(name="oracle", classes=tuple(map(str, range(int(labels.max()) + 1))))
    return MemoryFeatures(data=Dataset(card=card, samples=samples), embeddings=embeddings, backbone=CARD)


def top1(task: KNN | LinearProbe, noise: float, *, pairs: bool = False) -> float:
    """On 5 classes; with ``pairs`` every vector stands twice, with opposite labels of two."""
    halves = []
    for split, count, seed in (("train", 200, 1), ("val", 200, 2)):
        labels = np.arange(count) % 5
        spread = np.random.default_rng(seed).normal(scale=noise, size=(count, 64)).astype(np.float32)
        vectors = oracle(labels, num_classes=5) + spread
        if pairs:
            vectors, labels = np.repeat(vectors, 2, axis=0), np.arange(2 * count) % 2
        halves.append(features(vectors, labels, split))
    scores = task.run(*halves).scores
    return next(score.value for name, score in scores.items() if name.endswith("top1"))


@pytest.mark.parametrize("task", [KNN(k=5), QUICK], ids=["knn", "linear-probe"])
def test_a_head_reaches_the_ceiling_and_falls_to_chance(task: KNN | LinearProbe) -> None:
    assert top1(task, 0.0) == 100
    assert 60 < top1(task, 0.3) <= 100
    assert 20 - 12 < top1(task, 30.0) < 20 + 12


@pytest.mark.parametrize("task", [KNN(k=5), QUICK], ids=["knn", "linear-probe"])
def test_whoever_gives_both_clips_of_a_pair_one_vector_gets_exactly_half(task: KNN | LinearProbe) -> None:
    assert top1(task, 0.2, pairs=True) == 50


def test_codes_are_orthonormal_and_labels_of_any_shape() -> None:
    codes = oracle(np.arange(8), num_classes=8).astype(np.float64)
    np.testing.assert_allclose(codes @ codes.T, np.eye(8), atol=1e-6)
    frames = oracle(np.arange(24).reshape(2, 12) % 8, num_classes=8)
    assert frames.shape == (2, 12, 64)
    np.testing.assert_array_equal(frames[0, 3], codes[3].astype(np.float32))
    assert (oracle(np.zeros(4, dtype=np.int64), num_classes=2, noise=0.1, seed=1).std(axis=0) > 0.01).all()


@pytest.mark.parametrize(("labels", "num_classes"), [([0, 3], 3), ([-1, 0], 3), ([0], 65)])
def test_labels_must_fit(labels: list[int], num_classes: int) -> None:
    with pytest.raises(UsageError):
        oracle(np.array(labels), num_classes=num_classes)
