"""Data sets with several splits: every split is run, from a store, and one Result comes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twlv.embedding import StoredFeatures
from twlv.errors import CoverageError, UsageError
from twlv.evaluation import evaluate
from twlv.evaluation_folds import evaluate_folds, folds_of
from twlv.results import Result
from twlv.store import Store, StoreSpec, StoreWriter
from twlv.tasks import KNN, TemporalSegmentation
from twlv.types import BackboneCard, Dataset, DatasetCard, Embedding, FrameLabels, MultiClip, Sample

TASK = TemporalSegmentation(layers=2, channels=8, decoders=1, epochs=1, device="cpu")
SPLITS = ("split2", "split1", "split10")
CARD = BackboneCard(
    name="tiny_vit.random",
    dim=4,
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


@pytest.fixture
def data() -> Dataset:
    random = np.random.default_rng(0)
    samples = tuple(
        Sample(
            video_id=f"v{i}",
            path=f"v{i}.mp4",
            split=SPLITS[i % 3],
            target=FrameLabels(indices=np.repeat(random.integers(0, 2, 4), 5), fps=10.0),
        )
        for i in range(6)
    )
    return Dataset(card=DatasetCard(name="long", classes=("a", "b")), samples=samples)


def filled(path: Path, ids: list[str]) -> Store:
    spec = StoreSpec(backbone=CARD, sampling=MultiClip(clip_seconds=0.4, stride_seconds=0.2), num_frames=8)
    starts = np.arange(9) * 0.2
    spans = np.stack([starts, starts + 0.4], axis=1)
    random = np.random.default_rng(1)
    with StoreWriter(Store.open_or_create(path, spec)) as writer:
        for video_id in ids:
            vectors = random.standard_normal((9, 4)).astype(np.float32)
            writer.write_many(
                [Embedding(video_id=video_id, level="clip", vectors=vectors, spans_seconds=spans)]
            )
    return Store.open(path)


def test_every_split_is_run_and_recorded(data: Dataset, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))
    store = filled(tmp_path / "store", [f"v{i}" for i in range(6)])
    result = evaluate(store, data, TASK, seed=3)
    assert isinstance(result, Result)
    assert [row["split"] for row in result.details["splits"]] == ["split=1", "split=2", "split=10"]
    assert (result.dataset.train_split, result.dataset.test_split, result.dataset.selection) == ("", "all", "")
    assert result.coverage.used == 6
    assert result.embedding["sampling"]["kind"].lower() == "multiclip"
    again = evaluate_folds(lambda part: StoredFeatures(data=part, store=store), data, TASK, seed=3)
    assert again.scores == result.scores


def test_halves_are_all_but_one_and_the_one(data: Dataset) -> None:
    for train, test in folds_of(data):
        assert len(train.samples) == 4
        assert {s.split for s in test.samples} == {test.card.selection.replace("=", "")}
        assert not {s.video_id for s in train.samples} & {s.video_id for s in test.samples}


def test_coverage_is_asked_of_the_whole_set(data: Dataset, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))
    store = filled(tmp_path / "store", [f"v{i}" for i in range(5)])
    with pytest.raises(CoverageError, match="5 of 6 videos have an embedding"):
        evaluate(store, data, TASK, min_coverage=1.0)


def test_a_task_of_one_split_says_that_it_needs_a_choice(data: Dataset, tmp_path: Path) -> None:
    store = filled(tmp_path / "store", ["v0"])
    with pytest.raises(UsageError, match="needs a split to fit on"):
        evaluate(store, data, KNN())
