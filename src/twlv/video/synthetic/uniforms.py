"""Uniform numbers by name: every factor has a number of its own, so no factor can move another's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from twlv.errors import UsageError
from twlv.types import DoubleArray

Row = dict[str, float]
"""The uniform numbers in [0, 1) of one mover or one scene, by the factor they are for."""


def uniforms(count: int, *key: int) -> DoubleArray:
    """``count`` numbers in [0, 1) that depend on the integers of ``key`` alone, on every machine.

    Raw words of PCG64, which NumPy promises never to change. Raises UsageError if a key is negative.
    """
    if min(key) < 0:
        raise UsageError(f"seeds and indices must be 0 or above, got {key}")
    words = np.random.PCG64(np.random.SeedSequence(key[0], spawn_key=key[1:])).random_raw(count)
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def rows(names: Sequence[str], count: int, *key: int) -> Iterator[Row]:
    """``count`` rows with a number for every name. The first rows do not depend on ``count``."""
    numbers = uniforms(count * len(names), *key).reshape(count, len(names)).tolist()
    return (dict(zip(names, values, strict=True)) for values in numbers)


def between(bounds: tuple[float, float], u: float) -> float:
    """Uniform in a range."""
    low, high = bounds
    return low + (high - low) * u


def signed(bounds: tuple[float, float], u: float) -> float:
    """Uniform in a range, with a sign that is drawn too."""
    size = between(bounds, abs(2 * u - 1))
    return size if u >= 0.5 else -size


def choose(names: Sequence[str], u: float) -> str:
    """One of the names, all as likely."""
    return names[int(u * len(names))]


def whole(bounds: tuple[int, int], u: float) -> int:
    """An integer between two, both included."""
    low, high = bounds
    return low + int(u * (high - low + 1))
