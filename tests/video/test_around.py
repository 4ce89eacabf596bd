"""Clips around a key frame: which frames they show, at 30 a second and at other rates, and at the ends."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twlv.errors import UsageError, VideoError
from twlv.types import Around, ClipPlan, Span, VideoInfo, Views
from twlv.video import frame_indices, plan_clips, random_plan

GOLDEN = Path(__file__).parents[1] / "reference" / "clip_indices.json"


def info(num_frames: int, fps: float = 30.0) -> VideoInfo:
    return VideoInfo(
        path="v.mp4",
        duration_seconds=num_frames / fps,
        average_fps=fps,
        num_frames=num_frames,
        height_px=32,
        width_px=32,
        codec="h264",
        pts_seconds=np.arange(num_frames) / fps,
    )


def plan(video: VideoInfo, seconds: float, frames: int = 16, length: float = 64 / 30) -> ClipPlan:
    span = Span(start_seconds=seconds - 1, end_seconds=seconds + 1)
    (found,) = plan_clips(video, Around(clip_seconds=length), num_frames=frames, span=span)
    return found


def shown(video: VideoInfo, found: ClipPlan) -> list[int]:
    return frame_indices(video.pts_seconds, found.times_seconds).tolist()


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text())["cases"], ids=lambda case: case["timestamp"])
def test_trap_14_the_frames_of_ava_s_clips(case: dict[str, object]) -> None:
    """900 s are cut off the movie; frame k is at 900 + k / 30 s."""
    frames, stride = int(str(case["frames"])), int(str(case["stride"]))
    video = info(27_030)
    found = shown(video, plan(video, float(str(case["timestamp"])) - 900, frames, frames * stride / 30))
    assert found == case["clip"]
    assert found[frames // 2] == case["centre_frame_0based"]
    assert case["position_of_key_frame"] == frames // 2


@given(
    fps=st.sampled_from([8.0, 23.976, 25.0, 29.97, 60.0]),
    seconds=st.integers(0, 9),
    frames=st.sampled_from([1, 2, 5, 8, 16]),
    length=st.floats(0.1, 12.0),
)
def test_trap_14_the_key_frame_stands_at_half_whatever_the_rate(
    fps: float, seconds: int, frames: int, length: float
) -> None:
    video = info(int(10 * fps), fps)
    found = plan(video, seconds, frames, length)
    assert shown(video, found)[frames // 2] == frame_indices(video.pts_seconds, [float(seconds)])[0]
    times = np.array(found.times_seconds)
    assert (np.diff(times) >= 0).all()
    assert times.min() >= 0
    assert times.max() <= video.pts_seconds[-1]


def test_the_ends_of_a_video_repeat_their_frame() -> None:
    video = info(10, 10.0)
    assert shown(video, plan(video, 0.0, 4, 0.4)) == [0, 0, 0, 1]
    assert shown(video, plan(video, 0.9, 4, 0.8)) == [5, 7, 9, 9]
    assert plan(video, 0.0, 4, 0.4).span == Span(start_seconds=0.0, end_seconds=0.2)


def test_without_a_span_the_middle_of_the_video_is_the_key_frame() -> None:
    video = info(100, 10.0)
    (found,) = plan_clips(video, Around(clip_seconds=0.4), num_frames=4)
    assert shown(video, found) == [48, 49, 50, 51]


def test_random_clips_do_not_leave_their_key_frame() -> None:
    video, span = info(300), Span(start_seconds=4.0, end_seconds=6.0)
    drawn = random_plan(video, Around(), np.random.default_rng(0), num_frames=16, span=span)
    assert drawn == plan(video, 5.0)


def test_a_key_frame_outside_the_video_is_an_error() -> None:
    with pytest.raises(VideoError, match=r"key frame is at 10\.5 s"):
        plan(info(300), 10.5)
    with pytest.raises(VideoError, match=r"is at -0\.5 s"):
        plan(info(300), -0.5)


def test_lengths_and_views_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="clip_seconds must be positive"):
        plan(info(300), 5.0, length=0.0)
    with pytest.raises(UsageError, match="one clip around"):
        plan_clips(info(300), Around(), num_frames=4, views=Views(temporal=2))
