"""The JSON file of one video in the authors' layout: label, duration, and the clips' times if there are any."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twlv.errors import InputError
from twlv.types import DoubleArray

MAX_BYTES = 64 << 20
START = ("start", "start_seconds", "start_time", "start_sec", "start_s", "starts", "start_times", "clip_start")
END = ("end", "end_seconds", "end_time", "end_sec", "end_s", "ends", "end_times", "clip_end")
"""Spellings of a clip's times. The authors' keys are not documented, and no script of theirs reads them."""


@dataclass(frozen=True, kw_only=True)
class Meta:
    """``label`` is a class index or None; ``times`` (M, 2) in seconds, or None if no known key was found."""

    label: int | None
    duration_seconds: float | None
    times: DoubleArray | None

    def spans(self, rows: int) -> DoubleArray:
        """(rows, 2) seconds: the times of the file, or equal parts of the duration, or of one second each."""
        if self.times is not None and len(self.times) == rows:
            return self.times
        edges = np.linspace(0.0, self.duration_seconds or float(rows), rows + 1)
        return np.stack([edges[:-1], edges[1:]], axis=1)


def read_meta(path: Path) -> Meta:
    """Read one file; InputError names it and says what is wrong with the JSON or its label."""
    with path.open("rb", buffering=0) as handle:
        size = os.fstat(handle.fileno()).st_size
        if size > MAX_BYTES:
            raise InputError(f"{path}: {size} bytes; this is not the meta data of a video")
        content = handle.read(size)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: an object is needed; seen {str(value)[:60]!r}")
    return Meta(
        label=_label(path, value.get("annotation")),
        duration_seconds=_positive(value.get("duration")),
        times=_times(value),
    )


def _positive(value: Any) -> float | None:
    return float(value) if _is_number(value) and math.isfinite(value) and value > 0 else None


def _label(path: Path, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"{path}: annotation {value!r:.60} is no class index (an integer from 0, or its text)")
    return value


def _times(value: dict[str, Any]) -> DoubleArray | None:
    """Clips as a list of objects or pairs under any key, or two lists (numbers for M = 1) side by side."""
    pairs = _pair(value)
    if pairs is None:
        lists = (item for item in value.values() if isinstance(item, list) and item)
        pairs = next((found for items in lists if (found := _pairs(items)) is not None), None)
    if pairs is None:
        return None
    times = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    good = np.isfinite(times).all() and (times[:, 0] >= 0).all() and (times[:, 1] > times[:, 0]).all()
    return times if good else None


def _pair(value: dict[str, Any]) -> list[tuple[float, float]] | None:
    """Start and end of one object: two numbers, or two lists of one length."""
    start: Any = next((value[key] for key in START if key in value), None)
    end: Any = next((value[key] for key in END if key in value), None)
    if _is_number(start) and _is_number(end):
        return [(start, end)]
    if isinstance(start, list) and isinstance(end, list) and len(start) == len(end) > 0:
        return list(zip(start, end, strict=True)) if all(map(_is_number, [*start, *end])) else None
    return None


def _pairs(items: list[Any]) -> list[tuple[float, float]] | None:
    """A list of objects with start and end, or of [start, end]."""
    found: list[tuple[float, float]] = []
    for item in items:
        if isinstance(item, dict):
            pair = _pair(item)
        elif isinstance(item, list) and len(item) == 2 and all(map(_is_number, item)):
            pair = [(item[0], item[1])]
        else:
            pair = None
        if pair is None or len(pair) != 1:
            return None
        found += pair
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
