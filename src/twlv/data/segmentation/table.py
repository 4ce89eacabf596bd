"""A table of segments as a ``Dataset`` of frame labels: one row for each segment of a long video.

    path,start_s,end_s,action[,split][,group]

The times are seconds of the video. (``start_seconds`` and ``end_seconds`` are another thing: a row of a
manifest is then a sample by itself.) The label stands in the column ``label``, ``action`` or ``word``. Time
that no segment covers is ``background``.

Axis letter: F frames.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twlv.data.manifest import SPLITS
from twlv.data.paths import id_of, resolve
from twlv.data.rows import MANIFEST_SUFFIXES, Row, Table, parse
from twlv.errors import InputError, ManifestError
from twlv.types import Dataset, DatasetCard, FrameLabels, IntArray, Sample

LABEL_COLUMNS = ("label", "action", "word")
BACKGROUND = "background"
DEFAULT_FPS = 25.0
_TOUCHING = 1e-6  # seconds; segments that share less do not overlap


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One segment as a row gives it; ``line`` is the row's."""

    line: int
    start_seconds: float
    end_seconds: float
    label: str


def is_segment_table(path: Path) -> bool:
    """Whether a file is a table with the columns path, start_s and end_s."""
    if path.suffix.lower() not in MANIFEST_SUFFIXES or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.readline(10_000).decode("utf-8-sig", errors="replace")
    names = {word.strip().strip('"') for word in head.replace("\t", ",").replace(";", ",").split(",")}
    return {"path", "start_s", "end_s"} <= names


def read_segment_table(
    path: Path,
    *,
    root: Path | None = None,
    label_fps: float | None = None,
    classes: Sequence[str] | None = None,
) -> Dataset:
    """Labels of every frame at ``label_fps`` (25), from the middle of each frame; paths start at ``root``.

    The labels of a video end with its last segment. Classes are the names in sorted order, ``background``
    first if any time has none, unless ``classes`` gives them.

    Raises:
        ManifestError: a row that cannot be used, segments of one video that overlap, a label that is not among
            ``classes``, or rows of one video that differ in split or group; names the line.
    """
    content = path.read_bytes()
    table = parse(path, content)
    column = next((name for name in LABEL_COLUMNS if name in table.columns), None)
    if column is None:
        raise ManifestError(f"{path}: no column with the label; name it {' or '.join(LABEL_COLUMNS)}")
    fps, base = label_fps or DEFAULT_FPS, path.parent if root is None else root
    videos: dict[str, list[Row]] = {}
    for row in table.rows:
        videos.setdefault(row.values["path"], []).append(row)
    pieces = {name: _pieces(table, rows, column) for name, rows in videos.items()}
    names = _classes(pieces, classes)
    places = {name: _place(table, rows[0], base) for name, rows in videos.items()}
    samples = tuple(
        Sample(
            video_id=id_of(name, base),
            path=str(places[name]),
            split=_split(table, rows),
            target=FrameLabels(indices=_labels(table, pieces[name], names, fps), fps=fps),
            group=_one(table, rows, "group"),
        )
        for name, rows in videos.items()
    )
    missing = {id_of(name, base) for name, place in places.items() if not place.exists()}
    return Dataset(
        card=DatasetCard(
            name=path.stem, classes=tuple(names), annotation_sha256=hashlib.sha256(content).hexdigest()
        ),
        samples=samples,
        missing=frozenset(missing),
        notes=(f"labels are read off the segments at {fps:g} a second",),
    )


def _pieces(table: Table, rows: Sequence[Row], column: str) -> list[Piece]:
    """The segments of one video in the order of time."""
    found = []
    for row in rows:
        start, end = (_seconds(table, row, name) for name in ("start_s", "end_s"))
        if not 0 <= start < end:
            raise table.error(row.line, f"segment [{start:g}, {end:g}) s; it needs 0 <= start < end")
        if not row.values[column]:
            raise table.error(row.line, f"the {column} is empty")
        found.append(Piece(line=row.line, start_seconds=start, end_seconds=end, label=row.values[column]))
    found.sort(key=lambda piece: piece.start_seconds)
    for one, two in itertools.pairwise(found):
        if two.start_seconds < one.end_seconds - _TOUCHING:
            raise table.error(
                two.line,
                f"this segment starts at {two.start_seconds:g} s, within that of line {one.line}; a frame has "
                "one label",
            )
    return found


def _seconds(table: Table, row: Row, name: str) -> float:
    try:
        value = float(row.values[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise table.error(row.line, f"{name} is '{row.values[name]}'; give a number of seconds")
    return value


def _classes(pieces: Mapping[str, Sequence[Piece]], given: Sequence[str] | None) -> dict[str, int]:
    names = sorted({piece.label for own in pieces.values() for piece in own})
    if given is not None:
        names = list(given)
    elif any(_has_gap(own) for own in pieces.values()):
        names = [BACKGROUND, *(name for name in names if name != BACKGROUND)]
    return {name: index for index, name in enumerate(names)}


def _has_gap(pieces: Sequence[Piece]) -> bool:
    ends = [0.0, *(piece.end_seconds for piece in pieces)]
    return any(piece.start_seconds > end + _TOUCHING for piece, end in zip(pieces, ends, strict=False))


def _labels(table: Table, pieces: Sequence[Piece], names: Mapping[str, int], fps: float) -> IntArray:
    """The class of every frame, (F,), by the segment at its middle."""
    for piece in pieces:
        if piece.label not in names:
            raise table.error(piece.line, f"'{piece.label}' is none of the {len(names)} given classes")
    frames = max(1, round(pieces[-1].end_seconds * fps))
    middle = (np.arange(frames) + 0.5) / fps
    at = np.searchsorted([piece.start_seconds for piece in pieces], middle + 1e-9, side="right") - 1
    ends = np.array([piece.end_seconds for piece in pieces])
    own = np.array([names[piece.label] for piece in pieces], dtype=np.int64)
    covered = (at >= 0) & (middle < ends[at] + _TOUCHING)
    if not covered.all() and BACKGROUND not in names:
        raise table.error(pieces[0].line, f"time without a segment, and no class '{BACKGROUND}' is given")
    found: IntArray = np.where(covered, own[at], names.get(BACKGROUND, 0))
    return found


def _place(table: Table, row: Row, base: Path) -> Path:
    try:
        return resolve(row.values["path"], base)
    except InputError as error:
        raise table.error(row.line, str(error)) from error


def _split(table: Table, rows: Sequence[Row]) -> str:
    word = _one(table, rows, "split")
    return SPLITS.get(word.lower(), word)


def _one(table: Table, rows: Sequence[Row], column: str) -> str:
    """What all rows of a video say in a column."""
    first = rows[0].values.get(column, "")
    for row in rows:
        if row.values.get(column, "") != first:
            seen = f"'{row.values[column]}', but line {rows[0].line} '{first}'"
            raise table.error(row.line, f"the {column} of one video is {seen}")
    return first
