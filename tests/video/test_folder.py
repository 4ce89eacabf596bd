"""A folder of frames is a video as well."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from twlv.errors import UsageError, VideoError
from twlv.files import PICTURE_SUFFIXES
from twlv.types import MultiClip
from twlv.video import Preprocess, plan_clips, probe, read_clip, read_clips


@pytest.fixture
def folder(tmp_path: Path, make: SimpleNamespace) -> Path:
    for k in range(12):
        Image.fromarray(make.painted(k).transpose(1, 2, 0)).save(tmp_path / f"frame_{k + 1}.png")
    (tmp_path / "notes.txt").write_text("not a frame")
    (tmp_path / ".hidden.png").write_text("not a frame")
    return tmp_path


def test_probe(folder: Path) -> None:
    info = probe(folder, fps=6.0)
    assert (info.codec, info.num_frames, info.height_px, info.width_px) == ("frames", 12, 96, 192)
    assert info.duration_seconds == 2.0
    np.testing.assert_allclose(info.pts_seconds, np.arange(12) / 6)


def test_natural_order_and_clips(folder: Path, make: SimpleNamespace) -> None:
    info = probe(folder, fps=6.0)
    plans = plan_clips(info, MultiClip(clip_seconds=1.0), num_frames=6)
    clips = list(read_clips(info, plans, None))
    assert [make.numbers_of(clip.frames) for clip in clips] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    clip = read_clip(folder, num_frames=3, preprocess=Preprocess(crop_px=32), fps=6.0)
    assert clip.frames.shape == (3, 3, 32, 32)


def test_gray_and_palette_pictures_are_rgb(tmp_path: Path) -> None:
    Image.new("L", (8, 8), 100).save(tmp_path / "1.png")
    Image.new("RGBA", (8, 8), (10, 20, 30, 0)).save(tmp_path / "2.png")
    Image.new("P", (8, 8), 0).save(tmp_path / "3.png", transparency=b"\x00\x80")
    frames = read_clip(tmp_path, num_frames=3, fps=1.0).frames
    assert frames[:, :, 0, 0].tolist() == [[100, 100, 100], [10, 20, 30], [0, 0, 0]]
    assert frames.dtype == torch.uint8


def test_every_ending_of_a_picture_is_read(tmp_path: Path) -> None:
    for number, suffix in enumerate(sorted(PICTURE_SUFFIXES)):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / f"{number}{suffix}", quality=100)
    assert read_clip(tmp_path, num_frames=len(PICTURE_SUFFIXES), fps=1.0).frames.shape[0] == len(
        PICTURE_SUFFIXES
    )


def test_damaged_picture_is_named(folder: Path) -> None:
    data = (folder / "frame_7.png").read_bytes()
    (folder / "frame_7.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoError, match=r"corrupt: frame_7\.png"):
        read_clip(folder, num_frames=12, fps=6.0)


def test_a_folder_that_changes_is_refused(folder: Path) -> None:
    info = probe(folder, fps=6.0)
    (folder / "frame_3.png").unlink()
    with pytest.raises(VideoError, match="11 pictures, there were 12"):
        list(read_clips(info, plan_clips(info, MultiClip(), num_frames=2), None))


def test_empty_folder_and_bad_rate(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(VideoError, match="no_frames"):
        probe(empty, fps=5.0)
    for fps in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="fps"):
            probe(folder, fps=fps)
