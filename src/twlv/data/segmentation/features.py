"""Stored features of untrimmed videos: one array file a video, whose axes are said, never guessed.

MS-TCN's files are (dimension, frames); those of the report's code (``VIDEO_c.npy``) are (clips, dimension).
With a length near the width a file does not tell which it is.

Axis letters: M steps (frames or clips), D width.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from twlv.errors import FeatureError, InputError, UsageError
from twlv.types import FloatArray

FeatureLayout: TypeAlias = Literal["dimension-first", "time-first"]
"""``dimension-first``: (D, M), MS-TCN's. ``time-first``: (M, D), ours and that of the report's code."""

LAYOUTS: tuple[FeatureLayout, ...] = ("dimension-first", "time-first")


def find_features(folder: Path, videos: Iterable[str], *, suffix: str = ".npy") -> dict[str, Path]:
    """The feature file of each video, ``VIDEO`` + ``suffix`` in the folder or in its folder ``train``.

    Raises:
        InputError: files that are not there, counted and named. None is left out silently: it would lower
            the scores of a split without a word.
    """
    wanted = list(videos)
    found: dict[str, Path] = {}
    for video in wanted:
        for place in (folder, folder / "train"):
            if (path := place / f"{video}{suffix}").is_file():
                found.setdefault(video, path)
    absent = [video for video in wanted if video not in found]
    if absent:
        raise InputError(
            f"{folder}: {len(absent)} of {len(wanted)} feature files are missing, such as {absent[0]}{suffix}"
        )
    return found


def read_features(path: Path, *, layout: FeatureLayout, width: int | None = None) -> FloatArray:
    """Features of one video as (M, D), float32. ``width``: the D that it must have; None: any.

    Raises:
        UsageError: a layout that is none.
        FeatureError: not an array file of two axes of real numbers, another width, or a value that is not
            finite.
    """
    if layout not in LAYOUTS:
        raise UsageError(f"the layout of {path.name} must be said: {' or '.join(LAYOUTS)}, got {layout!r}")
    try:
        stored = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise FeatureError(f"{path}: not a plain array file: {error}") from error
    if not isinstance(stored, np.ndarray) or stored.ndim != 2 or stored.dtype.kind != "f" or 0 in stored.shape:
        seen = f"{stored.dtype} {stored.shape}" if isinstance(stored, np.ndarray) else "an archive"
        raise FeatureError(f"{path}: features are two axes of real numbers, got {seen}")
    steps = stored.T if layout == "dimension-first" else stored
    if width is not None and steps.shape[1] != width:
        hint = "; the axes may be the other way" if steps.shape[0] == width else ""
        raise FeatureError(f"{path}: width {steps.shape[1]} read as {layout}, expected {width}{hint}")
    features = np.ascontiguousarray(steps, dtype=np.float32)
    if not np.isfinite(features).all():
        step = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise FeatureError(f"{path}: step {step} holds a value that is not finite")
    return features
