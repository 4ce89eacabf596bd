"""Boxes of people on key frames as arrays, and whose evaluator decides which of them count.

``RULES``: ``official`` is the ActivityNet script for AVA (get_ava_performance.py), which the report and every
published number on AVA mean; ``slowfast`` and ``mmaction2`` are what these code bases print in training, which
is not the same (see docs/protocols). ``slowfast-sorted`` is SlowFast's on rows that were sorted beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.types import DoubleArray, IntArray

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameBoxes:
    """n boxes, each with one label: a person with three labels is three rows.

    ``frame`` (n,) any integers that name the key frames, the same in truth and detections; ``label`` (n,);
    ``xyxy`` (n, 4) float64, in one scale on both sides; ``score`` (n,) of detections.
    """

    frame: IntArray
    label: IntArray
    xyxy: DoubleArray
    score: DoubleArray | None = None

    def __post_init__(self) -> None:
        n = len(self.frame)
        scores = () if self.score is None else self.score.shape
        if self.label.shape != (n,) or self.xyxy.shape != (n, 4) or scores not in ((), (n,)):
            raise InputError(
                f"boxes need columns of one length, got {n} frames, {self.label.shape} labels, "
                f"{self.xyxy.shape} corners and {scores} scores"
            )

    def __len__(self) -> int:
        return len(self.frame)

    def keep(self, rows: Mask | IntArray) -> FrameBoxes:
        """The rows chosen by a mask or by indices, in that order."""
        score = None if self.score is None else self.score[rows]
        return FrameBoxes(frame=self.frame[rows], label=self.label[rows], xyxy=self.xyxy[rows], score=score)

    @property
    def has_area(self) -> Mask:
        """Whether right > left and bottom > top, (n,)."""
        found: Mask = (self.xyxy[:, 2] > self.xyxy[:, 0]) & (self.xyxy[:, 3] > self.xyxy[:, 1])
        return found

    @property
    def area(self) -> DoubleArray:
        """Width times height, (n,)."""
        sides = self.xyxy[:, 2:] - self.xyxy[:, :2]
        found: DoubleArray = sides[:, 0] * sides[:, 1]
        return found


@dataclass(frozen=True, kw_only=True)
class FrameRules:
    """Which rows count.

    ``most_rows``: detections kept of a frame, the surest of all labels together. ``order``: detections of a
    frame take their person by ``score`` or in the order of the ``file``. ``elsewhere``: detections in a frame
    without annotation are ``ignored``; ``false``; or ``ignored_unless_evaluated``, so also where only labels
    that are not evaluated are annotated. ``excluded``: frames on a list of exclusions are ``scored`` all the
    same; ``left_out`` on both sides; or their people stay in the denominator while their detections go
    (``unfound``).
    ``undetected``: a label that nothing was detected of has AP ``zero``, or is ``left_out`` of the mean.
    """

    name: str
    most_rows: int | None = None
    order: Literal["score", "file"] = "score"
    elsewhere: Literal["ignored", "false", "ignored_unless_evaluated"] = "ignored"
    excluded: Literal["scored", "left_out", "unfound"] = "scored"
    undetected: Literal["zero", "left_out"] = "zero"


RULES: Mapping[str, FrameRules] = {
    rules.name: rules
    for rules in (
        FrameRules(name="official", most_rows=50),
        FrameRules(name="slowfast", order="file", elsewhere="false", excluded="left_out"),
        FrameRules(name="slowfast-sorted", elsewhere="false", excluded="left_out"),
        FrameRules(
            name="mmaction2",
            elsewhere="ignored_unless_evaluated",
            excluded="unfound",
            undetected="left_out",
        ),
    )
}
