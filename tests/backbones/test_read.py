"""Files that claim to be weights: hostile, cut short, something else. Nothing in them is run."""

from __future__ import annotations

import argparse
import collections
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from twlv.backbones.convert.read import read_checkpoint
from twlv.errors import WeightsError


class _Hostile:
    """Its pickle calls a function of the operating system when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("suffix", [".pth", ".pt", ".torch", ".pth.tar", ".bin"])
def test_a_hostile_pickle_is_refused_without_being_run(tmp_path: Path, legacy: bool, suffix: str) -> None:
    marker, file = tmp_path / "ran", tmp_path / f"weights{suffix}"
    content = {"model": {"x": torch.zeros(2)}, "args": _Hostile(marker)}
    torch.save(content, file, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(WeightsError, match=r"refused: .*posix\.mkdir.*nothing in the file was run") as raised:
        read_checkpoint(file)
    assert not marker.exists()
    assert "weights_only" not in str(raised.value)  # torch's advice to switch the protection off
    pickle.loads(pickle.dumps(_Hostile(marker)))  # the test itself: read without care, it does run
    assert marker.exists()


def test_a_plain_pickle_is_refused_too(tmp_path: Path) -> None:
    marker, file = tmp_path / "ran", tmp_path / "weights.pth"
    file.write_bytes(pickle.dumps(_Hostile(marker)))
    with pytest.raises(WeightsError, match=r"refused|cannot be read as weights"):
        read_checkpoint(file)
    assert not marker.exists()


def test_the_arguments_of_a_training_run_are_the_one_class_that_is_read(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save({"model": {"x": torch.ones(2)}, "args": argparse.Namespace(lr=0.1)}, file)
    tree = read_checkpoint(file)
    assert torch.equal(tree["model"]["x"], torch.ones(2))
    assert argparse.Namespace not in torch.serialization.get_safe_globals()  # for this one reading only
    torch.save({"model": {}, "args": collections.UserDict(a=1)}, file)
    with pytest.raises(WeightsError, match=r"refused: .*collections\.UserDict"):
        read_checkpoint(file)


def test_files_in_the_old_format_are_read(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save({"model": {"x": torch.arange(3)}}, file, _use_new_zipfile_serialization=False)
    assert torch.equal(read_checkpoint(file)["model"]["x"], torch.arange(3))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("kept", [0, 10, 400, -20])
def test_a_file_that_is_cut_short(tmp_path: Path, suffix: str, kept: int) -> None:
    from safetensors.torch import save_file

    file, tensors = tmp_path / f"weights{suffix}", {"x": torch.zeros(500)}
    if suffix == ".pth":
        torch.save(tensors, file)
    else:
        save_file(tensors, file)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(WeightsError, match=r"cannot be read as|refused") as raised:
        read_checkpoint(file)
    assert str(file) in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "found a Git LFS pointer"),
        (b"\n<!DOCTYPE html><html>Sign in</html>", "found a page of a web site"),
        (b'{"error": "Repository not found"}', "found JSON"),
        (b"0123456789" * 9, "cannot be read as weights|refused"),
    ],
)
def test_files_that_are_not_weights(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_checkpoint(file)


def test_a_list_and_no_file(tmp_path: Path) -> None:
    torch.save([torch.zeros(2)], tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match="expected a dictionary of weights, found a list"):
        read_checkpoint(tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match="no such file"):
        read_checkpoint(tmp_path / "absent.pth")
