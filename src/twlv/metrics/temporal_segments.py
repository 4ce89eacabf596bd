"""Segments as arrays, and which of the annotated ones an evaluator counts.

The evaluators in use find the same average precision on the same ground truth; they differ in what they take
for ground truth (``RULES``). Videos and labels are integers: the caller numbers them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from twlv.errors import InputError
from twlv.types import DoubleArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Segments:
    """n segments: ``video`` and ``label`` (n,) integers, ``start`` and ``end`` (n,) seconds.

    ``score`` (n,) is there for detections only; larger is surer.

    Raises:
        InputError: arrays of several lengths, or a time or score that is not finite.
    """

    video: IntArray
    label: IntArray
    start: DoubleArray
    end: DoubleArray
    score: DoubleArray | None = None

    def __post_init__(self) -> None:
        columns = {name: values for name, values in vars(self).items() if values is not None}
        shapes = {name: values.shape for name, values in columns.items()}
        if set(shapes.values()) != {(len(self.video),)}:
            raise InputError(f"segments: every column must be (n,), got {shapes}")
        for name in ("start", "end", "score"):
            if name in columns and not np.isfinite(columns[name]).all():
                row = int(np.flatnonzero(~np.isfinite(columns[name]))[0])
                raise InputError(f"segments: {name} of row {row} is {columns[name][row]}, so it has no order")

    def __len__(self) -> int:
        return len(self.video)

    def keep(self, chosen: np.ndarray) -> Segments:
        """The rows that an index or a mask chooses."""
        score = None if self.score is None else self.score[chosen]
        return Segments(
            video=self.video[chosen],
            label=self.label[chosen],
            start=self.start[chosen],
            end=self.end[chosen],
            score=score,
        )


@dataclass(frozen=True, kw_only=True)
class TruthRules:
    """Which annotated segments count.

    ``same_within_seconds``: of segments of one video and label whose two ends are that near, the first counts;
    None keeps all. ``shortest_seconds``: a segment that is shorter is left out; None keeps even reversed ones.
    ``above_zero``: a segment of no length is left out. ``unknown_labels``: detections of a label that no
    counted segment has are an ``error``, or ``ignored``.
    """

    name: str
    same_within_seconds: float | None
    shortest_seconds: float | None
    above_zero: bool
    unknown_labels: str


RULES: Mapping[str, TruthRules] = MappingProxyType(
    {
        rules.name: rules
        for rules in (
            TruthRules(name="official", same_within_seconds=None, shortest_seconds=None, above_zero=False,
                       unknown_labels="error"),
            TruthRules(name="actionformer", same_within_seconds=1e-3, shortest_seconds=1e-3, above_zero=True,
                       unknown_labels="ignored"),
            TruthRules(name="authors", same_within_seconds=1e-3, shortest_seconds=0.0, above_zero=True,
                       unknown_labels="ignored"),
            TruthRules(name="opentad", same_within_seconds=1e-3, shortest_seconds=0.0, above_zero=True,
                       unknown_labels="ignored"),
        )
    }
)  # fmt: skip
"""Ground truth as counted by the ActivityNet server's evaluator (``official``, the default), the ActionFormer
release, the report authors' code and OpenTAD. The ActionFormer release and the report authors' code count an
unknown label as another class when label ids have gaps; here such detections are ignored.
OpenTAD also leaves out listed videos; leave them out of both sides before."""


def counted(truth: Segments, rules: TruthRules) -> Segments:
    """The segments of ``truth`` that count under ``rules``, in their order."""
    length = truth.end - truth.start
    valid = np.ones(len(truth), dtype=bool)
    if rules.shortest_seconds is not None:
        valid &= length >= rules.shortest_seconds
    if rules.above_zero:
        valid &= length > 0
    if rules.same_within_seconds is not None:
        valid = _first_of_same(truth, valid, rules.same_within_seconds)
    return truth.keep(valid)


def _first_of_same(truth: Segments, valid: np.ndarray, tolerance: float) -> np.ndarray:
    """``valid`` without the segments that repeat an earlier kept one."""
    kept = valid.copy()
    seen: defaultdict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for row in np.flatnonzero(valid):
        start, end = float(truth.start[row]), float(truth.end[row])
        others = seen[int(truth.video[row]), int(truth.label[row])]
        if any(abs(start - a) <= tolerance and abs(end - b) <= tolerance for a, b in others):
            kept[row] = False
        else:
            others.append((start, end))
    return kept
