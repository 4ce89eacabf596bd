"""Which moments of a video to read for training: the sampling of a test, at a random place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twlv.types import ClipPlan, MultiClip, Sampling, Span, Strided, Uniform, VideoInfo
from twlv.video.sampling import check_sampling, frame_range, part_of_video, plan_clips


def random_plan(
    info: VideoInfo,
    sampling: Sampling,
    random: np.random.Generator,
    *,
    num_frames: int,
    span: Span | None = None,
) -> ClipPlan:
    """One clip of a video (or of its part ``span``) at random.

    ``Uniform``: a random moment in each of N equal parts (Wang et al. 2016, temporal segments). ``Strided``:
    every ``frame_step``-th frame from a random one on. ``MultiClip``: T seconds from a random moment on.
    ``Rule``: one of its clips. ``Around``: that of a test, for its key frame is annotated.
    A part that is too short for a choice gives the clip of a test.
    """
    check_sampling(sampling, num_frames=num_frames)
    count = sampling.num_frames or num_frames
    part = part_of_video(info, span)
    if isinstance(sampling, Uniform):
        return _moments(info, part, random, count)
    if isinstance(sampling, Strided):
        return _strided(info, part, replace(sampling, num_frames=count), random)
    if isinstance(sampling, MultiClip):
        free = part.duration_seconds - sampling.clip_seconds
        if free > 0:
            start = part.start_seconds + random.uniform(0.0, free)
            part = Span(start_seconds=start, end_seconds=start + sampling.clip_seconds)
        return plan_clips(info, Uniform(), num_frames=count, span=part)[0]
    plans = plan_clips(info, sampling, num_frames=count, span=span)
    return plans[int(random.integers(len(plans)))]


def _moments(info: VideoInfo, part: Span, random: np.random.Generator, count: int) -> ClipPlan:
    plan = plan_clips(info, Uniform(), num_frames=count, span=part)[0]
    length = part.duration_seconds / count
    times = np.array(plan.times_seconds) + (random.random(count) - 0.5) * length
    return replace(plan, times_seconds=tuple(times.tolist()))


def _strided(info: VideoInfo, part: Span, sampling: Strided, random: np.random.Generator) -> ClipPlan:
    """The window is cut out as a span that holds no other, so its plan is that of ``plan_clips``."""
    first, stop = frame_range(info, part)
    window = ((sampling.num_frames or 1) - 1) * sampling.frame_step + 1
    if stop - first > window:
        start = first + int(random.integers(stop - first - window + 1))
        after = start + window
        end = info.pts_seconds[after] if after < info.num_frames else info.duration_seconds
        part = Span(start_seconds=float(info.pts_seconds[start]), end_seconds=float(end))
    return plan_clips(info, sampling, num_frames=sampling.num_frames or 1, span=part)[0]
