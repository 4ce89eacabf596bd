"""Which detection finds which annotated segment.

Detections choose in the order of their scores: each takes, of the segments of its video and label that overlap
it by at least the threshold and are still free, the one of largest overlap. So a second detection of one
segment may take the next best one. Computed as a stable matching (all detections propose at once, a segment
keeps the surest, the others go to their next), which ends in the same pairs in a few array operations.

Equal scores and equal overlaps: the later row first, as the evaluators in use do on short lists.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twlv.errors import InputError
from twlv.metrics.temporal_segments import Segments
from twlv.types import DoubleArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Overlapping (detection, truth) pairs of one video and label, by detection, largest overlap first.

    ``detection``, ``truth`` (p,) rows, ``overlap`` (p,) intersection over union.
    """

    detection: IntArray
    truth: IntArray
    overlap: DoubleArray


def by_score(detections: Segments) -> Segments:
    """The detections from the surest on; of equal scores the later row first. InputError without scores."""
    if detections.score is None:
        raise InputError("detections need scores")
    return detections.keep(np.argsort(detections.score, kind="stable")[::-1])


def overlapping(detections: Segments, truth: Segments, *, least: float) -> Pairs:
    """Pairs of one video and label whose overlap is at least ``least``.

    Two segments of no length have no overlap.
    """
    keys = _keys(detections, truth)
    order = np.argsort(keys[1], kind="stable")
    ordered = keys[1][order]
    first = np.searchsorted(ordered, keys[0], side="left")
    count = np.searchsorted(ordered, keys[0], side="right") - first
    rows = np.repeat(np.arange(len(detections)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    targets = order[np.repeat(first, count) + within]
    overlap = intersection_over_union(
        detections.start[rows], detections.end[rows], truth.start[targets], truth.end[targets]
    )
    near = overlap >= least
    rows, targets, overlap = rows[near], targets[near], overlap[near]
    best = np.lexsort((-targets, -overlap, rows))
    return Pairs(detection=rows[best], truth=targets[best], overlap=overlap[best])


def intersection_over_union(
    start: DoubleArray, end: DoubleArray, other_start: DoubleArray, other_end: DoubleArray
) -> DoubleArray:
    """Overlap of segments, elementwise, in [0, 1]; 0 where the union has no length."""
    shared = np.clip(np.minimum(end, other_end) - np.maximum(start, other_start), 0, None)
    union = (end - start) + (other_end - other_start) - shared
    found: DoubleArray = np.divide(shared, union, out=np.zeros_like(shared), where=union != 0)
    return found


def match(pairs: Pairs, *, threshold: float, num_detections: int, num_truth: int) -> IntArray:
    """The truth row that each detection takes, (num_detections,); -1 for none.

    Detections are rows in the order in which they choose (``by_score``).
    """
    near = pairs.overlap >= threshold
    rows, targets = pairs.detection[near], pairs.truth[near]
    count = np.bincount(rows, minlength=num_detections)
    last = np.cumsum(count)
    place = last - count  # of each detection: the pair it proposes now
    holder = np.full(num_truth, num_detections)
    active = np.flatnonzero(count)
    while len(active):
        np.minimum.at(holder, targets[place[active]], active)
        lost = active[holder[targets[place[active]]] != active]
        place[lost] += 1
        still = active[place[active] < last[active]]
        if not len(lost):
            break
        active = still
    taken = np.full(num_detections, -1)
    taken[holder[holder < num_detections]] = np.flatnonzero(holder < num_detections)
    return taken


def _keys(detections: Segments, truth: Segments) -> tuple[IntArray, IntArray]:
    """One integer for (video, label), on both sides."""
    labels = np.concatenate([detections.label, truth.label])
    videos = np.concatenate([detections.video, truth.video])
    low = int(labels.min(initial=0))
    keys = videos * (int(labels.max(initial=0)) - low + 1) + labels - low
    return keys[: len(detections)], keys[len(detections) :]
