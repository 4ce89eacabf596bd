"""Checkpoints appear whole or not at all, hold no pickle, and are kept by number and by monitor."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, NoReturn

import pytest
import safetensors.torch
import torch
from pretrain_tiny import losses, tiny

from twlv.errors import InputError, TwlvError
from twlv.pretrain.train import checkpoint
from twlv.pretrain.train.checkpoint import Saved
from twlv.pretrain.train.loop import Finished, train


def saved(step: int, **monitors: float) -> Saved:
    tensors = {"model": {"a": torch.full((3,), float(step))}, "optimizer": {"adamw/a/step": torch.tensor(1.0)}}
    return Saved(step=step, recipe={"train.steps": 9}, tensors=tensors, monitors=monitors)


def no_space(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    place = checkpoint.write(tmp_path, saved(7, knn=0.5))
    found = checkpoint.read(place)
    assert (found.step, found.recipe, found.monitors) == (7, {"train.steps": 9}, {"knn": 0.5})
    assert torch.equal(found.tensors["model"]["a"], torch.full((3,), 7.0))
    assert checkpoint.latest(tmp_path) == place


def test_a_full_disk_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = checkpoint.write(tmp_path, saved(1))
    bytes_before = {path.name: path.read_bytes() for path in before.iterdir()}
    written: list[str] = []
    original = safetensors.torch.save_file

    def fills_up(tensors: Any, path: str, **words: Any) -> None:
        if written:
            no_space()
        written.append(path)
        original(tensors, path, **words)

    monkeypatch.setattr(safetensors.torch, "save_file", fills_up)
    with pytest.raises(TwlvError, match=r"No space left.*step-000000001 is intact.*--resume"):
        checkpoint.write(tmp_path, saved(2))
    assert checkpoint.latest(tmp_path) == before
    assert {path.name: path.read_bytes() for path in before.iterdir()} == bytes_before
    assert [path.name for path in tmp_path.iterdir()] == [before.name]


def test_a_run_whose_disk_is_full_stops_and_goes_on_when_there_is_room(
    tmp_path: Path, finished: Finished
) -> None:
    recipe = tiny(steps=10, checkpoint_every=2, drop_path=0.2)

    def writer(folder: Path, state: Saved) -> Path:
        if state.step == 6:
            raise TwlvError(f"{folder}: No space left on device")
        return checkpoint.write(folder, state)

    with pytest.raises(TwlvError, match="No space"):
        train(recipe, tmp_path, write=writer)
    assert checkpoint.read(checkpoint.latest(tmp_path / "checkpoints") or tmp_path).step == 4
    train(recipe, tmp_path, resume=True)
    assert losses(tmp_path) == losses(finished.folder.path)


def test_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    for step, value in enumerate((0.1, 0.9, 0.3, 0.2, 0.4), start=1):
        checkpoint.write(tmp_path, saved(step, knn=value))
        checkpoint.prune(tmp_path, keep=2, best="knn")
    assert [checkpoint.read(place).step for place in checkpoint.found(tmp_path)] == [2, 4, 5]


def test_what_a_killed_writer_left_is_no_checkpoint_and_goes(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, saved(1))
    (tmp_path / ".step-000000002.77.part").mkdir()
    (tmp_path / "step-000000003").mkdir()  # without its state
    assert [place.name for place in checkpoint.found(tmp_path)] == ["step-000000001"]
    checkpoint.prune(tmp_path, keep=1)
    assert not (tmp_path / ".step-000000002.77.part").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "state.json"])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, name: str) -> None:
    place = checkpoint.write(tmp_path, saved(1))
    content = (place / name).read_bytes()
    (place / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="step-000000001"):
        checkpoint.read(place)


def test_a_run_writes_tensors_and_text_only(finished: Finished) -> None:
    files = {path.name for path in finished.folder.checkpoints.rglob("*") if path.is_file()}
    assert files == {"model.safetensors", "optimizer.safetensors", "average.safetensors", "state.json"}
    assert [checkpoint.read(place).step for place in checkpoint.found(finished.folder.checkpoints)] == [8, 10]
