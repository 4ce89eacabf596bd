"""The task: it learns what tokens say, depends on nothing but the seed, and goes on where it was stopped."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from twlv.contracts import FramedTask, ResumableTask, SampledTask
from twlv.errors import FeatureError, UsageError
from twlv.heads.stal import train
from twlv.tasks import SpatiotemporalLocalization
from twlv.types import Around, ClassLabel, Json, Outcome

_SPEC = importlib.util.spec_from_file_location(
    "twlv_tests_tasks_key_frame_features", Path(__file__).with_name("key_frame_features.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
made = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = made
_SPEC.loader.exec_module(made)
BACKBONE, CLASSES, GRID, SMALL, key_frames = (
    made.BACKBONE, made.CLASSES, made.GRID, made.SMALL, made.key_frames,
)  # fmt: skip

FAP = "spatiotemporal_localization/fap_50"


def bits(outcome: Outcome) -> tuple[object, ...]:
    return outcome.scores, outcome.details["train_losses"], outcome.details["key_frames"]


@pytest.fixture(scope="module")
def learnt() -> Outcome:
    task = replace(SMALL, epochs=14, dropout=0.0, drop_path=0.0, norm="before", clip_norm=10.0)
    return task.run(key_frames(40), key_frames(24, seed=1, prefix="w"))


def test_trap_31_it_learns_boxes_and_classes(learnt: Outcome) -> None:
    """Unseen key frames of the same kind; were classes at their prior, the score would be that of guessing."""
    chance = learnt.details["chance_fap_50"]
    assert isinstance(chance, float)
    assert learnt.scores[FAP].value > 25
    assert learnt.details["train_fap_50"] > 25
    assert chance < 15


def test_what_a_result_says(learnt: Outcome) -> None:
    score, details = learnt.scores[FAP], learnt.details
    assert (score.unit, score.n) == ("%", 24)
    assert score.ci95 is not None
    assert score.ci95[0] <= score.value <= score.ci95[1] + 1e-9
    assert set(details["per_class"]) == set(CLASSES)
    assert np.mean(list(details["per_class"].values())) == pytest.approx(score.value)
    counts = details["class_frequency"]
    assert sum(each["train"] for each in counts.values()) > sum(each["test"] for each in counts.values()) > 24
    assert details["decoder"]["grid"] == [*GRID]
    assert details["decoder"]["key_step"] == 1
    shown = details["key_frames"]
    assert len(shown) == 8
    assert len({frame["video_id"] for frame in shown}) == 8
    for frame in shown:
        assert len(frame["predictions"]) <= 20
        scores = [found["score"] for found in frame["predictions"]]
        assert scores == sorted(scores, reverse=True)
        assert all(set(person["labels"]) <= set(CLASSES) for person in frame["truth"])


def test_the_task_says_how_videos_are_read() -> None:
    task = SpatiotemporalLocalization(clip_seconds=2.0)
    assert isinstance(task, SampledTask)
    assert isinstance(task, FramedTask)
    assert isinstance(task, ResumableTask)
    assert task.default_sampling == Around(clip_seconds=2.0)
    assert task.framing == "squash"
    assert SpatiotemporalLocalization().default_sampling == Around(clip_seconds=64 / 30)


def test_the_defaults_are_table_8() -> None:
    task = SpatiotemporalLocalization()
    assert (task.num_layers, task.width, task.mlp_width, task.box_layers) == (6, 256, 2048, 3)
    assert (task.dropout, task.drop_path) == (0.1, 0.1)
    assert (task.learning_rate, task.weight_decay, task.epochs, task.warmup_epochs) == (1e-4, 1e-5, 50, 10)
    assert task.recipe(210_634).batch_size == 256
    assert task.recipe(210_634).steps_per_epoch(210_634) == 823
    assert task.recipe(100).batch_size == 8


def test_the_order_of_a_listing_and_global_state_change_no_bit() -> None:
    train_set, test_set = key_frames(12), key_frames(6, seed=1, prefix="w")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = SMALL.run(train_set, test_set, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    turned = (replace(each, items=each.items[::-1]) for each in (train_set, test_set))
    assert bits(SMALL.run(*turned, seed=3)) == bits(first)
    assert bits(SMALL.run(train_set, test_set, seed=4)) != bits(first)


def test_tokens_that_do_not_fit_into_memory_give_the_same_bits() -> None:
    test_set = key_frames(6, seed=1, prefix="w")
    asked: list[str] = []
    small = replace(SMALL, memory_gb=0.0)
    read = (
        made.Ordered(items=features.items, dataset=features.dataset, asked=names)
        for features, names in ((key_frames(12), asked), (test_set, []))
    )
    again = small.run(*read)
    assert bits(again) == bits(SMALL.run(key_frames(12), test_set))
    assert len(asked) == 12 * (1 + small.epochs + 1)  # gathered, visited in epochs, answered
    with pytest.raises(UsageError, match="memory_gb allows 0"):
        small.run(key_frames(12), test_set)


@dataclass(frozen=True, kw_only=True)
class Mirrored:
    """In every odd epoch the clips and their boxes are mirrored."""

    inner: Any
    epochs: list[int]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __len__(self) -> int:
        return len(self.inner)

    def __iter__(self) -> Any:
        return iter(self.inner)

    @property
    def training(self) -> Mapping[str, Json]:
        return {"kind": "live"}

    def for_epoch(self, epoch: int) -> Any:
        self.epochs.append(epoch)
        items = []
        for embedding, sample in self.inner.items if epoch % 2 else ():
            boxes = sample.target
            left, top, right, bottom = boxes.xyxy.T
            flipped = replace(boxes, xyxy=np.stack([1 - right, top, 1 - left, bottom], axis=1))
            rows = embedding.vectors.reshape(1, *GRID, -1)[:, :, :, ::-1].reshape(embedding.vectors.shape)
            items.append((replace(embedding, vectors=rows), replace(sample, target=flipped)))
        return replace(self.inner, items=tuple(items)) if items else self.inner


def test_features_that_change_are_asked_by_epoch_and_bring_their_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    original = train._targets

    def watched(group: Any, *words: Any) -> Any:
        seen.extend(frame.xyxy for frame in group)
        return original(group, *words)

    monkeypatch.setattr(train, "_targets", watched)
    features = Mirrored(inner=key_frames(4), epochs=[])
    SMALL.run(features, key_frames(4, seed=1, prefix="w"))
    assert features.epochs == [0, 1]
    plain = {item[1].target.xyxy.tobytes() for item in key_frames(4).items}
    known = [boxes.tobytes() in plain for boxes in seen]
    half = len(known) // 2
    assert all(known[:half])
    assert not any(known[half:])


def test_resume_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from twlv.heads.checkpoint import Checkpoint

    train_set, test_set = key_frames(12), key_frames(6, seed=1, prefix="w")
    task = replace(SMALL, epochs=4)
    whole = task.run(train_set, test_set)
    saved: list[int] = []
    original = Checkpoint.save

    class StopError(Exception):
        pass

    def save(self: Checkpoint, state: Any, *, final: bool = False) -> None:
        original(self, state, final=True)
        saved.append(state.epochs)
        if saved == [1, 2]:
            raise StopError

    monkeypatch.setattr(Checkpoint, "save", save)
    with pytest.raises(StopError):
        task.run_from(tmp_path, train_set, test_set)
    assert len(list(tmp_path.iterdir())) == 1
    assert bits(task.run_from(tmp_path, train_set, test_set)) == bits(whole)
    assert saved == [1, 2, 3, 4]
    assert not list(tmp_path.iterdir())


def test_a_state_of_other_boxes_is_not_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from twlv.heads.checkpoint import Checkpoints

    stages: list[Path] = []
    original = Checkpoints.stage

    def stage(self: Checkpoints, name: str, **decided_by: Json) -> Any:
        found = original(self, name, **decided_by)
        stages.append(found.path)
        return found

    monkeypatch.setattr(Checkpoints, "stage", stage)
    first, test_set = key_frames(4), key_frames(2, seed=1, prefix="w")
    embedding, sample = first.items[0]
    moved = replace(sample, target=replace(sample.target, xyxy=sample.target.xyxy * 0.9))
    other = replace(first, items=((embedding, moved), *first.items[1:]))
    for task, features in ((SMALL, first), (SMALL, other), (replace(SMALL, cost_l1=1.0), first)):
        task.run_from(tmp_path, features, test_set)
    assert len(set(stages)) == 3


def test_missing_test_key_frames_keep_their_people(learnt: Outcome) -> None:
    whole = key_frames(12, seed=1, prefix="w")
    half = replace(whole, items=whole.items[:6], missing=tuple(sample for _, sample in whole.items[6:]))
    task = replace(SMALL, epochs=1)
    few = task.run(key_frames(8), half)
    assert few.scores[FAP].n == 12
    assert any("6 test key frames have no embedding" in note for note in few.notes)
    assert few.details["recall_50"] <= 50


def test_key_frames_with_nobody_teach_silence_and_do_not_stop_anything() -> None:
    outcome = replace(SMALL, epochs=1).run(
        key_frames(8, people=(0, 1)), key_frames(6, seed=1, people=(1, 0), prefix="w")
    )
    assert np.isfinite(outcome.scores[FAP].value)
    nobody = replace(SMALL, epochs=1).run(key_frames(4, people=(0,)), key_frames(4, seed=1, prefix="w"))
    assert nobody.details["chance_fap_50"] is None


def test_only_the_classes_that_a_card_names_are_scored() -> None:
    test_set = key_frames(6, seed=1, prefix="w")
    scored = replace(test_set, dataset=replace(test_set.dataset, scored=(1,)))
    outcome = replace(SMALL, epochs=1).run(key_frames(4), scored)
    assert set(outcome.details["per_class"]) == {"wave"}
    assert {p["label"] for f in outcome.details["key_frames"] for p in f["predictions"]} == {"wave"}


def test_detections_are_written_in_ava_s_form_and_score_the_same(tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    task = replace(SMALL, epochs=1, detections_to=str(path))
    test_set = key_frames(6, seed=1, prefix="w")
    outcome = task.run(key_frames(8), test_set)
    rows = [line.split(",") for line in path.read_text().splitlines()]
    assert len(rows) == outcome.details["detections"]
    assert {f"{row[0]}@{row[1]}" for row in rows} <= {sample.video_id for _, sample in test_set.items}
    assert {int(row[6]) for row in rows} <= {1, 2, 3}
    assert all(0 <= float(corner) <= 1 for row in rows for corner in row[2:6])
    assert outcome.scores == replace(task, detections_to="").run(key_frames(8), test_set).scores


def test_more_people_than_queries_are_said() -> None:
    outcome = replace(SMALL, epochs=1, num_queries=1).run(
        key_frames(4, people=(2,)), key_frames(2, seed=1, prefix="w")
    )
    assert any("had no query" in note for note in outcome.notes)


def spoilt(features: Any, **changes: Any) -> Any:
    embedding, sample = features.items[0]
    own = {name: changes.pop(name) for name in ("vectors",) if name in changes}
    return replace(
        features, items=((replace(embedding, **own), replace(sample, **changes)), *features.items[1:])
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: replace(f, level="clip"), "needs 'patch'"),
        (lambda f: replace(f, items=()), "no train key frame"),
        (lambda f: spoilt(f, target=ClassLabel(index=0)), "is no key frame with boxes"),
        (lambda f: spoilt(f, vectors=np.zeros((2, 32, 8), np.float32)), "one clip around"),
        (lambda f: spoilt(f, vectors=np.zeros((1, 16, 8), np.float32)), "a grid of"),
        (lambda f: spoilt(f, vectors=np.zeros((1, 33, 8), np.float32)), "no whole pictures"),
        (lambda f: spoilt(f, vectors=np.full((1, 32, 8), np.nan, np.float32)), "not finite"),
        (lambda f: replace(f, backbone=replace(BACKBONE, name="other")), "embed both with one backbone"),
    ],
)
def test_features_that_cannot_be_used_are_named(change: Any, said: str) -> None:
    with pytest.raises(FeatureError, match=said):
        SMALL.run(change(key_frames(4)), key_frames(2, seed=1, prefix="w"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_queries": 0},
        {"batch_size": 0},
        {"warmup_epochs": 51},
        {"learning_rate": 0.0},
        {"clip_norm": 0.0},
        {"dropout": 1.0},
        {"clip_seconds": float("inf")},
        {"cross": "half"},
        {"norm": "around"},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        SpatiotemporalLocalization(**wrong)
