"""Random moments: within the video, of the sampling's own form, different from draw to draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.types import MultiClip, Rule, Sampling, Span, Strided, Uniform, VideoInfo
from twlv.video import frame_indices, plan_clips, random_plan


def info(num_frames: int = 100, fps: float = 10.0) -> VideoInfo:
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


def rows(sampling: Sampling, video: VideoInfo, draws: int = 200, span: Span | None = None) -> np.ndarray:
    random = np.random.default_rng(0)
    plans = [random_plan(video, sampling, random, num_frames=4, span=span) for _ in range(draws)]
    return np.stack([frame_indices(video.pts_seconds, plan.times_seconds) for plan in plans])


def test_segments_each_give_one_moment() -> None:
    found = rows(Uniform(), info())
    assert ((found // 25) == np.arange(4)).all()
    assert all(len(set(column)) > 20 for column in found.T)
    assert {0, 24} <= set(found[:, 0])  # from end to end of its segment
    assert 99 in set(found[:, 3])


def test_strided_starts_anywhere_and_keeps_its_step() -> None:
    found = rows(Strided(frame_step=7), info(30))
    assert (np.diff(found, axis=1) == 7).all()
    assert set(found[:, 0]) == set(range(30 - 21))


def test_multi_clip_is_a_clip_of_its_length() -> None:
    random = np.random.default_rng(0)
    plans = [random_plan(info(), MultiClip(clip_seconds=2.0), random, num_frames=4) for _ in range(100)]
    assert all(plan.span.duration_seconds == pytest.approx(2.0) for plan in plans)
    starts = [plan.span.start_seconds for plan in plans]
    assert 0 <= min(starts) < 0.5
    assert 7.5 < max(starts) <= 8.0


def test_a_rule_gives_one_of_its_clips() -> None:
    rule = Rule(name="mmaction2", frame_step=2, num_clips=3)
    planned = {plan.times_seconds for plan in plan_clips(info(), rule, num_frames=4)}
    random = np.random.default_rng(0)
    drawn = {random_plan(info(), rule, random, num_frames=4).times_seconds for _ in range(50)}
    assert drawn == planned


@pytest.mark.parametrize("sampling", [Strided(frame_step=9), MultiClip(clip_seconds=2.0)])
def test_a_video_too_short_for_a_choice_gives_the_clip_of_a_test(sampling: Sampling) -> None:
    video = info(15)
    random = np.random.default_rng(0)
    planned = plan_clips(video, sampling, num_frames=4)[0]
    assert random_plan(video, sampling, random, num_frames=4).times_seconds == planned.times_seconds


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([Uniform(), Strided(frame_step=3), MultiClip(clip_seconds=0.7)]),
    st.integers(1, 60),
    st.floats(0.0, 0.8),
    st.floats(0.05, 1.0),
    st.integers(0, 1000),
)
def test_frames_are_those_of_the_span_and_in_order(
    sampling: Sampling, num_frames: int, start: float, length: float, seed: int
) -> None:
    video = info(num_frames)
    begin = start * video.duration_seconds
    span = Span(start_seconds=begin, end_seconds=begin + length * video.duration_seconds)
    plan = random_plan(video, sampling, np.random.default_rng(seed), num_frames=5, span=span)
    found = frame_indices(video.pts_seconds, plan.times_seconds)
    assert (np.diff(found) >= 0).all()
    edges = frame_indices(video.pts_seconds, [begin, min(span.end_seconds, video.duration_seconds)])
    assert edges[0] <= found.min() <= found.max() <= edges[1]
