"""Vectors of length one, placed so that their dot products are exact.

Axis letters: R rows, D width.
"""

from __future__ import annotations

import numpy as np

from twlv.heads.parallel import in_threads
from twlv.types import FloatArray

EPSILON = 1e-12  # the smallest length that is divided by (torch's default, and the authors')
GRID = 2.0**-26


def to_unit(rows: FloatArray, *, block: int = 256) -> int:
    """Scale every row of ``rows`` (R, D) to length one, in place; returns how many rows were zero.

    A row shorter than ``EPSILON`` is divided by that, so a zero row stays zero: no NaN. Every value is then
    rounded to a multiple of 2^-26 (a change of at most 7.5e-9). With that a product of two values is a
    multiple of 2^-52, and all partial sums of a dot product stay below 2, so a float64 holds them without
    rounding: the similarity of two rows is the same number in whatever order, block, library or device it
    is computed, and equal rows tie exactly.
    """
    blocks = (rows[start : start + block] for start in range(0, len(rows), block))
    return sum(in_threads(_block_to_unit, blocks))


def _block_to_unit(part: FloatArray) -> int:
    wide = part.astype(np.float64)
    length = np.sqrt(np.einsum("rd,rd->r", wide, wide))
    wide /= np.maximum(length, EPSILON)[:, None]
    part[...] = wide  # to float32 first: a value above 1/4 is on the grid already
    part *= np.float32(1 / GRID)
    np.rint(part, out=part)
    part *= np.float32(GRID)
    return int(np.count_nonzero(length < EPSILON))
