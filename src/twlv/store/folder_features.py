"""Embeddings that others made: a folder with one ``.npy`` a video, its layout and clock stated by who reads it.

::

    time-first        (M, D) a file: ActionFormer's features, ours exported
    dimension-first   (D, M): MS-TCN's features
    official          FOLDER/{train,val,test}/ID_c.npy (M, D) with ID.json: the report authors'
                      (see ``store.official``)

Nothing in such a file says which time a row stands for, and a wrong guess costs accuracy without a word, so
the clock is always given.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from twlv.errors import FeatureError, InputError, UsageError
from twlv.store.npy import npy_shape, read_npy
from twlv.store.official_json import read_meta
from twlv.types import DoubleArray, Embedding, FloatArray, Level

Layout = Literal["time-first", "dimension-first", "official"]
LAYOUTS: tuple[Layout, ...] = ("time-first", "dimension-first", "official")


@dataclass(frozen=True, kw_only=True)
class FeatureClock:
    """Which interval row i stands for: ``clip`` long, beginning at i times ``stride``.

    Either in seconds, or in frames of a video of ``fps`` (None: each video's own, from the annotations).
    A clip that is None is as long as the stride. ActionFormer's THUMOS14 features: 4 frames, clips of 16;
    MS-TCN's: 1 frame at the rate of the labels.
    """

    stride_seconds: float | None = None
    clip_seconds: float | None = None
    stride_frames: float | None = None
    clip_frames: float | None = None
    fps: float | None = None

    def __post_init__(self) -> None:
        seconds, frames = self.stride_seconds is not None, self.stride_frames is not None
        if seconds == frames:
            raise UsageError("a clock needs the stride of its rows, in seconds or in frames (not both)")
        if (self.clip_frames is not None and seconds) or (self.clip_seconds is not None and frames):
            raise UsageError("stride and clip of a clock are both in seconds, or both in frames")
        if self.fps is not None and seconds:
            raise UsageError("the clock is in seconds: it needs no fps")
        given = [value for value in vars(self).values() if value is not None]
        if not all(np.isfinite(value) and value > 0 for value in given):
            raise UsageError(f"numbers of a clock are finite and above 0, got {given}")

    def spans(self, rows: int, *, fps: float | None = None) -> DoubleArray:
        """(rows, 2) seconds. ``fps`` of the video, where the clock has none. UsageError if neither is known."""
        if self.stride_seconds is not None:
            stride, clip = self.stride_seconds, self.clip_seconds or self.stride_seconds
        else:
            rate = self.fps or fps
            if rate is None or self.stride_frames is None:
                raise UsageError("the clock is in frames, and the annotations state no fps: give it")
            stride, clip = self.stride_frames / rate, (self.clip_frames or self.stride_frames) / rate
        start = np.arange(rows, dtype=np.float64) * stride
        return np.stack([start, start + clip], axis=1)


@dataclass(frozen=True, kw_only=True)
class FeatureFolder:
    """A folder, how its files are laid out, and the clock of their rows.

    Files are found by the id of the video: ``ID.npy``, ``v_ID.npy`` or ``ID_c.npy``, in the folder or in one of
    its sub-folders train, val, test. A ``/`` in an id is ``__`` in a name. ``official`` may go without a clock
    where the JSON beside a file has the times of its clips.
    """

    path: Path
    layout: Layout
    clock: FeatureClock | None = None
    level: Level = "clip"

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise UsageError(f"layout of features is one of {', '.join(LAYOUTS)}, got '{self.layout}'")
        if self.layout != "official" and self.clock is None:
            raise UsageError(f"{self.path}: say which times the rows stand for: a stride in seconds or frames")
        if not self.path.is_dir():
            raise InputError(f"{self.path}: no such folder of features")

    def find(self, video_ids: Iterable[str]) -> dict[str, Path]:
        """The file of every video that has one."""
        folders = (self.path, *(self.path / name for name in ("train", "val", "test")))
        here = {folder: set(os.listdir(folder)) for folder in folders if folder.is_dir()}  # noqa: PTH208
        found: dict[str, Path] = {}
        for video_id in video_ids:
            flat = video_id.replace("/", "__")
            names = (f"{flat}_c.npy",) if self.layout == "official" else (f"{flat}.npy", f"v_{flat}.npy",
                                                                          f"{flat}_c.npy")  # fmt: skip
            places = (folder / name for folder, inside in here.items() for name in names if name in inside)
            path = next(places, None)
            if path is not None:
                found[video_id] = path
        return found

    def shape(self, path: Path) -> tuple[int, int]:
        """(rows, width) of a file, from its header. FeatureError as of ``read_npy``."""
        rows, width = npy_shape(path)
        return (width, rows) if self.layout == "dimension-first" else (rows, width)

    def read(self, video_id: str, path: Path, *, fps: float | None = None) -> Embedding:
        """The embedding of one video. FeatureError or InputError, with the file, where it cannot be used."""
        stored = read_npy(path)
        rows = stored.reshape(1, -1) if stored.ndim == 1 else stored
        rows = rows.T if self.layout == "dimension-first" else rows
        if 0 in rows.shape:
            raise FeatureError(f"{path}: shape {stored.shape}; a video needs at least one vector")
        vectors: FloatArray = np.array(rows, dtype=np.float32, order="C")
        if self.layout != "official":
            spans, duration = self._clock(path).spans(len(vectors), fps=fps), None
        else:
            spans, duration = self._official_spans(path, len(vectors), fps)
        return Embedding(
            video_id=video_id, level=self.level, vectors=vectors, spans_seconds=spans, duration_seconds=duration
        )

    def _official_spans(self, path: Path, rows: int, fps: float | None) -> tuple[DoubleArray, float | None]:
        """Times of the JSON, or else of the clock; and the duration that the JSON states."""
        beside = path.with_name(path.name.removesuffix("_c.npy") + ".json")
        meta = read_meta(beside) if beside.exists() else None
        duration = meta.duration_seconds if meta else None
        if self.clock is None and meta is not None and meta.times is not None and len(meta.times) == rows:
            return meta.times, duration
        return self._clock(path).spans(rows, fps=fps), duration

    def _clock(self, path: Path) -> FeatureClock:
        if self.clock is None:
            raise FeatureError(
                f"{path}: no JSON file beside it has the times of its clips; give their stride and length"
            )
        return self.clock


def widths(folder: FeatureFolder, files: Mapping[str, Path]) -> tuple[int, dict[str, str]]:
    """The width of all files, and by id why a file cannot be used. Only headers are read.

    Raises:
        FeatureError: files of two widths (names both), or not one that can be used.
    """
    reasons: dict[str, str] = {}
    first: tuple[Path, int] | None = None
    for video_id, path in files.items():
        try:
            rows, width = folder.shape(path)
        except FeatureError as error:
            reasons[video_id] = f"unreadable: {error}"
            continue
        if rows == 0 or width == 0:
            reasons[video_id] = f"empty: {path} has shape {(rows, width)}"
        elif first is None:
            first = path, width
        elif width != first[1]:
            raise FeatureError(
                f"{path} is {width} wide, but {first[0]} is {first[1]} wide (layout {folder.layout}): is the "
                "layout right?"
            )
    if first is None:
        shown = next(iter(reasons.values()), "no file has the id of a video")
        raise FeatureError(f"{folder.path}: not one video with usable features; {shown}")
    return first[1], reasons
