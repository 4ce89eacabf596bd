"""Files of boxes in AVA's form: columns without a header, one row for each person and action.

``video_id, timestamp, x1, y1, x2, y2, action, person or score``. The eighth column may be missing. A row of two
columns says that a key frame was annotated and has nobody in it. Timestamps are seconds, written 902, 0902 or
902.0: all the same key frame, told apart to a microsecond. A video id is any text and may begin with ``-``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from twlv.data.boxes.columns import Columns, columns_of, pieces
from twlv.errors import ManifestError
from twlv.types import DoubleArray, IntArray

MICROSECONDS = 1_000_000
LATEST = 1_000_000
"""Seconds, eleven days: a larger timestamp is no time in a video."""
CORNERS = ("x1", "y1", "x2", "y2")
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoxRows:
    """n rows of a file in its order.

    ``videos`` are the ids in order of first appearance; ``video`` (n,) indexes them; ``time_us`` (n,) is the
    timestamp in microseconds; ``xyxy`` (n, 4) and ``action`` (n,) as written; ``last`` (n,) the eighth column,
    NaN where there is none; ``line`` (n,) from 1. ``empty`` (m, 2) video and time of rows of two columns.
    """

    path: Path
    videos: tuple[str, ...]
    video: IntArray
    time_us: IntArray
    xyxy: DoubleArray
    action: IntArray
    last: DoubleArray
    line: IntArray
    empty: IntArray

    def __len__(self) -> int:
        return len(self.video)

    @cached_property
    def frames(self) -> IntArray:
        """All key frames of the file (f, 2) as (video, time_us), sorted, those with nobody too."""
        mine = np.stack([self.video, self.time_us], axis=1)
        runs = mine[np.append(True, (mine[1:] != mine[:-1]).any(axis=1))[: len(mine)]]
        found: IntArray = np.unique(np.concatenate([runs, self.empty]), axis=0)
        return found


def read_box_rows(path: Path) -> BoxRows:
    """Read a file of boxes.

    Raises:
        ManifestError: no such file; a row of other columns, or a number that is none. Names the line.
    """
    try:
        return _Reader(path).read()
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: not a text in UTF-8: {error.reason} at byte {error.start}") from error


def time_us(text: str) -> int:
    """A timestamp in seconds, from 0 to ``LATEST``, as whole microseconds. ValueError if it is none."""
    try:
        value = Decimal(text)
        if not 0 <= value <= LATEST:  # InvalidOperation for NaN
            raise ValueError(text)
        return round(value * MICROSECONDS)
    except InvalidOperation as error:
        raise ValueError(text) from error


def finite(text: str) -> float:
    """A number that is neither infinite nor NaN; ValueError otherwise."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    video: IntArray
    time_us: IntArray
    xyxy: DoubleArray
    action: IntArray
    last: DoubleArray
    line: IntArray


class _Reader:
    """Reads a file in pieces of whole lines: the usual ones at once, others row by row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.videos: dict[str, int] = {}
        self.line = 1
        self.parts: list[_Part] = []
        self.empty: list[tuple[int, int]] = []

    def read(self) -> BoxRows:
        for piece in pieces(self.path):
            columns = columns_of(piece, (7, 8))
            part = None if columns is None else self._usual(columns)
            self.parts.append(part or self._by_row(piece.decode()))
            self.line += piece.count(b"\n")
        parts = self.parts or [self._by_row("")]
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
        return BoxRows(
            path=self.path,
            videos=tuple(self.videos),
            empty=np.array(self.empty, dtype=np.int64).reshape(-1, 2),
            **joined,
        )

    def _usual(self, columns: Columns) -> _Part | None:
        """The part of a piece of equal rows; None if any of its texts is not what it should be."""
        n, width = columns.shape
        try:
            part = _Part(
                xyxy=np.stack([columns.reals(index) for index in range(2, 6)], axis=1),
                last=columns.reals(7) if width == 8 else np.full(n, np.nan),
                time_us=columns.wholes(1, time_us, places=6),
                action=columns.wholes(6, int),
                line=np.arange(self.line, self.line + n),
                video=columns.names(0, self.videos),
            )
        except ValueError:
            return None
        known = np.isfinite(part.xyxy).all() and (width == 7 or np.isfinite(part.last).all())
        return part if known and int(part.time_us.max()) <= LATEST * MICROSECONDS else None

    def _by_row(self, piece: str) -> _Part:
        rows = []
        for number, row in enumerate(csv.reader(piece.splitlines()), start=self.line):
            texts = [text.strip() for text in row]
            if any(texts):
                rows += self._row(number, texts)
        table = np.array(rows, dtype=object).reshape(len(rows), 9)
        whole, real = table[:, [0, 1, 6, 8]].astype(np.int64), table[:, [2, 3, 4, 5, 7]].astype(np.float64)
        return _Part(
            video=whole[:, 0],
            time_us=whole[:, 1],
            xyxy=real[:, :4],
            action=whole[:, 2],
            last=real[:, 4],
            line=whole[:, 3],
        )

    def _row(self, line: int, texts: list[str]) -> list[tuple[int | float, ...]]:
        """One row, or none for a frame with nobody."""
        if len(texts) not in (2, 7, 8) or not texts[0]:
            raise ManifestError(
                f"{self.path}, line {line}: {len(texts)} columns; a row is video_id,timestamp,x1,y1,x2,y2,"
                "action[,person or score], or video_id,timestamp of a frame with nobody"
            )
        time = self._number(line, "timestamp", texts[1], time_us)
        video = self.videos.setdefault(texts[0], len(self.videos))
        if len(texts) == 2:
            self.empty.append((video, time))
            return []
        corners = [
            self._number(line, name, text, finite) for name, text in zip(CORNERS, texts[2:6], strict=True)
        ]
        action = self._number(line, "action", texts[6], int)
        last = self._number(line, "column 8", texts[7], finite) if len(texts) == 8 else math.nan
        return [(video, time, *corners, action, last, line)]

    def _number(self, line: int, name: str, text: str, of: Callable[[str], Number]) -> Number:
        try:
            return of(text)
        except ValueError:
            header = "; the file has no header" if line == 1 and not text[:1].isdigit() else ""
            raise ManifestError(
                f"{self.path}, line {line}: {name} is '{text}', not what it should be{header}"
            ) from None
