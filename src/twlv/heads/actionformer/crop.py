"""A window of a training video: of at most ``max_length`` steps, drawn so that some action stays in it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

TRIALS = 200
"""Windows that are drawn until one holds a segment; the last is taken if none does."""


@dataclass(frozen=True, kw_only=True)
class CropSettings:
    """``lengths`` of a window as shares of a video that fits; a segment stays if ``share`` is inside."""

    lengths: tuple[float, float] = (0.9, 1.0)
    share: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Window:
    """Steps ``start`` to ``end`` of the video, and what is annotated there, counted from ``start``."""

    start: int
    end: int
    segments: Tensor
    labels: Tensor


def draw_window(
    length: int, segments: Tensor, labels: Tensor, *, max_length: int, settings: CropSettings, random: Random
) -> Window:
    """A window of a video of ``length`` steps with ``segments`` (N, 2) and ``labels`` (N,).

    The draws are the report authors', one by one. A window that is the whole video leaves its segments as they
    are, even outside of it. A video without segments gives any window: it is background.
    """
    size = max_length
    if length <= max_length:
        low, high = settings.lengths
        size = random.randint(max(round(low * length), 1), min(round(high * length), length))
        if size == length:
            return Window(start=0, end=length, segments=segments, labels=labels)
    for _ in range(TRIALS):
        start = random.randint(0, length - size)
        left = segments[:, 0].clamp(min=start)
        right = segments[:, 1].clamp(max=start + size)
        kept = (right - left).clamp(min=0) / (segments[:, 1] - segments[:, 0]).abs() >= settings.share
        if kept.any() or not len(segments):
            break
    cut = torch.stack([left, right], dim=1)[kept] - start
    return Window(start=start, end=start + size, segments=cut, labels=labels[kept])
