"""Which times are read: the report's two embeddings, views, and every boundary case."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import UnknownName, UsageError, VideoError
from twlv.types import MultiClip, Rule, Sampling, Span, Strided, Uniform, VideoInfo, Views
from twlv.video import frame_indices, plan_clips


def video(pts: list[float] | np.ndarray, duration: float) -> VideoInfo:
    times = np.asarray(pts, dtype=np.float64)
    return VideoInfo(
        path="v.mp4", duration_seconds=duration, average_fps=len(times) / duration, num_frames=len(times),
        height_px=90, width_px=160, codec="h264", pts_seconds=times,
    )  # fmt: skip


def constant(frames: int, fps: float = 30.0) -> VideoInfo:
    return video(np.arange(frames) / fps, frames / fps)


def lasting(duration: float, fps: float = 25.0) -> VideoInfo:
    """A video of this duration, its last frame cut short."""
    return video(np.arange(int(np.ceil(duration * fps - 1e-9))) / fps, duration)


def spans(info: VideoInfo, sampling: Sampling, **how: object) -> list[tuple[float, float]]:
    plans = plan_clips(info, sampling, num_frames=4, **how)  # type: ignore[arg-type]
    return [(round(p.span.start_seconds, 6), round(p.span.end_seconds, 6)) for p in plans]


def rows(info: VideoInfo, sampling: Sampling, num_frames: int, **how: object) -> list[list[int]]:
    plans = plan_clips(info, sampling, num_frames=num_frames, **how)  # type: ignore[arg-type]
    return [frame_indices(info.pts_seconds, plan.times_seconds).tolist() for plan in plans]


def test_the_frame_on_screen_is_the_last_that_has_come() -> None:
    pts = np.array([0.0, 0.1, 0.5, 2.0])
    assert frame_indices(pts, [-1.0, 0.0, 0.0999, 0.1, 0.49, 1.999, 2.0, 9.0]).tolist() == [
        0,
        0,
        0,
        1,
        1,
        2,
        3,
        3,
    ]


def test_duplicate_times_show_the_last_of_them() -> None:
    assert frame_indices(np.array([0.0, 0.1, 0.1, 0.2]), [0.1, 0.15]).tolist() == [2, 2]


def test_rounding_at_a_frame_border_does_not_take_the_frame_before() -> None:
    """32 frames in 16 parts: every middle is the border of two frames, and belongs to the later."""
    for fps in (24.0, 25.0, 29.97, 30.0, 59.94):
        assert rows(constant(32, fps), Uniform(), 16) == [list(range(1, 32, 2))]


def test_uniform_frames_are_the_middles_of_equal_parts() -> None:
    (plan,) = plan_clips(lasting(8.0), Uniform(), num_frames=4)
    assert plan.times_seconds == (1.0, 3.0, 5.0, 7.0)
    assert (plan.span.start_seconds, plan.span.end_seconds) == (0.0, 8.0)


def test_the_sampling_may_name_its_own_frame_count() -> None:
    assert len(plan_clips(lasting(8.0), Uniform(num_frames=3), num_frames=16)[0].times_seconds) == 3


def test_variable_rate_is_read_by_time_not_by_index() -> None:
    """30 frames in the first second, one frame for the other three."""
    info = video([*np.arange(30) / 30, 1.0], 4.0)
    assert rows(info, Uniform(), 4) == [[15, 30, 30, 30]]


@pytest.mark.parametrize(
    ("duration", "drop", "short", "shift"),
    [(10.0, 5, 5, 5), (10.01, 5, 5, 5), (9.97, 4, 5, 5), (3.0, 1, 2, 2), (1.5, 1, 1, 1)],
)
def test_number_of_clips_and_tail(duration: float, drop: int, short: int, shift: int) -> None:
    info = lasting(duration, fps=30.0)
    for tail, expected in (("drop", drop), ("short", short), ("shift", shift)):
        assert len(spans(info, MultiClip(clip_seconds=2.0, tail=tail))) == expected  # type: ignore[arg-type]


def test_300_frames_at_29_97_are_5_clips_of_2_seconds() -> None:
    info = constant(300, 30000 / 1001)
    assert info.duration_seconds == pytest.approx(10.01)
    for tail in ("drop", "short", "shift"):
        assert spans(info, MultiClip(clip_seconds=2.0, tail=tail)) == [  # type: ignore[arg-type]
            (0.0, 2.0), (2.0, 4.0), (4.0, 6.0), (6.0, 8.0), (8.0, 10.0),
        ]  # fmt: skip


def test_less_than_half_a_frame_short_is_not_short() -> None:
    """Matroska rounds times to milliseconds: 240 frames at 24 fps may end at 9.999 s."""
    info = video(np.round(np.arange(240) / 24, 3), 9.999)
    assert spans(info, MultiClip(clip_seconds=2.0))[-1] == (8.0, 9.999)


def test_tails() -> None:
    info = lasting(5.0)
    assert spans(info, MultiClip(clip_seconds=2.0)) == [(0, 2), (2, 4)]
    assert spans(info, MultiClip(clip_seconds=2.0, tail="short")) == [(0, 2), (2, 4), (4, 5)]
    assert spans(info, MultiClip(clip_seconds=2.0, tail="shift")) == [(0, 2), (2, 4), (3, 5)]
    assert spans(info, MultiClip(clip_seconds=6.0)) == [(0, 5)]


def test_dense_clips_follow_the_stride() -> None:
    """T 0.5 s, T_s 0.125 s as for THUMOS14: (M - 1) T_s + T covers the video."""
    found = spans(lasting(3.0), MultiClip(clip_seconds=0.5, stride_seconds=0.125))
    assert len(found) == 21
    assert found[1] == (0.125, 0.625)
    assert found[-1] == (2.5, 3.0)


def test_a_stride_longer_than_a_clip_leaves_gaps() -> None:
    assert spans(lasting(8.0), MultiClip(clip_seconds=2.0, stride_seconds=5.0, tail="short")) == [
        (0, 2),
        (5, 7),
    ]


def test_uniform_views_are_equal_windows_from_start_to_end() -> None:
    assert spans(lasting(8.0), Uniform(), views=Views(temporal=4)) == [(0, 2), (2, 4), (4, 6), (6, 8)]


def test_strided_clip_is_centred_and_steps_exactly() -> None:
    assert rows(constant(300), Strided(frame_step=4), 16) == [list(range(119, 119 + 61, 4))]


def test_strided_views_reach_from_the_first_to_the_last_frame() -> None:
    found = rows(constant(300), Strided(frame_step=4), 16, views=Views(temporal=4))
    assert [row[0] for row in found] == [0, 80, 159, 239]
    assert found[-1][-1] == 299


def test_strided_in_a_short_video_spreads_instead_of_freezing() -> None:
    (row,) = rows(constant(45), Strided(frame_step=4), 16)
    assert row[0] == 1
    assert row[-1] == 43
    assert max(np.diff(row)) <= 3


def test_one_frame_serves_every_sampling() -> None:
    for sampling in (Uniform(), MultiClip(), Strided(), Rule(name="vjepa"), Rule(name="slowfast", num_clips=2)):
        for row in rows(constant(1), sampling, 16):
            assert row == [0] * 16


def test_a_rule_gives_its_own_frames() -> None:
    (row,) = rows(constant(300), Rule(name="vjepa"), 16)
    assert row == [0, 4, 8, 12, 17, 21, 25, 29, 34, 38, 42, 46, 51, 55, 59, 63]
    assert len(rows(constant(300), Rule(name="vjepa"), 16, views=Views(temporal=8))) == 8


def test_last_frame_is_reached_by_ours_and_never_by_vjepa() -> None:
    assert rows(constant(45), Uniform(), 45)[0][-1] == 44
    assert rows(constant(45), Rule(name="vjepa"), 16)[0][-1] == 43


def test_span_restricts_to_a_part() -> None:
    info = lasting(10.0)
    part = Span(start_seconds=4.0, end_seconds=8.0)
    assert spans(info, Uniform(), span=part) == [(4, 8)]
    assert spans(info, MultiClip(clip_seconds=2.0), span=part) == [(4, 6), (6, 8)]
    for sampling in (Strided(frame_step=2), Rule(name="videomae_dense_test")):
        (row,) = rows(info, sampling, 16, span=part)
        assert 100 <= min(row) <= max(row) <= 199


def test_span_ends_before_its_end() -> None:
    """100 frames in [4, 8): 101 wanted ones are spread over them, the frame at 8 s is not among them."""
    (row,) = rows(lasting(10.0), Strided(frame_step=1), 101, span=Span(start_seconds=4.0, end_seconds=8.0))
    assert (row[0], row[-1]) == (100, 199)


def test_an_impossible_index_of_a_rule_stays_in_the_span() -> None:
    """V-JEPA gives -1 for one frame; that must not be the frame before the span."""
    part = Span(start_seconds=4.0, end_seconds=4.04)
    assert rows(lasting(10.0), Rule(name="vjepa"), 16, span=part) == [[100] * 16]


def test_span_is_cut_at_the_end_and_refused_outside() -> None:
    info = lasting(10.0)
    assert spans(info, Uniform(), span=Span(start_seconds=9.0, end_seconds=12.0)) == [(9, 10)]
    with pytest.raises(VideoError, match=r"out_of_range.*\[12, 13\).*\[0, 10\)"):
        plan_clips(info, Uniform(), num_frames=4, span=Span(start_seconds=12.0, end_seconds=13.0))


@pytest.mark.parametrize(
    ("sampling", "views"),
    [
        (MultiClip(clip_seconds=0.0), Views()),
        (MultiClip(stride_seconds=-1.0), Views()),
        (MultiClip(clip_seconds=float("nan")), Views()),
        (MultiClip(), Views(temporal=2)),
        (Strided(frame_step=0), Views()),
        (Rule(name="vjepa", num_clips=3), Views(temporal=2)),
        (Rule(name="vjepa", frame_step=0), Views()),
        (Uniform(), Views(temporal=0)),
        (Uniform(num_frames=-1), Views()),
    ],
)
def test_settings_that_cannot_be_meant(sampling: Sampling, views: Views) -> None:
    with pytest.raises(UsageError):
        plan_clips(lasting(10.0), sampling, num_frames=16, views=views)


def test_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="videomae_dense_test"):
        plan_clips(lasting(10.0), Rule(name="videomae_dense"), num_frames=16)


samplings = st.one_of(
    st.just(Uniform()),
    st.builds(
        MultiClip,
        clip_seconds=st.floats(0.05, 5),
        stride_seconds=st.none() | st.floats(0.05, 5),
        tail=st.sampled_from(["drop", "short", "shift"]),
    ),
    st.builds(Strided, frame_step=st.integers(1, 9)),
)


@settings(max_examples=150, deadline=None)
@given(
    gaps=st.lists(st.floats(0, 0.7), max_size=60),
    last=st.floats(0.01, 1.0),
    sampling=samplings,
    num_frames=st.integers(1, 33),
    temporal=st.integers(1, 5),
    cut=st.tuples(st.floats(0, 0.9), st.floats(0.05, 1)),
)
def test_always_in_range_monotone_and_repeatable(
    gaps: list[float], last: float, sampling: Sampling, num_frames: int, temporal: int, cut: tuple[float, float]
) -> None:
    pts = np.concatenate([[0.0], np.cumsum(gaps)])
    info = video(pts, float(pts[-1]) + last)
    views = Views() if isinstance(sampling, MultiClip) else Views(temporal=temporal)
    start = cut[0] * info.duration_seconds
    part = Span(start_seconds=start, end_seconds=start + cut[1] * info.duration_seconds)
    plans = plan_clips(info, sampling, num_frames=num_frames, views=views, span=part)
    assert plans == plan_clips(info, sampling, num_frames=num_frames, views=views, span=part)
    assert len(plans) == views.temporal or isinstance(sampling, MultiClip)
    for plan in plans:
        times = np.array(plan.times_seconds)
        assert len(times) == num_frames
        assert (np.diff(times) >= 0).all()
        assert times[0] >= 0
        assert times[-1] <= info.duration_seconds + 1e-9
        row = frame_indices(info.pts_seconds, times)
        assert 0 <= row.min() <= row.max() < info.num_frames
        assert plan.span.end_seconds <= info.duration_seconds + 1e-5
    starts = [plan.span.start_seconds for plan in plans]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    "sampling", [MultiClip(clip_seconds=1.0, stride_seconds=1e-9), Uniform(num_frames=10**6)]
)
def test_a_plan_that_fits_no_memory_is_refused(sampling: Sampling) -> None:
    with pytest.raises(UsageError, match="more than"):
        plan_clips(constant(60), sampling, num_frames=4)


def test_temporal_views_that_fit_no_memory_are_refused() -> None:
    with pytest.raises(UsageError, match="more than"):
        plan_clips(constant(60), Uniform(), num_frames=4, views=Views(temporal=10**7))
