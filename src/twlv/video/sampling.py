"""Which moments of a video to read: pure arithmetic on timestamps, no decoding.

Every clip [a, b) takes its N frames at the middles of N equal parts, t_j = a + (j + 0.5)(b - a)/N, and shows
at each the frame that is on screen then. Times are spread, never frozen on a last frame, so a clip with
fewer frames than N repeats them in order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from twlv.errors import UnknownName, UsageError, VideoError
from twlv.types import (
    Around,
    ClipPlan,
    DoubleArray,
    IntArray,
    MultiClip,
    Rule,
    Sampling,
    Span,
    Strided,
    Uniform,
    VideoInfo,
    Views,
)
from twlv.video.rules import RULES

TIME_TOLERANCE_SECONDS = 1e-6
"""Rounding of float seconds: far below any frame gap, far above an error of arithmetic."""

MAX_FRAMES, MAX_CLIPS = 4096, 100_000
"""Most frames of a clip (or temporal views), and most clips of a video: a typing error must not fill memory."""


def frame_indices(pts_seconds: DoubleArray, times_seconds: Sequence[float] | DoubleArray) -> IntArray:
    """The frame on screen at each time (N,): the last with pts <= t, or the first frame if there is none."""
    times = np.asarray(times_seconds, dtype=np.float64) + TIME_TOLERANCE_SECONDS
    return np.maximum(np.searchsorted(pts_seconds, times, side="right") - 1, 0)


def plan_clips(
    info: VideoInfo,
    sampling: Sampling,
    *,
    num_frames: int,
    views: Views = Views(),  # noqa: B008 - frozen
    span: Span | None = None,
) -> tuple[ClipPlan, ...]:
    """The clips to read from a video, or from the part ``span`` of it; times are those of the file.

    ``num_frames`` is N where the sampling does not name its own. ``views.temporal`` n cuts the span into n
    equal consecutive windows (``Uniform``), or spreads n clips of fixed length so that the first begins at
    the start and the last ends at the end (``Strided``), or is the number of clips of a ``Rule``. Spatial
    views are cropped while reading and do not show here.

    A span that reaches over an end of the video is cut there. Raises VideoError ``out_of_range`` for a span
    that lies outside, UsageError for settings that cannot be meant.
    """
    check_sampling(sampling, num_frames=num_frames, views=views)
    count = sampling.num_frames or num_frames
    part = part_of_video(info, span)
    if isinstance(sampling, Uniform):
        return _uniform(part, count, views.temporal)
    if isinstance(sampling, MultiClip):
        return _multi_clip(info, part, sampling, count)
    if isinstance(sampling, Strided):
        return _strided(info, part, sampling, count, views.temporal)
    if isinstance(sampling, Around):
        middle = part if span is None else span  # the middle of what was asked, also at an end of the video
        return (_around(info, (middle.start_seconds + middle.end_seconds) / 2, sampling, count),)
    return _rule(info, part, sampling, count, views.temporal)


def check_sampling(sampling: Sampling, *, num_frames: int, views: Views = Views()) -> None:  # noqa: B008
    """Refuse settings that fit no video whatever, before one is opened.

    Raises:
        UsageError: a count or a length that is not positive, or temporal views of what has its own clips.
        UnknownName: a ``Rule`` of another name than those of ``RULES``.
    """
    count = sampling.num_frames or num_frames
    if count < 1 or views.temporal < 1:
        raise UsageError(f"num_frames and views must be 1 or more, got {count} frames, {views}")
    if count > MAX_FRAMES or views.temporal > MAX_FRAMES:
        raise UsageError(
            f"{count} frames a clip and {views.temporal} temporal views: more than {MAX_FRAMES} of either "
            "do not fit in memory; ask for fewer, or take MultiClip"
        )
    if isinstance(sampling, MultiClip):
        _check_multi_clip(sampling, views.temporal)
    elif isinstance(sampling, Around):
        _check_around(sampling, views.temporal)
    elif isinstance(sampling, Strided) and sampling.frame_step < 1:
        raise UsageError(f"frame_step must be 1 or more, got {sampling.frame_step}")
    elif isinstance(sampling, Rule):
        _check_rule(sampling, views.temporal)


def _check_multi_clip(sampling: MultiClip, windows: int) -> None:
    length, stride = sampling.clip_seconds, sampling.stride_seconds
    stride = length if stride is None else stride
    if not (0 < length < math.inf and 0 < stride < math.inf):
        raise UsageError(f"clip_seconds and stride_seconds must be positive, got {length} and {stride}")
    if windows != 1:
        raise UsageError("MultiClip already gives several clips; take Uniform or Strided with temporal views")


def _check_around(sampling: Around, windows: int) -> None:
    if not 0 < sampling.clip_seconds < math.inf:
        raise UsageError(f"clip_seconds must be positive, got {sampling.clip_seconds}")
    if windows != 1:
        raise UsageError("there is one clip around a key frame; take 1 temporal view")


def _check_rule(sampling: Rule, windows: int) -> None:
    if sampling.name not in RULES:
        raise UnknownName("sampling rule", sampling.name, RULES)
    if windows != 1 and sampling.num_clips not in (1, windows):
        raise UsageError(f"{windows} temporal views and a rule of {sampling.num_clips} clips contradict")
    if sampling.frame_step < 1 or sampling.num_clips < 1:
        raise UsageError(f"frame_step and num_clips must be 1 or more, got {sampling}")


def part_of_video(info: VideoInfo, span: Span | None) -> Span:
    """The part that is read: the span cut at the ends of the video. VideoError if it lies outside."""
    if span is None:
        return Span(start_seconds=0.0, end_seconds=info.duration_seconds)
    start, end = max(0.0, span.start_seconds), min(span.end_seconds, info.duration_seconds)
    if not start < end:
        asked = f"[{span.start_seconds:g}, {span.end_seconds:g}) s"
        raise VideoError(
            info.path,
            "out_of_range",
            f"asked for {asked}, but the video is [0, {info.duration_seconds:g}) s; correct the span",
        )
    return Span(start_seconds=start, end_seconds=end)


def _clip(start: float, end: float, count: int) -> ClipPlan:
    times = start + (np.arange(count) + 0.5) * ((end - start) / count)
    return ClipPlan(span=Span(start_seconds=start, end_seconds=end), times_seconds=tuple(times.tolist()))


def _around(info: VideoInfo, middle: float, sampling: Around, count: int) -> ClipPlan:
    if not 0 <= middle <= info.duration_seconds:
        seen = f"the key frame is at {middle:g} s, but the video is [0, {info.duration_seconds:g}) s"
        raise VideoError(info.path, "out_of_range", seen)
    length = sampling.clip_seconds
    times = middle + (np.arange(count) - count // 2) * (length / count)
    last = float(info.pts_seconds[-1])
    start, end = max(0.0, middle - length / 2), min(info.duration_seconds, middle + length / 2)
    return ClipPlan(
        span=Span(start_seconds=start, end_seconds=max(end, start + TIME_TOLERANCE_SECONDS)),
        times_seconds=tuple(np.clip(times, 0.0, last).tolist()),
    )


def _uniform(part: Span, count: int, windows: int) -> tuple[ClipPlan, ...]:
    edges = np.linspace(part.start_seconds, part.end_seconds, windows + 1).tolist()
    return tuple(_clip(start, end, count) for start, end in pairwise(edges))


def _multi_clip(info: VideoInfo, part: Span, sampling: MultiClip, count: int) -> tuple[ClipPlan, ...]:
    """M clips as section 2.1; a remainder or a shortfall below half a frame counts as none."""
    length = sampling.clip_seconds
    stride = length if sampling.stride_seconds is None else sampling.stride_seconds
    tolerance = min(0.5 / info.average_fps, length / 2, stride / 2)
    starts = _clip_starts(part.duration_seconds, length, stride, tolerance, sampling.tail)
    last = part.duration_seconds
    return tuple(
        _clip(part.start_seconds + start, part.start_seconds + min(start + length, last), count)
        for start in starts
    )


def _clip_starts(duration: float, length: float, stride: float, tolerance: float, tail: str) -> list[float]:
    """Starts of the clips, relative to the part."""
    if duration < length - tolerance:
        return [0.0]
    full = math.floor((duration - length + tolerance) / stride) + 1
    if full > MAX_CLIPS:
        raise UsageError(
            f"clips every {stride:g} s are {full:,} clips of a video of {duration:g} s, more than "
            f"{MAX_CLIPS:,}; take a larger stride"
        )
    starts = [i * stride for i in range(full)]
    left = duration - (starts[-1] + length)
    following = full * stride
    if left > tolerance and duration - following > tolerance:
        if tail == "short":
            starts.append(following)
        elif tail == "shift":
            starts.append(duration - length)
    return starts


def frame_range(info: VideoInfo, part: Span) -> tuple[int, int]:
    """First and one past the last frame of the part: those whose time on screen starts in it (or covers it)."""
    ends = (part.start_seconds, part.end_seconds - 2 * TIME_TOLERANCE_SECONDS)
    first, last = frame_indices(info.pts_seconds, ends)
    return int(first), int(last) + 1


def _strided(info: VideoInfo, part: Span, sampling: Strided, count: int, clips: int) -> tuple[ClipPlan, ...]:
    """Every ``frame_step``-th frame; a part with too few frames for that is spread evenly instead."""
    step = sampling.frame_step
    first, stop = frame_range(info, part)
    available, window = stop - first, (count - 1) * step + 1
    if available < window:
        rows = np.broadcast_to((np.arange(count) * 2 + 1) * available // (2 * count), (clips, count))
    else:
        free = available - window
        starts = np.array([free // 2]) if clips == 1 else np.round(np.linspace(0, free, clips))
        rows = starts.astype(np.int64)[:, None] + np.arange(count) * step
    return tuple(_indexed(info, first + row) for row in rows)


def _rule(info: VideoInfo, part: Span, sampling: Rule, count: int, windows: int) -> tuple[ClipPlan, ...]:
    first, stop = frame_range(info, part)
    rows = RULES[sampling.name](
        stop - first,
        clip_frames=count,
        step=sampling.frame_step,
        num_clips=max(windows, sampling.num_clips),
        fps=info.average_fps,
    )
    return tuple(_indexed(info, first + np.clip(row, 0, stop - first - 1)) for row in rows)


def _indexed(info: VideoInfo, row: IntArray) -> ClipPlan:
    """A clip of frame indices; its span is from the first frame's pts to the end of the last."""
    times = info.pts_seconds[row]
    after = int(row.max()) + 1
    end = info.pts_seconds[after] if after < info.num_frames else info.duration_seconds
    start = float(times.min())
    span = Span(start_seconds=start, end_seconds=max(float(end), start + TIME_TOLERANCE_SECONDS))
    return ClipPlan(span=span, times_seconds=tuple(times.tolist()))
