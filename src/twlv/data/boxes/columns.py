"""Numbers of a comma-separated file by column, where every row of a piece has the same number of columns.

A full set of AVA detections has millions of rows. Their bytes are read as decimals by array operations, exactly
as ``float`` does: a whole number below 2^53 over a power of ten up to 10^22 is rounded once. Texts that are
more than digits and a point go through ``float`` and ``int``, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twlv.types import DoubleArray, IntArray

PIECE = 1 << 22
"""Bytes read at once."""
LONGEST = 18
"""Characters of a number that are read at once: more digits do not fit into 64 bits."""

Codes = npt.NDArray[np.uint8]
POWERS = 10.0 ** np.arange(LONGEST + 1)


def pieces(path: Path) -> Iterator[bytes]:
    """A file in pieces of whole lines, each ending in ``\\n``, without a byte-order mark."""
    with path.open("rb") as file:
        mark = b"\xef\xbb\xbf"
        while piece := file.read(PIECE) + file.readline():
            piece = piece.removeprefix(mark).replace(b"\r\n", b"\n")
            mark = b""
            yield piece if piece.endswith(b"\n") else piece + b"\n"


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """n rows of w texts: ``codes`` are the bytes, text (i, k) is from ``start[k, i]`` to ``end[k, i]``."""

    codes: Codes
    start: IntArray
    end: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, number of columns."""
        return self.start.shape[1], self.start.shape[0]

    def reals(self, column: int) -> DoubleArray:
        """The column as numbers (n,). ValueError if a text is none."""
        whole, places, odd = self._decimals(column)
        found: DoubleArray = whole / POWERS[places]
        for row in np.flatnonzero(odd).tolist():
            found[row] = float(self._text(column, row))
        return found

    def wholes(self, column: int, of: Callable[[str], int], *, places: int = 0) -> IntArray:
        """The column as whole numbers of 10^-places (n,); other texts than decimals are read by ``of``."""
        whole, given, odd = self._decimals(column)
        more = places - given
        odd |= (more < 0) | (whole > 10**12)
        found: IntArray = whole * (10 ** np.clip(more, 0, None))
        for row in np.flatnonzero(odd).tolist():
            found[row] = of(self._text(column, row))
        return found

    def names(self, column: int, known: dict[str, int]) -> IntArray:
        """Numbers of the column's texts (n,), by ``known``, which grows. Equal neighbours are read once."""
        start, length = self.start[column], self.end[column] - self.start[column]
        width = int(length.max())
        inside = np.arange(width) < length[:, None]
        table = np.where(inside, self.codes.take(start[:, None] + np.arange(width), mode="clip"), 0)
        first = np.append(True, (table[1:] != table[:-1]).any(axis=1))
        numbers = [
            known.setdefault(self._text(column, row), len(known)) for row in np.flatnonzero(first).tolist()
        ]
        found: IntArray = np.array(numbers)[np.cumsum(first) - 1]
        return found

    def _text(self, column: int, row: int) -> str:
        """One text, stripped. ValueError if there is none."""
        text = self.codes[self.start[column, row] : self.end[column, row]].tobytes().decode().strip()
        if not text:
            raise ValueError("nothing")
        return text

    def _decimals(self, column: int) -> tuple[IntArray, IntArray, npt.NDArray[np.bool_]]:
        """All digits as one number, how many follow the point, and which texts must be read otherwise."""
        start, length = self.start[column], self.end[column] - self.start[column]
        whole, places = np.zeros(len(start), np.int64), np.zeros(len(start), np.int64)
        after, bare, odd = np.zeros(len(start), bool), np.ones(len(start), bool), length > LONGEST
        for place in range(min(int(length.max()), LONGEST)):
            inside = length > place
            code = self.codes.take(start + place, mode="clip")
            digit = code - np.uint8(ord("0"))
            number, point = inside & (digit < 10), inside & (code == ord("."))
            odd |= (inside & ~number & ~point) | (point & after)
            whole = np.where(number, whole * 10 + digit, whole)
            places += number & after
            after |= point
            bare &= ~number
        return whole, places, odd | bare | (whole >= 2**53)


def columns_of(piece: bytes, widths: tuple[int, ...]) -> Columns | None:
    """The columns of a piece, or None if a row differs from the others in width, or is written with quotes.

    ``widths`` are the numbers of columns that are known.
    """
    if b'"' in piece:
        return None
    codes = np.frombuffer(piece, dtype=np.uint8)
    ends, commas = np.flatnonzero(codes == ord("\n")), np.flatnonzero(codes == ord(","))
    width = len(commas) // len(ends) + 1
    if width not in widths or len(commas) != (width - 1) * len(ends):
        return None
    rows = commas.reshape(len(ends), width - 1)
    if (rows[:, -1] > ends).any() or (rows[1:, 0] < ends[:-1]).any():
        return None
    end = np.concatenate([rows, ends[:, None]], axis=1).T
    start = np.concatenate([np.append(0, ends[:-1] + 1)[:, None], rows + 1], axis=1).T
    return Columns(codes=codes, start=np.ascontiguousarray(start), end=np.ascontiguousarray(end))
