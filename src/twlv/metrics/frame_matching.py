"""Which detection finds which person: AVA's rule, which is VOC's.

Of the people of its frame and label, a detection points at the one it overlaps most (the first of equals), and
finds that person if they overlap by at least 0.5 and nobody surer did before; otherwise it is false, even where
it also overlaps a person who is still free. So whom a detection points at does not depend on the others,
and all of it is array operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twlv.errors import InputError
from twlv.metrics.frame_boxes import FrameBoxes, FrameRules
from twlv.types import DoubleArray, IntArray

LEAST_OVERLAP = 0.5


@dataclass(frozen=True, kw_only=True)
class Left:
    """Rows that do not take part, counted in this order.

    ``other_label`` detections of labels that are not evaluated; ``excluded`` in excluded frames; ``elsewhere``
    in frames without annotation; ``beyond_most`` beyond the most rows of a frame; ``no_area`` without width or
    height. ``truth_other_label``, ``truth_excluded`` the same of the truth; ``truth_no_area`` of those that
    stay in the denominator although nothing can find them.
    """

    other_label: int
    excluded: int
    elsewhere: int
    beyond_most: int
    no_area: int
    truth_other_label: int
    truth_excluded: int
    truth_no_area: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Matched:
    """``detections`` that count, the surest first (of equal scores the earlier row); ``truth`` that counts.

    ``found`` (detections,) is the row of ``truth`` that a detection finds, -1 if it is false.
    """

    detections: FrameBoxes
    truth: FrameBoxes
    found: IntArray
    left: Left


def match_frames(
    detections: FrameBoxes,
    truth: FrameBoxes,
    *,
    labels: IntArray,
    frames: IntArray,
    excluded: IntArray,
    rules: FrameRules,
) -> Matched:
    """``labels`` are evaluated; ``frames`` have been annotated, also those with nobody; ``excluded`` frames.

    Raises:
        InputError: detections without scores, or with one that is not finite; truth whose right is left of its
            left.
    """
    score = _checked(detections, truth)
    frames = np.union1d(frames, truth.frame)
    left = {"truth_other_label": len(truth), "truth_excluded": 0}
    truth = truth.keep(np.isin(truth.label, labels))
    left["truth_other_label"] -= len(truth)
    rows = np.flatnonzero(np.isin(detections.label, labels))
    left["other_label"] = len(detections) - len(rows)
    if rules.excluded == "left_out":
        left["truth_excluded"] = len(truth)
        truth = truth.keep(~np.isin(truth.frame, excluded))
        left["truth_excluded"] -= len(truth)
    if rules.elsewhere == "ignored_unless_evaluated":
        frames = np.unique(truth.frame)
    inside, known = (np.isin(detections.frame[rows], some) for some in (excluded, frames))
    inside &= rules.excluded != "scored"
    known |= rules.elsewhere == "false"
    left |= {"excluded": int(inside.sum()), "elsewhere": int((~known & ~inside).sum())}
    rows = rows[known & ~inside]
    rows = rows[np.argsort(-score[rows], kind="stable")]
    surest = _surest(detections.frame[rows], rules.most_rows)
    left["beyond_most"] = len(rows) - len(surest)
    rows = rows[surest]
    flat = ~detections.has_area[rows]
    left |= {"no_area": int(flat.sum()), "truth_no_area": int((~truth.has_area).sum())}
    rows = rows[~flat]
    kept = detections.keep(rows)
    found = _found(kept, truth, rows if rules.order == "file" else np.arange(len(rows)))
    return Matched(detections=kept, truth=truth, found=found, left=Left(**left))


def _checked(detections: FrameBoxes, truth: FrameBoxes) -> DoubleArray:
    """The scores. InputError for what has no order or no place."""
    if detections.score is None or not np.isfinite(detections.score).all():
        raise InputError("every detection needs a finite score")
    for name, boxes in (("detection", detections), ("annotated box", truth)):
        wrong = ~np.isfinite(boxes.xyxy).all(axis=1)
        if wrong.any():
            raise InputError(f"corners of {name} {int(np.argmax(wrong))} are not finite")
    inverted = (truth.xyxy[:, 2:] < truth.xyxy[:, :2]).any(axis=1)
    if inverted.any():
        row = int(np.argmax(inverted))
        raise InputError(f"annotated box {row} ends before it begins: {truth.xyxy[row].tolist()}")
    return detections.score


def _surest(frame: IntArray, most: int | None) -> IntArray:
    """Indices of the first ``most`` rows of each frame, in their order."""
    if most is None or not len(frame):
        return np.arange(len(frame))
    order = np.argsort(frame, kind="stable")
    first = np.flatnonzero(np.append(True, frame[order][1:] != frame[order][:-1]))
    sizes = np.diff(np.append(first, len(frame)))
    place = np.empty(len(frame), dtype=np.int64)
    place[order] = np.arange(len(frame)) - np.repeat(first, sizes)
    return np.flatnonzero(place < most)


def _found(detections: FrameBoxes, truth: FrameBoxes, turn: IntArray) -> IntArray:
    """The truth row that each detection finds, -1 for none; ``turn`` (n,) says who is first."""
    found = np.full(len(detections), -1)
    rows, best, overlap = _pointed_at(detections, truth)
    near = overlap >= LEAST_OVERLAP
    rows, best = rows[near], best[near]
    order = np.argsort(turn[rows], kind="stable")
    taken, first = np.unique(best[order], return_index=True)
    found[rows[order][first]] = taken
    return found


def _pointed_at(detections: FrameBoxes, truth: FrameBoxes) -> tuple[IntArray, IntArray, DoubleArray]:
    """Detections of a frame and label with people, the truth row each overlaps most, and how much."""
    ours, theirs = _keys(detections, truth)
    order = np.argsort(theirs, kind="stable")
    keys, first, size = np.unique(theirs[order], return_index=True, return_counts=True)
    place = np.minimum(np.searchsorted(keys, ours), max(len(keys) - 1, 0))
    rows = np.flatnonzero(keys[place] == ours) if len(keys) else place[:0]
    if not len(rows):
        return rows, rows, np.zeros(0)
    begin, count = first[place[rows]], size[place[rows]]
    ends = np.cumsum(count)
    pairs = np.arange(ends[-1])
    target = order[np.repeat(begin - (ends - count), count) + pairs]
    overlap = intersection_over_union(detections.xyxy[np.repeat(rows, count)], truth.xyxy[target])
    most = np.maximum.reduceat(overlap, ends - count)
    pairs[overlap != np.repeat(most, count)] = ends[-1]
    return rows, target[np.minimum.reduceat(pairs, ends - count)], most


def intersection_over_union(first: DoubleArray, second: DoubleArray) -> DoubleArray:
    """Overlap of boxes (n, 4) as left, top, right, bottom, elementwise; 0 where both have no area."""
    first, second = (boxes.astype(np.float64, copy=False) for boxes in (first, second))
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = sum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second)) - shared
    found: DoubleArray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return found


def _keys(detections: FrameBoxes, truth: FrameBoxes) -> tuple[IntArray, IntArray]:
    """One integer for (frame, label), on both sides."""
    widest = max(int(boxes.label.max(initial=0)) for boxes in (detections, truth)) + 1
    return detections.frame * widest + detections.label, truth.frame * widest + truth.label
