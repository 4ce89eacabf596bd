"""Labels of every frame as runs of equal labels, for many videos at once.

Axis letters: V videos, S runs of all videos in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from twlv.errors import InputError
from twlv.types import IntArray

EndRule: TypeAlias = Literal["e0", "e1"]
"""Where the last run of a video of N frames ends; all others end where the next begins.

``e0``: at N - 1, a frame short, as in ASFormer, MS-TCN2, DiffAct and the report's code. ``e1``: at N, as in
MS-TCN's last version and LTContext.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """Runs of V videos, one after another. Video i: rows ``offsets[i]`` to ``offsets[i + 1]``.

    ``labels``, ``starts``, ``ends`` (S,): class, first frame, one past the last frame. ``offsets`` (V + 1,).
    """

    labels: IntArray
    starts: IntArray
    ends: IntArray
    offsets: IntArray

    @property
    def counts(self) -> IntArray:
        """Runs of each video, (V,)."""
        return np.diff(self.offsets)

    def part(self, first: int, last: int) -> Runs:
        """The videos ``first`` to ``last`` (not included)."""
        rows = slice(self.offsets[first], self.offsets[last])
        return Runs(
            labels=self.labels[rows],
            starts=self.starts[rows],
            ends=self.ends[rows],
            offsets=self.offsets[first : last + 1] - self.offsets[first],
        )


def runs_of(videos: Sequence[IntArray], *, background: Iterable[int] = (), end: EndRule = "e0") -> Runs:
    """Runs of equal labels, (frames,) class indices a video; those of a ``background`` class are left out.

    Background goes after the runs are formed: two runs of a class with background between them stay two.

    Raises:
        InputError: a video without a frame, or labels that are not one row of integers.
    """
    for index, labels in enumerate(videos):
        if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "iu":
            seen = f"{labels.dtype} of shape {labels.shape}"
            raise InputError(f"video {index}: labels must be one integer for each frame, got {seen}")
    if not videos:
        empty = np.zeros(0, dtype=np.int64)
        return Runs(labels=empty, starts=empty, ends=empty, offsets=np.zeros(1, dtype=np.int64))
    return _runs(videos, list(background), short=end == "e0")


def _runs(videos: Sequence[IntArray], background: list[int], *, short: bool) -> Runs:
    flat = np.concatenate(videos)
    lengths = np.array([len(labels) for labels in videos])
    first_frame = np.cumsum(lengths) - lengths
    begins = np.ones(len(flat), dtype=bool)
    np.not_equal(flat[1:], flat[:-1], out=begins[1:])
    begins[first_frame] = True
    at = np.flatnonzero(begins)
    owner = np.searchsorted(first_frame, at, side="right") - 1
    starts = at - first_frame[owner]
    ends = np.append(at[1:], len(flat)) - first_frame[owner]
    if short:
        ends[np.append(owner[1:] != owner[:-1], True)] -= 1
    labels = flat[at].astype(np.int64)
    kept = ~np.isin(labels, background)
    counts = np.bincount(owner[kept], minlength=len(videos))
    return Runs(
        labels=labels[kept],
        starts=starts[kept],
        ends=ends[kept],
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
    )
