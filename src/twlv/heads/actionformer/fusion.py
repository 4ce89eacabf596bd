"""Classes from an external classifier for detections that have none.

Each detection of a video is repeated for the video's likeliest classes; its score becomes
sqrt(probability of the class x score of the detection).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twlv.errors import InputError
from twlv.types import DoubleArray, FloatArray, IntArray

ScoreForm = Literal["raw", "twlv"]


@dataclass(frozen=True, kw_only=True)
class Fused:
    """``rows`` (n k,) of the detections, ``labels`` and ``scores`` of each copy; class after class."""

    rows: IntArray
    labels: IntArray
    scores: DoubleArray


def class_scores(
    values: Sequence[float] | Sequence[Sequence[float]] | FloatArray | DoubleArray, form: ScoreForm
) -> DoubleArray:
    """Scores of the classes of one video, (K,).

    A list within a list is unwrapped. ``raw`` takes them as they are. ``twlv`` is what the report authors'
    code does: softmax if any is above 1 or below 0. THUMOS14's published scores are sums of two streams, so
    that flattens the surest videos and leaves unsure ones: 22.6 against 30.3 mAP on drawn proposals.

    Raises:
        InputError: no scores, not one row, or not finite; negative ones under ``raw``, which have no root.
    """
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim == 2 and len(scores) == 1:
        scores = scores[0]
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise InputError(f"class scores of a video must be one row of finite numbers, got shape {scores.shape}")
    if form == "twlv" and (scores.max() > 1 or scores.min() < 0):
        powers = np.exp(scores - scores.max())
        scores = powers / powers.sum()
    if scores.min() < 0:
        raise InputError("class scores below 0 are logits: take form 'twlv', or pass probabilities")
    return scores


def fuse(scores: FloatArray, classes: DoubleArray, *, top: int = 2, most: int = 200) -> Fused:
    """The first ``most`` detections of one video, with ``scores`` (n,), under the ``top`` classes of (K,)."""
    count = min(len(scores), most)
    labels = np.argsort(classes, kind="stable")[::-1][:top]
    fused = np.sqrt(classes[labels][:, None] * scores[None, :count].astype(np.float64))
    rows = np.tile(np.arange(count), len(labels))
    return Fused(rows=rows, labels=np.repeat(labels, count), scores=fused.ravel())
