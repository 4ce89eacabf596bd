from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import twlv
from twlv import video
from twlv.embedding import embed_dataset
from twlv.errors import CoverageError, EmbedError, UsageError
from twlv.evaluation import choose_splits, evaluate_official
from twlv.store import Store
from twlv.store.official import read_official
from twlv.store.official_store import write_official
from twlv.types import Dataset, DatasetCard, Sample

MakeDataset = Callable[..., Dataset]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))


def test_from_files_to_a_saved_result(backbone, make_dataset: MakeDataset, tmp_path: Path) -> None:
    result = twlv.evaluate(backbone, make_dataset(), task=twlv.tasks.KNN(k=3))
    assert result.scores["knn/top1"].value == 100.0
    assert result.scores["knn/top1"].n == 2
    path = result.save(tmp_path / "results")
    record = json.loads(path.read_text())
    assert record["coverage"]["expected"] == 6
    assert record["task"]["config"]["temperature"] == 0.1


def test_a_failed_test_video_counts_as_wrong_and_is_named(backbone, make_dataset: MakeDataset) -> None:
    result = twlv.evaluate(backbone, make_dataset(extra=("broken", "empty")), task=twlv.tasks.KNN(k=3))
    assert result.scores["knn/top1"].value == 50.0
    assert result.scores["knn/top1"].n == 4
    assert result.scores["knn/top1_decoded"].value == 100.0
    assert set(result.coverage.failed) == {"broken", "empty"}
    assert (result.coverage.expected, result.coverage.decoded) == (8, 6)


def test_coverage_below_the_minimum_is_an_error_that_keeps_the_embeddings(
    backbone, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_dataset(extra=("broken",))
    with pytest.raises(CoverageError, match="6 of 7") as caught:
        twlv.evaluate(backbone, data, task=twlv.tasks.KNN(k=3), min_coverage=1.0)
    assert caught.value.coverage.failed.keys() == {"broken"}
    backbone.batches.clear()
    twlv.evaluate(backbone, data, task=twlv.tasks.KNN(k=3), min_coverage=0.5)
    assert backbone.batches == []


def test_the_minimum_holds_for_each_split(backbone, make_dataset: MakeDataset) -> None:
    data = make_dataset(extra=("broken",))  # 6 of 7 in all, but 2 of 3 in val
    with pytest.raises(CoverageError, match=r"0\.6667 of one split, asked 0\.8"):
        twlv.evaluate(backbone, data, task=twlv.tasks.KNN(k=3), min_coverage=0.8)


def test_a_second_task_opens_no_video(
    backbone, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    twlv.evaluate(backbone, make_dataset(), task=twlv.tasks.KNN(k=3))

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a video was opened")

    monkeypatch.setattr(video, "probe", refuse)
    twlv.evaluate(backbone, make_dataset(), task=twlv.tasks.KNN(k=1))


@pytest.mark.parametrize("task", ["knn", twlv.tasks.KNN])
def test_what_is_not_a_task_is_refused_before_a_video_is_read(
    backbone, make_dataset: MakeDataset, task: object
) -> None:
    with pytest.raises(UsageError, match=r"such as twlv\.tasks\.KNN\(k=20\)"):
        twlv.evaluate(backbone, make_dataset(), task=task)
    assert backbone.batches == []


def test_embed_raises_at_the_end_with_everything_that_worked(backbone, videos: Path) -> None:
    with pytest.raises(EmbedError, match="2 of 8") as caught:
        twlv.embed(backbone, [videos])
    assert len(caught.value.embeddings) == 6
    assert caught.value.failed.keys() == {"broken.mp4", "empty.mp4"}


@pytest.mark.parametrize(
    ("folder", "sampling"), [("uniform", {"kind": "Uniform", "num_frames": None}), ("mine", None)]
)
def test_the_authors_layout_is_evaluated_with_the_sampling_that_its_folder_names(
    backbone, make_dataset: MakeDataset, tmp_path: Path, folder: str, sampling: dict[str, object] | None
) -> None:
    data = make_dataset()
    report = embed_dataset(backbone, data, tmp_path / "store")
    write_official(Store.open(report.store), data, tmp_path / "set" / folder)
    result = evaluate_official(read_official(tmp_path / "set" / folder), twlv.tasks.KNN(k=3))
    assert result.scores["knn/top1"].value == 100.0
    assert (result.dataset.train_split, result.dataset.test_split) == ("train", "val")
    assert result.coverage.expected == 6
    assert result.embedding.get("sampling") == sampling


def test_a_result_names_the_gpu(backbone, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twlv.evaluation.gpu_name", lambda: "NVIDIA H200")
    assert twlv.evaluate(backbone, make_dataset(), task=twlv.tasks.KNN(k=1)).environment["gpu"] == "NVIDIA H200"


def of_splits(*names: str) -> Dataset:
    samples = tuple(Sample(video_id=name, path=name, split=name) for name in names)
    return Dataset(card=DatasetCard(name="set"), samples=samples)


def test_splits_are_chosen_or_asked_for() -> None:
    assert choose_splits(of_splits("train", "val"), None, None) == ("train", "val")
    assert choose_splits(of_splits("test", "train"), None, None) == ("train", "test")
    assert choose_splits(of_splits("a", "b"), "b", "a") == ("b", "a")
    with pytest.raises(UsageError, match="say which one"):
        choose_splits(of_splits("train", "val", "test"), None, None)
    with pytest.raises(UsageError, match="has 'train'"):
        choose_splits(of_splits("train"), None, None)
    with pytest.raises(UsageError, match="add a column 'split'"):
        choose_splits(of_splits("", ""), None, None)
    with pytest.raises(UsageError, match="'valid'"):
        choose_splits(of_splits("train", "val"), None, "valid")
