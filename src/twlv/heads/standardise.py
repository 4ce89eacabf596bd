"""Every feature to mean 0 and deviation 1.

Axis letters: R rows, D width.
"""

from __future__ import annotations

import numpy as np

from twlv.types import DoubleArray, FloatArray


def standardise(rows: FloatArray, mean: DoubleArray, scale: DoubleArray, *, block: int = 8192) -> None:
    """``(row - mean) / scale`` in place, in blocks."""
    for start in range(0, len(rows), block):
        part = rows[start : start + block]
        part[...] = (part - mean) / scale


def mean_and_scale(rows: FloatArray, *, block: int = 8192) -> tuple[DoubleArray, DoubleArray]:
    """Mean and standard deviation of each feature (D,), in float64; a constant feature gets scale 1."""
    mean = np.zeros(rows.shape[1])
    square = np.zeros(rows.shape[1])
    for start in range(0, len(rows), block):
        mean += rows[start : start + block].sum(axis=0, dtype=np.float64)
    mean /= len(rows)
    for start in range(0, len(rows), block):
        square += ((rows[start : start + block] - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(square / len(rows))
    return mean, np.where(deviation > 1e-6 * max(float(deviation.max()), 1e-30), deviation, 1.0)
