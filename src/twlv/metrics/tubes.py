"""Tubes: the boxes of one person in consecutive frames, and how much two of them overlap in space and time.

Two protocols are in use, and their numbers differ (``RULES``). ``act``: the action tubelet detector's
(Kalogeiton et al. 2017, ACT_utils.py), used on JHMDB and UCF101-24. ``multisports``: mmaction2's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twlv.errors import InputError
from twlv.types import DoubleArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Tube:
    """A box in each of consecutive frames of a video, with one label; ``score`` of a detected one.

    ``first_frame`` numbers the first, ``xyxy`` (n, 4) are left, top, right, bottom in pixels.
    """

    video: str
    label: int
    first_frame: int
    xyxy: DoubleArray
    score: float = 1.0

    def __post_init__(self) -> None:
        if self.xyxy.ndim != 2 or self.xyxy.shape[1] != 4 or not len(self.xyxy):
            raise InputError(f"a tube of {self.video} needs corners (n, 4), n from 1, got {self.xyxy.shape}")
        if not (np.isfinite(self.xyxy).all() and np.isfinite(self.score)):
            raise InputError(f"a tube of {self.video} has corners or a score that are not finite")

    @property
    def last_frame(self) -> int:
        """The number of its last frame, which belongs to it."""
        return self.first_frame + len(self.xyxy) - 1


@dataclass(frozen=True, kw_only=True)
class TubeRules:
    """``pixel``: added to widths, heights and numbers of frames.

    ``least_suppressed``: overlap above which the less sure of two detections of a video and label is left out;
    None: none is. ``points_at_taken``: a detection points at the tube it overlaps most, and is false if that is
    taken; otherwise at the best that is still free. ``interpolated``: AP is the area under the envelope of
    precision, otherwise that of the trapezoids between its points.
    """

    name: str
    pixel: int
    least_suppressed: float | None
    points_at_taken: bool
    interpolated: bool


RULES: Mapping[str, TubeRules] = {
    rules.name: rules
    for rules in (
        TubeRules(name="act", pixel=1, least_suppressed=0.3, points_at_taken=False, interpolated=False),
        TubeRules(name="multisports", pixel=0, least_suppressed=None, points_at_taken=True, interpolated=True),
    )
}


def overlap(first: Tube, second: Tube, rules: TubeRules) -> float:
    """Mean overlap of the boxes in frames that both have, times the overlap of the frames; in [0, 1]."""
    begin, end = max(first.first_frame, second.first_frame), min(first.last_frame, second.last_frame)
    shared = end - begin + rules.pixel
    if end < begin or shared <= 0:
        return 0.0
    whole = max(first.last_frame, second.last_frame) - min(first.first_frame, second.first_frame) + rules.pixel
    ours, theirs = (t.xyxy[begin - t.first_frame : end - t.first_frame + 1] for t in (first, second))
    return float(_boxes_overlap(ours, theirs, rules.pixel).mean() * shared / whole)


def _boxes_overlap(first: DoubleArray, second: DoubleArray, pixel: int) -> DoubleArray:
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = np.clip(high - low + pixel, 0, None).prod(axis=1)
    areas = [(boxes[:, 2:] - boxes[:, :2] + pixel).prod(axis=1) for boxes in (first, second)]
    union = areas[0] + areas[1] - shared
    found: DoubleArray = np.divide(shared, union, out=np.zeros(len(shared)), where=union > 0)
    return found
