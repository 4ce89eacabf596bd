"""Where a segmentation errs: which class for which, which class by itself, and how far off in time.

Axis letters: V videos, K classes, S runs, B tolerances.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from twlv.metrics.segmentation_overlap import hits
from twlv.metrics.segmentation_runs import EndRule, Runs, runs_of
from twlv.types import DoubleArray, IntArray

_CLASSES = 1 << 20  # more than any set has


def frame_confusion(predicted: Sequence[IntArray], true: Sequence[IntArray], num_classes: int) -> IntArray:
    """Frames by true (row) and predicted class, (K, K); what a prediction has beyond its video is left out."""
    counts = np.zeros(num_classes * num_classes, dtype=np.int64)
    for ours, theirs in zip(predicted, true, strict=True):
        counts += np.bincount(theirs * num_classes + ours[: len(theirs)], minlength=len(counts))
    return counts.reshape(num_classes, num_classes)


def class_f1(
    predicted: Sequence[IntArray],
    true: Sequence[IntArray],
    num_classes: int,
    *,
    background: Iterable[int] = (),
    end: EndRule = "e0",
    thresholds: Sequence[float],
) -> DoubleArray:
    """Segment F1 of each class by itself, the mean over ``thresholds``, (K,).

    NaN for background, and for a class without a segment in truth and prediction.
    """
    ignored = list(background)
    ours, theirs = (runs_of(part, background=ignored, end=end) for part in (predicted, true))
    found: DoubleArray = np.full(num_classes, np.nan)
    for label in range(num_classes):
        own, wanted = _of_class(ours, label), _of_class(theirs, label)
        if total := len(own.labels) + len(wanted.labels):
            found[label] = float(np.mean(2 * hits(own, wanted, thresholds).sum(axis=0) / total))
    return found


def boundary_f1(
    predicted: Sequence[IntArray],
    true: Sequence[IntArray],
    fps: Sequence[float],
    tolerances_seconds: Sequence[float],
) -> DoubleArray:
    """How well the starts of runs are found, (B,): F1 at each tolerance, pooled over the videos.

    A predicted start is right if a true run of its class starts within the tolerance, a true one is found if a
    predicted run of its class does. Videos begin with a start that nobody can miss: it is not counted. NaN
    where no video changes its label. Background counts as a class.
    """
    parts = [_starts(labels, fps) for labels in (predicted, true)]
    near = [_nearest(*parts[i], *parts[1 - i]) for i in (0, 1)]
    if not len(near[0]) + len(near[1]):
        return np.full(len(tolerances_seconds), np.nan)
    allowed = np.asarray(tolerances_seconds, dtype=np.float64)[:, None] + 1e-9
    precision, recall = (
        (distance <= allowed).mean(axis=1) if len(distance) else np.zeros(len(allowed)) for distance in near
    )
    total = precision + recall
    return np.divide(2 * precision * recall, total, out=np.zeros(len(allowed)), where=total > 0)


def _of_class(runs: Runs, label: int) -> Runs:
    kept = runs.labels == label
    before = np.concatenate([[0], np.cumsum(kept)])
    return Runs(
        labels=runs.labels[kept],
        starts=runs.starts[kept],
        ends=runs.ends[kept],
        offsets=before[runs.offsets].astype(np.int64),
    )


def _starts(videos: Sequence[IntArray], fps: Sequence[float]) -> tuple[IntArray, DoubleArray]:
    """Of every run but the first of a video: a number that stands for its video and class, and its second."""
    runs = runs_of(videos, end="e1")
    owner = np.repeat(np.arange(len(videos)), runs.counts)
    inner = runs.starts > 0
    seconds = runs.starts[inner] / np.asarray(fps, dtype=np.float64)[owner[inner]]
    return owner[inner] * _CLASSES + runs.labels[inner], seconds


def _nearest(kinds: IntArray, seconds: DoubleArray, others: IntArray, places: DoubleArray) -> DoubleArray:
    """Seconds from each start to the nearest of the others of its kind; infinite if there is none."""
    order = np.lexsort((places, others))
    others, places = others[order], places[order]
    low = np.searchsorted(others, kinds, side="left")
    high = np.searchsorted(others, kinds, side="right")
    found: DoubleArray = np.full(len(kinds), np.inf)
    for i in np.flatnonzero(high > low):
        found[i] = np.abs(places[low[i] : high[i]] - seconds[i]).min()
    return found
