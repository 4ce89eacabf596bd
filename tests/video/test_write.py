"""Frames to files and back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from twlv.errors import UsageError
from twlv.video import probe, read_clip, write_video


def clip(count: int = 8, height: int = 32, width: int = 48) -> torch.Tensor:
    ramp = torch.linspace(20, 220, width).expand(count, 3, height, width)
    return (ramp + torch.arange(count).view(-1, 1, 1, 1)).to(torch.uint8)


@pytest.mark.parametrize("kind", ["torch", "numpy", "iterator"])
def test_there_and_back(tmp_path: Path, kind: str) -> None:
    frames = clip()
    given = {"torch": frames, "numpy": frames.numpy(), "iterator": iter(frames)}[kind]
    path = write_video(tmp_path / "v.mp4", given, 12.5)
    info = probe(path)
    assert (info.num_frames, info.average_fps) == (8, pytest.approx(12.5))
    difference = (read_clip(path, num_frames=8).frames.int() - frames.int()).abs().float()
    assert difference.mean() < 3


def test_lossless(tmp_path: Path) -> None:
    frames = torch.randint(0, 256, (4, 3, 32, 48), dtype=torch.uint8)
    path = write_video(tmp_path / "v.mkv", frames, 5, codec="libx264rgb", quality=0, pixel_format="rgb24")
    assert torch.equal(read_clip(path, num_frames=4).frames, frames)


def test_quality_costs_bytes(tmp_path: Path) -> None:
    frames = torch.randint(0, 256, (4, 3, 64, 64), dtype=torch.uint8)
    sizes = [write_video(tmp_path / f"{q}.mp4", frames, 5, quality=q).stat().st_size for q in (5, 40)]
    assert sizes[0] > 2 * sizes[1]


def test_same_frames_same_bytes(tmp_path: Path) -> None:
    files = [write_video(tmp_path / name, clip(), 10) for name in ("a.mp4", "b.mp4")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_own_times(tmp_path: Path, make: SimpleNamespace) -> None:
    times = [0.0, 0.5, 0.6, 3.0]
    path = make.counter_video(tmp_path / "v.mp4", 4, pts_seconds=times)
    np.testing.assert_allclose(probe(path).pts_seconds, times, atol=1e-4)


@pytest.mark.parametrize(
    ("frames", "how", "words"),
    [
        (clip().float(), {}, "uint8"),
        (clip()[:, :1], {}, r"\(3, H, W\)"),
        (clip()[:0], {}, "no frames"),
        (clip(), {"codec": "nonsense"}, "nonsense"),
        (clip(), {"fps": 0.0}, "fps"),
        (clip(), {"pts_seconds": [0.0, 1.0]}, "2 times"),
        (clip(), {"pts_seconds": [0.0, 1.0], "codec": "mjpeg", "pixel_format": "yuvj420p"}, "2 times"),
        (clip(height=33), {"pixel_format": "yuv420p"}, "cannot be encoded"),
    ],
)
def test_what_cannot_be_encoded_leaves_no_file(
    tmp_path: Path, frames: torch.Tensor, how: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        write_video(tmp_path / "v.mp4", frames, **{"fps": 10.0, **how})  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_unknown_container_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing"):
        write_video(tmp_path / "v.nothing", clip(), 10)
