"""A whole run in this process: what it leaves, what it refuses, and what it must not depend on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pretrain_tiny import losses, tiny

import twlv
from twlv.backbones.table import TABLE
from twlv.errors import UsageError
from twlv.pretrain.batch import Batch
from twlv.pretrain.data.settings import SourceSettings
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.objective.records import Losses
from twlv.pretrain.train import checkpoint
from twlv.pretrain.train.export import export_checkpoint
from twlv.pretrain.train.folder import RunFolder
from twlv.pretrain.train.log import rows
from twlv.pretrain.train.loop import Finished, train
from twlv.pretrain.train.step import NotFiniteError


class InterruptedRunError(Exception):
    """Stands for whatever ends a process between two steps."""


def at_step(number: int) -> Any:
    def watch(row: Mapping[str, Any]) -> None:
        if row["kind"] == "step" and row["step"] == number:
            raise InterruptedRunError

    return watch


# ---------------------------------------------------------------- what a run leaves


def test_the_log_has_losses_monitors_and_times(finished: Finished) -> None:
    found = rows(finished.folder.log)
    steps = [row for row in found if row["kind"] == "step"]
    assert [row["step"] for row in steps] == list(range(1, 11))
    for row in steps:
        assert set(row["parts"]) == set(row["raw"]) == {"pixels", "luminance_difference"}
        weighted = row["parts"]["pixels"] + 0.5 * row["parts"]["luminance_difference"]
        assert row["loss"] == pytest.approx(weighted, rel=1e-6)
        assert sum(row["time"].values()) == pytest.approx(1, abs=1e-3)
        assert row["time"]["teacher"] > 0
        assert row["clips_per_second"] > 0
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert [row["step"] for row in found if row["kind"] == "monitors"] == [5, 10]


def test_the_picture_shows_something(finished: Finished) -> None:
    from PIL import Image

    with Image.open(finished.folder.picture) as image:
        assert len(image.convert("RGB").getcolors(1 << 24) or []) > 100


def test_the_backbone_is_the_averaged_encoder(finished: Finished, tmp_path: Path) -> None:
    model = twlv.load(str(finished.folder.backbone), device="cpu", dtype="float32")
    kept = checkpoint.read(checkpoint.found(finished.folder.checkpoints)[-1])
    for name, value in kept.tensors["average"].items():
        assert torch.equal(model.weights[name], value)
        assert kept.tensors["model"][f"encoder.{name}"].shape == value.shape
    assert any(
        not torch.equal(kept.tensors["model"][f"encoder.{name}"], value)
        for name, value in kept.tensors["average"].items()
    )
    assert model.card.pretrained_on == ("synthetic",)
    tokens = model.encode(torch.zeros(1, 8, 3, 16, 16)).patches
    assert tokens.shape == (1, 4, 2, 2, 16)
    place = checkpoint.found(finished.folder.checkpoints)[-1]
    again = export_checkpoint(tiny(steps=10), place, tmp_path / "again")
    assert twlv.load(str(again), device="cpu", dtype="float32").card.weights_sha256 == model.card.weights_sha256


def test_the_card_says_what_teachers_have_seen(finished: Finished, tmp_path: Path) -> None:
    from twlv.pretrain.objective.config import Use
    from twlv.pretrain.objective.targets.image_teacher import ImageTeacher
    from twlv.pretrain.objective.targets.video_teacher import VideoTeacher

    folder, name = str(finished.folder.backbone), "efficientnet_lite0.imagenet"
    uses = (Use(target=ImageTeacher(teacher=name)), Use(target=VideoTeacher(teacher=folder)))
    recipe = tiny(steps=10)
    recipe = replace(recipe, objective=replace(recipe.objective, uses=uses))
    place = checkpoint.found(finished.folder.checkpoints)[-1]
    card = twlv.load(str(export_checkpoint(recipe, place, tmp_path / "made")), device="cpu").card
    assert card.pretrained_on == ("synthetic", *TABLE[name].card.pretrained_on)
    assert len(card.pretrained_on) > 1
    assert f"image_teacher ({name}), video_teacher ({folder})" in card.source


# ---------------------------------------------------------------- going on


def test_a_resumed_run_has_the_losses_of_an_uninterrupted_one(finished: Finished, tmp_path: Path) -> None:
    recipe = tiny(steps=10, checkpoint_every=2, drop_path=0.2)
    with pytest.raises(InterruptedRunError):
        train(recipe, tmp_path, watch=at_step(7))
    train(recipe, tmp_path, resume=True)
    assert losses(tmp_path) == losses(finished.folder.path)
    kept = [checkpoint.found(folder / "checkpoints")[-1] for folder in (tmp_path, finished.folder.path)]
    for name in ("model", "optimizer", "average"):
        one, other = (checkpoint.read(place).tensors[name] for place in kept)
        assert set(one) == set(other)
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_muon_goes_on_too(tmp_path: Path) -> None:
    recipe = tiny(optimizer="muon", checkpoint_every=2)
    train(recipe, tmp_path / "whole")
    with pytest.raises(InterruptedRunError):
        train(recipe, tmp_path / "parts", watch=at_step(3))
    train(recipe, tmp_path / "parts", resume=True)
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")


def test_sigterm_saves_the_step_it_was_in(finished: Finished, tmp_path: Path) -> None:
    def ask(row: Mapping[str, Any]) -> None:
        if row["kind"] == "step" and row["step"] == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    recipe, before = tiny(steps=10, drop_path=0.2), signal.getsignal(signal.SIGTERM)
    stopped = train(recipe, tmp_path, watch=ask)
    assert (stopped.step, stopped.stopped, stopped.backbone) == (4, "SIGTERM", None)
    assert signal.getsignal(signal.SIGTERM) is before
    done = train(recipe, tmp_path, resume=True)
    assert done.step == 10
    assert losses(tmp_path) == losses(finished.folder.path)


def test_a_wsd_run_can_be_made_longer_but_not_changed(tmp_path: Path) -> None:
    recipe = tiny(steps=6, checkpoint_every=2)
    with pytest.raises(InterruptedRunError):
        train(recipe, tmp_path, watch=at_step(5))
    with pytest.raises(UsageError, match=r"train\.lr: 0\.003 in the checkpoint, 0\.5 asked"):
        train(replace(recipe, train=replace(recipe.train, lr=0.5)), tmp_path, resume=True)
    longer = replace(recipe, train=replace(recipe.train, steps=8, log_every=2))
    assert train(longer, tmp_path, resume=True).step == 8


def test_a_checkpoint_of_another_recipe_is_refused_field_by_field(finished: Finished) -> None:
    other = tiny(steps=20, checkpoint_every=2, schedule="cosine")
    other = replace(other, data=replace(other.data, num_clips=8))
    with pytest.raises(UsageError) as error:
        train(other, finished.folder.path, resume=True)
    for part in (
        "data.num_clips: 4 in the checkpoint, 8 asked",
        "objective.drop_path: 0.2 in the checkpoint, 0.0 asked",
        "train.schedule: 'wsd' in the checkpoint, 'cosine' asked",
        "train.steps: 10 in the checkpoint, 20 asked",
    ):
        assert part in str(error.value)


def test_a_run_is_not_begun_over_another(finished: Finished) -> None:
    with pytest.raises(UsageError, match="--resume"):
        train(tiny(), finished.folder.path)


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with RunFolder(path=tmp_path).locked(), pytest.raises(UsageError, match=f"another run.*{os.getpid()}"):
        train(tiny(), tmp_path)
    train(tiny(steps=1), tmp_path)


# ---------------------------------------------------------------- losses that are no numbers


class Odd(Objective):
    """Gives no number for one clip of step 3."""

    def forward(self, batch: Batch, *, seed: int, step: int) -> Losses:
        found = super().forward(batch, seed=seed, step=step)
        if step == 3 and "synthetic/@14.0" in batch.ids:
            found = replace(
                found, total=found.total * torch.nan, parts={**found.parts, "pixels": torch.tensor(torch.inf)}
            )
        return found


def test_a_loss_that_is_no_number_stops_and_names_its_clips(tmp_path: Path) -> None:
    recipe = tiny(micro_clips=2, checkpoint_every=3)
    with pytest.raises(NotFiniteError, match=r"step 3: not finite: pixels, total; batch: ") as error:
        train(recipe, tmp_path, objective=Odd)
    assert error.value.ids == ("synthetic/@14.0", "synthetic/@15.0")
    kept = [checkpoint.read(place).step for place in checkpoint.found(tmp_path / "checkpoints")]
    assert kept == [3]
    assert len(losses(tmp_path)) == 3


# ---------------------------------------------------------------- what must not matter


def test_micro_batches_change_nothing_but_rounding(tmp_path: Path) -> None:
    def plain(**train_: Any) -> Any:
        recipe = tiny(**train_)
        pixels = recipe.objective.uses[:1]  # the other target has one scale for a whole micro-batch
        return replace(recipe, objective=replace(recipe.objective, uses=pixels, normalise=False))

    train(plain(), tmp_path / "whole")
    train(plain(micro_clips=1), tmp_path / "parts")
    pairs = zip(losses(tmp_path / "whole"), losses(tmp_path / "parts"), strict=True)
    for (_, one, _, norm), (_, other, _, other_norm) in pairs:
        assert one == pytest.approx(other, rel=1e-5)
        assert norm == pytest.approx(other_norm, rel=1e-4)


def test_bfloat16_is_within_a_percent_and_losses_are_float32(tmp_path: Path) -> None:
    kinds: set[torch.dtype] = set()

    class Watched(Objective):
        def forward(self, batch: Batch, *, seed: int, step: int) -> Losses:
            found = super().forward(batch, seed=seed, step=step)
            kinds.update({found.total.dtype, *(value.dtype for value in found.raw.values())})
            return found

    for precision in ("float32", "bfloat16"):
        train(tiny(steps=50, precision=precision), tmp_path / precision, objective=Watched)
    assert kinds == {torch.float32}
    pairs = list(zip(losses(tmp_path / "float32"), losses(tmp_path / "bfloat16"), strict=True))
    assert any(one[1] != other[1] for one, other in pairs)
    for one, other in pairs:
        assert other[1] == pytest.approx(one[1], rel=0.01)


def test_images_ride_along(tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "images").mkdir()
    for number in range(4):
        Image.new("RGB", (24, 24), (60 * number, 100, 200 - 40 * number)).save(
            tmp_path / f"images/{number}.png"
        )
    recipe = tiny(steps=2)
    images = (SourceSettings(kind="images", name="pictures", path=str(tmp_path / "images")),)
    recipe = replace(recipe, data=replace(recipe.data, images=images, num_images=4))
    assert train(recipe, tmp_path / "run").step == 2
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["recipe"]["data.images.0.name"] == "pictures"
