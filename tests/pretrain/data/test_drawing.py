"""Moments, strides, crops and mirrors of a clip, measured on what comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from twlv.errors import UsageError
from twlv.pretrain.data.drawing import Draw
from twlv.pretrain.data.entries import Videos, picture_clips
from twlv.pretrain.data.source import ClipForm, Item
from twlv.types import Sample, Span, VideoInfo
from twlv.video import frame_indices


def draw(turn: int = 0, *, flip: float = 0.0, **form: Any) -> Draw:
    return Draw(seed=0, turn=turn, item_id="a", form=ClipForm(**form), flip=flip)


def info(count: int = 100, fps: float = 10.0) -> VideoInfo:
    return VideoInfo(
        path="x",
        duration_seconds=count / fps,
        average_fps=fps,
        num_frames=count,
        height_px=24,
        width_px=32,
        codec="x",
        pts_seconds=np.arange(count) / fps,
    )


def frames_of(one: Draw, video: VideoInfo, span: Span | None = None) -> list[int]:
    return frame_indices(video.pts_seconds, one.moment(video, span).times_seconds).tolist()


def test_strides_and_moments_are_uniform_over_what_fits() -> None:
    rows = np.array([frames_of(draw(turn, num_frames=5, strides=(2, 6)), info()) for turn in range(600)])
    strides = np.diff(rows, axis=1)
    assert (strides == strides[:, :1]).all()
    counts = np.bincount(strides[:, 0], minlength=7)[2:]
    assert ((counts - 120) ** 2 / 120).sum() < 30  # chi-square, 4 degrees of freedom, one in 200,000
    place = rows[:, 0] / (99 - 4 * strides[:, 0])
    assert rows.min() == 0
    assert rows.max() == 99
    assert abs(place.mean() - 0.5) < 5 * 0.29 / 600**0.5


def test_a_short_video_takes_the_stride_that_fits() -> None:
    assert frames_of(draw(num_frames=4, strides=(3, 6)), info(count=7)) == [0, 2, 4, 6]
    assert np.diff(frames_of(draw(num_frames=4, strides=(3, 6)), info(count=6))).tolist() == [1, 1, 1]
    assert frames_of(draw(num_frames=4, strides=(2, 2)), info(count=2)) == [0, 0, 1, 1]
    assert frames_of(draw(num_frames=1, strides=(2, 6)), info(count=1)) == [0]


def test_a_span_is_not_left() -> None:
    span = Span(start_seconds=2.0, end_seconds=4.0)
    rows = [frames_of(draw(turn, num_frames=4, strides=(1, 9)), info(), span) for turn in range(60)]
    assert min(map(min, rows)) == 20
    assert max(map(max, rows)) == 39


def box_of(square: torch.Tensor) -> tuple[float, float, float, float]:
    """Left, top, width, height as fractions, read off a crop (3, S, S) of the ramp; mirrored: width < 0."""
    size = square.shape[-1]
    found = []
    for line in (square[0].double().mean(0), square[1].double().mean(1)):
        inner = slice(size // 4, 3 * size // 4)
        slope = np.polyfit(np.arange(size)[inner], line.numpy()[inner] / 255, 1)
        found.append((slope[1] - slope[0] / 2, slope[0] * size))
    (left, width), (top, height) = found
    return left, top, width, height


def test_crops_have_the_stated_areas_and_aspects(make: Any) -> None:
    picture = make.png(make.ramp(120, 160))
    boxes = []
    for turn in range(150):
        (clip,) = picture_clips(picture, "a", draw(turn, num_frames=1, size_px=48))
        boxes.append(box_of(clip[0]))
    left, top, width, height = np.array(boxes).T
    area, aspect = width * height, width * 160 / (height * 120)
    assert area.min() > 0.27
    assert area.max() < 1.03
    assert area.min() < 0.36
    assert area.max() > 0.85
    assert aspect.min() > 0.72
    assert aspect.max() < 1.38
    assert aspect.min() < 0.82
    assert aspect.max() > 1.22
    assert min(left.min(), top.min()) > -0.03
    assert max((left + width).max(), (top + height).max()) < 1.03
    assert left.std() > 0.05


def test_a_clip_is_cut_and_mirrored_alike_in_all_frames_and_crops_differ(tmp_path: Path, make: Any) -> None:
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(make.png(make.ramp(60, 80)))
    entries = Videos([Sample(video_id="a", path=str(tmp_path), fps=5.0)])
    clips = entries.clips(0, draw(num_frames=3, size_px=32, strides=(1, 1), crops=3, flip=0.5))
    assert [tuple(clip.shape) for clip in clips] == [(3, 3, 32, 32)] * 3
    for clip in clips:
        assert torch.equal(clip[0], clip[1])
        assert torch.equal(clip[0], clip[2])
    assert len({clip.numpy().tobytes() for clip in clips}) == 3


def test_crops_of_one_decode_show_one_moment(videos: Path) -> None:
    entries = Videos([Sample(video_id="v0", path=str(videos / "v0.mp4"))])
    clips = entries.clips(0, draw(3, num_frames=3, size_px=8, strides=(2, 2), crops=4))
    levels = [(clip.double().mean(dim=(1, 2, 3)) / 4).round().tolist() for clip in clips]
    assert levels == [levels[0]] * 4
    assert np.diff(levels[0]).tolist() == [2, 2]


@pytest.mark.parametrize(("flip", "low", "high"), [(0.0, 0, 0), (0.5, 60, 140), (1.0, 200, 200)])
def test_clips_are_mirrored_as_often_as_asked(make: Any, flip: float, low: int, high: int) -> None:
    picture = make.png(make.ramp(12, 16))
    mirrored = 0
    for turn in range(200):
        (clip,) = picture_clips(picture, "a", draw(turn, num_frames=1, size_px=8, flip=flip))
        mirrored += bool(clip[0, 0, :, -1].float().mean() < clip[0, 0, :, 0].float().mean())
    assert low <= mirrored <= high


def test_the_flip_moves_no_crop(make: Any) -> None:
    picture = make.png(make.ramp(12, 16))
    (plain,) = picture_clips(picture, "a", draw(num_frames=1, size_px=8))
    (mirrored,) = picture_clips(picture, "a", draw(num_frames=1, size_px=8, flip=1.0))
    assert torch.equal(mirrored, plain.flip(-1))
    assert not torch.equal(mirrored, plain)


def test_a_mirrored_clip_moves_the_other_way() -> None:
    """Noise rolled by 2 to the right and 1 down; the displacement says so before and after."""
    first = torch.randint(0, 256, (1, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    frames = torch.cat([first, first.roll((1, 2), (2, 3))])
    flow = torch.tensor([2.0, 1.0]).view(1, 2, 1, 1).expand(1, 2, 8, 8).clone()
    flow[..., 0] = 5.0
    seen = Item(item_id="a", frames=frames, displacement=flow).mirrored()
    assert seen.displacement is not None
    assert torch.equal(seen.frames[1], seen.frames[0].roll((1, -2), (1, 2)))
    assert seen.displacement[0, :, 3, 3].tolist() == [-2.0, 1.0]
    assert seen.displacement[0, :, 3, 7].tolist() == [-5.0, 5.0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_frames": 0},
        {"size_px": 0},
        {"crops": 0},
        {"strides": (0, 2)},
        {"strides": (3, 2)},
        {"area": (0.0, 1.0)},
        {"area": (0.3, 1.1)},
        {"aspect": (2.0, 1.0)},
        {"flow_every_px": -1},
        {"flow_every_px": 3},
    ],
)
def test_forms_that_cannot_be_meant_are_refused(make: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(make.tiny, **wrong)
