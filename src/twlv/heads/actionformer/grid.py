"""From seconds to steps of the network's input and back, and embeddings resized to a fixed length.

Step g of a video stands at ``offset_seconds + g * step_seconds``: the middle of a clip. Resized (ActivityNet,
192 steps), the report authors take a step as ``(M - 1) * stride + clip`` over the length, and its middle half
a step in. Their interpolation places samples a little elsewhere (by at most a quarter of a clip, where clips
overlap); kept as it is, since numbers were published with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from twlv.errors import FeatureError
from twlv.types import DoubleArray, Embedding

UNEVEN = 0.01
"""Share of a stride by which starts of clips may differ from an even grid."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The clock of one video: ``length`` steps, and when the video (or its last clip) ends."""

    offset_seconds: float
    step_seconds: float
    length: int
    end_seconds: float

    def to_steps(self, seconds: Tensor) -> Tensor:
        """Times in steps, float32 as the reference's."""
        return ((seconds.double() - self.offset_seconds) / self.step_seconds).float()

    def to_seconds(self, steps: DoubleArray) -> DoubleArray:
        """Steps as times, none before 0 or after the end."""
        seconds = steps * self.step_seconds + self.offset_seconds
        return np.clip(seconds, 0.0, self.end_seconds)


def grid_of(embedding: Embedding, *, resize: int | None) -> Grid:
    """The clock of an embedding's rows; ``resize`` the fixed length that they are resampled to.

    Raises:
        FeatureError: rows that do not begin at even distances, such as views of one moment or a shifted tail.
    """
    spans = embedding.spans_seconds
    clip = float(spans[0, 1] - spans[0, 0])
    gaps = np.diff(spans[:, 0])
    stride = float(np.median(gaps)) if len(gaps) else clip
    even = spans[0, 0] + stride * np.arange(len(spans))
    off = np.abs(spans[:, 0] - even)
    if not (stride > 0 and clip > 0 and np.isfinite(spans).all() and off.max() <= UNEVEN * stride):
        row = int(off.argmax()) if np.isfinite(off).all() else 0
        raise FeatureError(
            f"video '{embedding.video_id}': clips do not begin at even distances (clip {row} at "
            f"{spans[row, 0]:g} s, every {stride:g} s); embed with one view, multiclip, and tail drop"
        )
    end = embedding.duration_seconds or float(spans[-1, 1])
    if resize is None:
        return Grid(
            offset_seconds=float(spans[0, 0]) + clip / 2,
            step_seconds=stride,
            length=len(spans),
            end_seconds=end,
        )
    step = ((len(spans) - 1) * stride + clip) / resize
    return Grid(offset_seconds=float(spans[0, 0]) + step / 2, step_seconds=step, length=resize, end_seconds=end)


def resized(rows: Tensor, length: int | None) -> Tensor:
    """Embeddings (M, D) at ``length`` steps, linear between half-pixel middles; None leaves them alone."""
    if length is None or len(rows) == length:
        return rows
    if not len(rows):
        raise FeatureError("a video without a clip cannot be resized")
    found: Tensor = functional.interpolate(rows.T[None], size=length, mode="linear", align_corners=False)[0].T
    return found.contiguous()


def inside(segments: Tensor, labels: Tensor, *, length: int, share: float = 0.5) -> tuple[Tensor, Tensor]:
    """Segments (N, 2) in steps of a resized video, ends cut at ``length`` + 0.5; mostly outside ones go.

    A segment goes that begins there or later, or of which less than ``share`` lies before.
    """
    limit = length + 0.5
    cut = torch.minimum(segments[:, 1], segments.new_tensor(limit))
    kept = (segments[:, 0] < limit) & ((cut - segments[:, 0]) / (segments[:, 1] - segments[:, 0]) >= share)
    return torch.stack([segments[:, 0], cut], dim=1)[kept], labels[kept]
