"""How many predicted segments hit a true one: the counts under F1@k.

Each predicted segment is held against the true segment with which it overlaps most among those of its label
(the first on ties). It is a hit if that overlap reaches the threshold and no earlier prediction hit the same
true segment, even when the second-best would still be free. So the choice never depends on what was taken,
and the hits are the distinct true segments that some prediction reaches: no loop over predictions is needed.

Axis letters: V videos, K thresholds, S segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from twlv.errors import InputError
from twlv.metrics.segmentation_runs import Runs
from twlv.types import DoubleArray, IntArray

_PAIRS = 2_000_000  # compared at once, at most (unless one video has more)


def hits(predicted: Runs, true: Runs, thresholds: Sequence[float]) -> IntArray:
    """True segments that are hit, (V, K). False positives are predictions less hits, misses truths less hits.

    An overlap equal to the threshold counts.

    Raises:
        InputError: a threshold outside (0, 1].
    """
    if not all(0 < threshold <= 1 for threshold in thresholds):
        raise InputError(f"thresholds of overlap are above 0 and at most 1, got {list(thresholds)}")
    found = np.zeros((len(true.counts), len(thresholds)), dtype=np.int64)
    for first, last in _parts(predicted.counts * true.counts):
        found[first:last] = _hits(predicted.part(first, last), true.part(first, last), thresholds)
    return found


def _parts(pairs: IntArray) -> Iterator[tuple[int, int]]:
    first = 0
    while first < len(pairs):
        within = np.searchsorted(np.cumsum(pairs[first:]), _PAIRS, side="right")
        last = first + max(1, int(within))
        yield first, last
        first = last


def _hits(predicted: Runs, true: Runs, thresholds: Sequence[float]) -> IntArray:
    videos = len(true.counts)
    owner = np.repeat(np.arange(videos), predicted.counts)
    candidates = true.counts[owner]  # of each prediction
    asked = candidates > 0
    owner, candidates = owner[asked], candidates[asked]
    found = np.zeros((videos, len(thresholds)), dtype=np.int64)
    if not len(owner):
        return found
    offsets = np.cumsum(candidates) - candidates
    left = np.repeat(np.flatnonzero(asked), candidates)
    right = np.arange(len(left)) + np.repeat(true.offsets[owner] - offsets, candidates)
    overlap = _overlap(predicted, left, true, right)
    best = np.maximum.reduceat(overlap, offsets)  # NaN wins, and is no hit
    is_best = overlap == np.repeat(best, candidates)
    chosen = np.minimum.reduceat(np.where(is_best, right, len(true.labels)), offsets)
    for k, threshold in enumerate(thresholds):
        reached = np.unique(chosen[best >= threshold])
        found[:, k] = np.bincount(np.searchsorted(true.offsets, reached, side="right") - 1, minlength=videos)
    return found


def _overlap(predicted: Runs, left: IntArray, true: Runs, right: IntArray) -> DoubleArray:
    """Common frames over the frames from the first start to the last end; 0 for another label.

    It is intersection over union where two segments meet, negative where they do not, NaN where both are
    empty at one place (the last frame under the rule ``e0``).
    """
    common = np.minimum(predicted.ends[left], true.ends[right]) - np.maximum(
        predicted.starts[left], true.starts[right]
    )
    hull = np.maximum(predicted.ends[left], true.ends[right]) - np.minimum(
        predicted.starts[left], true.starts[right]
    )
    with np.errstate(invalid="ignore"):
        overlap: DoubleArray = common / hull
    overlap *= predicted.labels[left] == true.labels[right]
    return overlap
