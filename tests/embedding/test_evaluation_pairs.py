"""A task of both orders of frames, from files to a Result."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import twlv
from twlv import video
from twlv.contracts import Tokens
from twlv.embedding import embed_dataset
from twlv.errors import CoverageError, FeatureError, UsageError
from twlv.store import Store
from twlv.types import BackboneCard, Dataset, MultiClip

MakeDataset = Callable[..., Dataset]
TASK = twlv.tasks.MotionDirection(folds=3, permutations=9)


class Rising:
    """A video model: the mean colours of the first frame less those of the last."""

    def __init__(self, card: BackboneCard) -> None:
        self.card = dataclasses.replace(card, name="rising.none")

    def encode(self, frames: torch.Tensor) -> Tokens:
        change = (frames[:, :1] - frames[:, -1:]).mean(dim=(-2, -1))
        return Tokens(patches=change[:, :, None, None, :].contiguous())


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWLV_CACHE", str(tmp_path / "cache"))


def stores(model: object, data: Dataset, folder: Path, **options: object) -> tuple[Store, Store]:
    paths = [
        embed_dataset(model, data, folder / order, frame_order=order, **options).store
        for order in ("forward", "reversed")
    ]
    return Store.open(paths[0]), Store.open(paths[1])


def test_frames_are_reversed_not_a_file_so_a_mean_over_frames_is_exactly_blind(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    result = twlv.evaluate(backbone, make_dataset(), task=TASK, sampling=MultiClip(clip_seconds=0.7))
    for name, score in result.scores.items():
        assert score.value == (0.0 if name.endswith("d_prime") else 0.5), name
    assert result.details["largest_move"] < 1e-6
    assert result.notes[0].startswith("blind to the order of time")
    record = json.loads(result.save(tmp_path / "results").read_text())
    assert record["embedding"]["store_key"] != record["embedding"]["reversed_store_key"]
    assert (record["dataset"]["train_split"], record["dataset"]["test_split"]) == ("", "all")
    assert record["coverage"]["expected"] == 6


def test_a_video_model_is_not(backbone, make_dataset: MakeDataset) -> None:
    result = twlv.evaluate(Rising(backbone.card), make_dataset(), task=TASK)
    assert result.notes[0].startswith("sensitive to the order of time")
    assert result.details["videos_at_rest"] == 0


def test_a_named_split_is_all_that_is_read(backbone, make_dataset: MakeDataset) -> None:
    task = dataclasses.replace(TASK, folds=2)
    result = twlv.evaluate(Rising(backbone.card), make_dataset(), task=task, test_split="train")
    assert result.scores["motion_direction/auc"].n == result.coverage.expected == 4
    assert list(result.coverage_by_split) == ["train"]


def test_a_second_run_opens_no_video(
    backbone, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = twlv.evaluate(Rising(backbone.card), make_dataset(), task=TASK)

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a video was opened")

    monkeypatch.setattr(video, "probe", refuse)
    assert twlv.evaluate(Rising(backbone.card), make_dataset(), task=TASK).scores == first.scores


def test_stores_made_before_give_the_same(backbone, make_dataset: MakeDataset, tmp_path: Path) -> None:
    model, data = Rising(backbone.card), make_dataset()
    forward, backward = stores(model, data, tmp_path)
    expected = twlv.evaluate(model, data, task=TASK)
    assert twlv.evaluate(forward, data, task=TASK, reversed_store=backward).scores == expected.scores
    assert twlv.evaluate(forward, data, task=TASK, reversed_store=backward.path).scores == expected.scores
    kept = twlv.evaluate(model, data, task=TASK, store=forward.path, reversed_store=backward.path)
    assert kept.embedding["reversed_store_key"] == backward.spec.key


def test_a_video_that_failed_in_either_order_counts_once(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    model, data = Rising(backbone.card), make_dataset(extra=("broken",))
    forward, _ = stores(model, data, tmp_path)
    part = dataclasses.replace(data, samples=data.samples[1:])
    backward = Store.open(embed_dataset(model, part, tmp_path / "part", frame_order="reversed").store)
    result = twlv.evaluate(forward, data, task=TASK, reversed_store=backward)
    assert (result.coverage.expected, result.coverage.decoded, result.coverage.used) == (7, 5, 5)
    assert set(result.coverage.failed) == {"v0", "broken"}
    assert result.coverage.failed["v0"].startswith("reversed: not_embedded")
    with pytest.raises(CoverageError, match="5 of 7"):
        twlv.evaluate(forward, data, task=TASK, reversed_store=backward, min_coverage=0.9)


def test_two_stores_that_are_not_one_reading_are_refused(
    backbone, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    data = make_dataset()
    forward, backward = stores(Rising(backbone.card), data, tmp_path / "a")
    _, dense = stores(Rising(backbone.card), data, tmp_path / "b", sampling=MultiClip(clip_seconds=0.5))
    _, other = stores(backbone, data, tmp_path / "c")
    for one, two, match in (
        (forward, forward, "are forward, needed is one with reversed"),
        (backward, forward, "are reversed, needed is one with forward"),
        (forward, dense, "sampling.kind: forward 'Uniform', reversed 'MultiClip'"),
        (forward, other, "backbone.name: forward 'rising.none', reversed 'grid_colours.none'"),
    ):
        with pytest.raises(FeatureError, match=match):
            twlv.evaluate(one, data, task=TASK, reversed_store=two)
    with pytest.raises(UsageError, match="--reversed-store"):
        twlv.evaluate(forward, data, task=TASK)


def test_clips_of_one_frame_are_refused_before_a_video_is_read(backbone, make_dataset: MakeDataset) -> None:
    single = dataclasses.replace(backbone.card, num_frames=1)
    model = Rising(single)
    with pytest.raises(UsageError, match="one frame: reversed they are the same"):
        twlv.evaluate(model, make_dataset(), task=TASK)
    model.card = dataclasses.replace(single, modality="image")
    assert twlv.evaluate(model, make_dataset(), task=TASK).details["verdict"] == "blind"


def test_what_a_task_has_no_use_for_is_refused(backbone, make_dataset: MakeDataset, tmp_path: Path) -> None:
    data = make_dataset()
    with pytest.raises(UsageError, match="give no train split"):
        twlv.evaluate(backbone, data, task=TASK, train_split="train")
    with pytest.raises(UsageError, match="no split 'test', it has 'train', 'val'"):
        twlv.evaluate(backbone, data, task=TASK, test_split="test")
    with pytest.raises(UsageError, match="needs no reversed embeddings"):
        twlv.evaluate(backbone, data, task=twlv.tasks.KNN(k=1), reversed_store=tmp_path / "none")
    with pytest.raises(UsageError, match="such as"):
        twlv.evaluate(backbone, data, task=twlv.tasks.MotionDirection)
    assert backbone.batches == []
