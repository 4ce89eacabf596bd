"""Key frames: the tokens around each, and who is in it; and how training and answering ask for them.

Axis letters: T' H' W' token grid, D width, n people, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from twlv.types import DoubleArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyFrame:
    """``tokens`` (T', H', W', D) of its clip; people as ``xyxy`` (n, 4) and ``labels`` (n, K).

    Boxes are in shares of the picture that the backbone saw.
    """

    tokens: FloatArray
    xyxy: DoubleArray
    labels: npt.NDArray[np.bool_]


class KeyFrames(Protocol):
    """Key frames numbered from 0."""

    def __len__(self) -> int:
        """How many there are."""

    def visit(self, order: IntArray, *, epoch: int | None = None) -> Iterator[KeyFrame]:
        """These key frames, one after the other.

        ``epoch`` asks for the clips and boxes of that epoch of training, where these change; None for those of
        a test.
        """
