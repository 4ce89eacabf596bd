"""Features of clips at the times of labels: which rows a step of a video is read from.

Labels stand at a fixed rate, clips every so many seconds; neither tells how many of the other there are.

``centres``: linear interpolation between the centres of the clips in seconds; before the first and after the
last centre the nearest clip holds. ``stretch``: the rows are stretched over all steps, whatever their times,
as the report's code does (``F.interpolate``, linear, half-pixel centres). It puts the first clip's centre near
time 0: with clips of one second every quarter the features are up to 0.7 s off at the ends.

Axis letters: M rows (clips), D width, F frames that have a label, L steps that get one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from twlv.errors import FeatureError
from twlv.types import DoubleArray, Embedding, FloatArray, IntArray

Alignment: TypeAlias = Literal["centres", "stretch"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Steps:
    """Where L steps of a video are read: between the rows ``left`` and ``right`` (L,), ``weight`` of the right.

    ``leftover_seconds``: how much of the labelled time comes after the end of the last clip; below 0, how long
    the clips go on after the last label.
    """

    left: IntArray
    right: IntArray
    weight: FloatArray
    leftover_seconds: float

    def __len__(self) -> int:
        return len(self.left)

    def read(self, vectors: FloatArray) -> FloatArray:
        """Rows (M, D) at the steps, (L, D)."""
        low, high = vectors[self.left], vectors[self.right]
        found: FloatArray = low + self.weight[:, None] * (high - low)
        return found


def step_times(frames: int, fps: float, label_step: int = 1) -> DoubleArray:
    """Seconds of the middle of every ``label_step``-th of ``frames`` frames, (L,); L is rounded up."""
    times: DoubleArray = (np.arange(0, frames, label_step, dtype=np.float64) + 0.5) / fps
    return times


def align(
    embedding: Embedding, frames: int, fps: float, *, label_step: int = 1, rule: Alignment = "centres"
) -> Steps:
    """The steps of a video of ``frames`` labels at ``fps``, of which every ``label_step``-th is a step.

    Raises:
        FeatureError: no row, rows that are not one vector each, or clips whose centres do not rise (several
            views of one moment).
    """
    if embedding.vectors.ndim != 2 or not len(embedding.vectors):
        raise FeatureError(
            f"video '{embedding.video_id}': one vector for each clip is needed, got {embedding.vectors.shape}"
        )
    times = step_times(frames, fps, label_step)
    spans = embedding.spans_seconds
    leftover = frames / fps - float(spans[:, 1].max())
    if rule == "stretch":
        return _steps(_stretched(len(spans), len(times)), len(spans), leftover)
    centres = spans.mean(axis=1)
    if not (np.diff(centres) > 0).all():
        raise FeatureError(
            f"video '{embedding.video_id}': the centres of its clips do not rise; segmentation takes one view "
            "of each clip, in the order of time"
        )
    return _steps(np.interp(times, centres, np.arange(len(centres))), len(centres), leftover)


def _stretched(rows: int, steps: int) -> DoubleArray:
    """The row that each step is read at: (j + 0.5) M / L - 0.5, kept between the first and the last."""
    place: DoubleArray = np.clip((np.arange(steps) + 0.5) * rows / steps - 0.5, 0, rows - 1)
    return place


def _steps(place: DoubleArray, rows: int, leftover: float) -> Steps:
    left = np.floor(place).astype(np.int64)
    return Steps(
        left=left,
        right=np.minimum(left + 1, rows - 1),
        weight=(place - left).astype(np.float32),
        leftover_seconds=leftover,
    )
