"""The frame indices of public code bases, by name: what they take, including their quirks.

Each rule maps a video of ``num_frames`` to indices (M clips, N frames). They reproduce what the public code
computes, wrong or not: an index may repeat, go round, or (V-JEPA on a video of one frame) be -1. ``plan_clips``
clamps indices to the frames that exist. Only the deterministic, evaluation-time form of each rule is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from twlv.types import DoubleArray, IntArray


class IndexRule(Protocol):
    """How a rule is called: N = ``clip_frames``, M = ``num_clips``, ``step`` frames between two of a clip."""

    def __call__(self, num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float) -> IntArray:
        """Indices (M, N) into a video of ``num_frames``."""


def vjepa(num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float) -> IntArray:
    """V-JEPA and V-JEPA 2 (video_dataset.py, overlap allowed, without its random offset); ignores ``fps``.

    Parts longer than N*step give a window at their start, taken by linspace, so the differences are not
    ``step``. Otherwise windows overlap, hold N frames of which the tail is frozen, and never show the
    last frame; below N*step frames all clips are the same.
    """
    del fps
    window = clip_frames * step
    part = num_frames // num_clips
    if part > window:
        clip = np.minimum(np.linspace(0, window, clip_frames), window - 1)
        hop = part
    else:
        last = min(window, num_frames) - 1
        moving = np.linspace(0, last, last // step)
        clip = np.concatenate([moving, np.full(clip_frames - len(moving), float(last))])
        clip = np.minimum(np.maximum(clip, 0), last - 1)
        hop = (num_frames - window) // (num_clips - 1) if num_frames > window else 0
    return _shifted(clip.astype(np.int64), np.arange(num_clips) * hop)


def videomae_dense_test(
    num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float
) -> IntArray:
    """VideoMAE's test windows for Kinetics: every ``step``-th frame, the last repeated; ignores ``fps``."""
    del fps
    kept = np.arange(0, num_frames, step)
    kept = np.concatenate([kept, np.full(max(0, clip_frames - len(kept)), kept[-1])])
    hop = (len(kept) - clip_frames) / max(1, num_clips - 1)
    starts = (np.arange(num_clips) * hop).astype(np.int64)
    return np.asarray(kept[_shifted(np.arange(clip_frames), starts)], dtype=np.int64)


def videomae_ssv2_test(num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float) -> IntArray:
    """VideoMAE's test views for Something-Something: 2N sorted indices, dealt out in turn; ignores the rest."""
    del step, fps
    tick = num_frames / clip_frames
    places = np.arange(clip_frames) * tick
    dealt = np.sort(np.concatenate([places.astype(np.int64), (places + tick / 2.0).astype(np.int64)]))
    return np.stack([dealt[view % 2 :: 2] for view in range(num_clips)])


def slowfast_spans(
    num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float, target_fps: float = 30.0
) -> DoubleArray:
    """SlowFast's test spans (M, 2), first and last frame as floats; the last view does not reach the end."""
    window = step * clip_frames / target_fps * fps
    free = max(num_frames - window, 0.0)
    starts = free * np.arange(num_clips) / num_clips
    return np.stack([starts, starts + window - 1], axis=1)


def slowfast(num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float) -> IntArray:
    """SlowFast's test clips: a float32 linspace over each of ``slowfast_spans``, floored and clamped."""
    spans = slowfast_spans(num_frames, clip_frames=clip_frames, step=step, num_clips=num_clips, fps=fps)
    rows = [_float32_linspace(start, end, clip_frames) for start, end in spans]
    return np.clip(np.stack(rows), 0, num_frames - 1).astype(np.int64)


def videoglue_linspace(num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float) -> IntArray:
    """VideoGLUE's (DMVR) test windows; a video that is too short starts over again. Ignores ``fps``."""
    del fps
    starts = np.linspace(0, max(0, num_frames - clip_frames * step), num_clips).astype(np.int64)
    return _shifted(np.arange(clip_frames) * step, starts) % num_frames


def videoglue_segments(num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float) -> IntArray:
    """Middles of N segments (VideoGLUE and SlowFast on Something-Something): all clips are the same."""
    del step, fps
    size = (num_frames - 1) / clip_frames
    ends = np.array([round(size * i) for i in range(clip_frames + 1)], dtype=np.int64)
    return _shifted((ends[:-1] + ends[1:]) // 2, np.zeros(num_clips, dtype=np.int64))


def mmaction2(num_frames: int, *, clip_frames: int, step: int, num_clips: int, fps: float) -> IntArray:
    """mmaction2's test clips (SampleFrames): equal rounded offsets, one clip centred, loops; no ``fps``."""
    del fps
    free = max(0, num_frames - ((clip_frames - 1) * step + 1))
    if num_clips == 1:
        starts = np.array([free // 2])
    else:
        starts = np.round(np.arange(num_clips) * (free / (num_clips - 1)))
    return _shifted(np.arange(clip_frames) * step, starts.astype(np.int64)) % num_frames


RULES: Mapping[str, IndexRule] = {
    "vjepa": vjepa,
    "videomae_dense_test": videomae_dense_test,
    "videomae_ssv2_test": videomae_ssv2_test,
    "slowfast": slowfast,
    "slowfast_ssv2": videoglue_segments,
    "videoglue_linspace": videoglue_linspace,
    "videoglue_segments": videoglue_segments,
    "mmaction2": mmaction2,
}


def _shifted(clip: IntArray, starts: IntArray) -> IntArray:
    return np.asarray(clip[None, :] + starts[:, None], dtype=np.int64)


def _float32_linspace(start: float, end: float, count: int) -> DoubleArray:
    """As torch.linspace in float32: from the start in the first half, from the end in the second."""
    low, high = np.float32(start), np.float32(end)
    if count == 1:
        return np.array([low], dtype=np.float64)
    step = np.float32((high - low) / np.float32(count - 1))
    i = np.arange(count, dtype=np.float32)
    ramp = np.where(i < count // 2, low + step * i, high - step * (np.float32(count - 1) - i))
    return ramp.astype(np.float64)
