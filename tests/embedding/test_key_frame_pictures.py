"""Pictures of key frames: the right frame, small, and absent where it cannot be read."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from twlv.embedding.key_frame_pictures import key_picture, pictured
from twlv.types import Sample, Span
from twlv.video import write_video


def sample(path: Path, seconds: float) -> Sample:
    return Sample(
        video_id=f"v@{seconds}", path=str(path), span=Span(start_seconds=seconds - 1, end_seconds=seconds + 1)
    )


def brightening(path: Path) -> Path:
    """Frame k of 30, at 10 a second, has the value 8 k."""
    frames = torch.stack([torch.full((3, 360, 640), 8 * k, dtype=torch.uint8) for k in range(30)])
    write_video(path, frames, fps=10)
    return path


def test_trap_14_the_picture_is_that_of_the_key_frame(tmp_path: Path) -> None:
    path = brightening(tmp_path / "v.mp4")
    for seconds in (0.0, 0.5, 1.5, 2.9):
        value = float(key_picture(sample(path, seconds)).float().mean())
        assert abs(value - 80 * seconds) < 4, seconds


def test_pictures_are_small_and_what_cannot_be_read_has_none(tmp_path: Path) -> None:
    here = sample(brightening(tmp_path / "v.mp4"), 2.0)
    gone = sample(tmp_path / "gone.mp4", 1.0)
    frames = [{"video_id": here.video_id, "truth": []}, {"video_id": gone.video_id}, {"video_id": "other"}]
    first, *others = pictured(frames, [here, gone])
    assert others == frames[1:]
    assert isinstance(first, dict)
    assert (first["width_px"], first["height_px"], first["truth"]) == (320, 180, [])
    address = str(first["image"])
    assert len(address) < 20_000
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    assert abs(float(np.asarray(picture).mean()) - 160) < 6
