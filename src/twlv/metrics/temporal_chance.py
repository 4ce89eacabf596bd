"""Detections drawn at random, to stand beside a score."""

from __future__ import annotations

import numpy as np

from twlv.metrics.temporal_segments import Segments
from twlv.types import DoubleArray


def random_detections(
    found: Segments, durations_seconds: DoubleArray, *, num_labels: int, seed: int
) -> Segments:
    """As many detections in each video as ``found`` has, of uniform ends, labels and scores.

    ``durations_seconds`` (videos,) by the number of the video; one that is not finite counts as the latest end
    among ``found``.
    """
    rng = np.random.default_rng(seed)
    length = durations_seconds[found.video]
    length = np.where(np.isfinite(length), length, max(float(found.end.max(initial=0)), 0.0))
    ends = np.sort(rng.random((len(found), 2)), axis=1) * length[:, None]
    return Segments(
        video=found.video,
        label=rng.integers(0, num_labels, len(found)),
        start=ends[:, 0],
        end=ends[:, 1],
        score=rng.random(len(found)),
    )
