"""Rows of boxes to key frames: one ``Sample`` each, with everybody who is annotated there.

A key frame of video ``v`` at second 902 is the sample ``v@0902`` (``v@0902.5`` half a second later): the id of
the video, ``@``, and the timestamp as the annotation counts, at least four digits before the point.
Its span is a clip of ``CLIP_SECONDS`` around that time, counted from the first frame of the file, so it may
begin before the file or end after it. Its target is ``Boxes``, of nobody where nobody is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from twlv.data.boxes.rows import MICROSECONDS, BoxRows
from twlv.errors import ManifestError
from twlv.types import Around, Boxes, IntArray, Span

CLIP_SECONDS = Around().clip_seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyFrame:
    """One key frame: its id, video, target, and the first line that names it (0 where none does)."""

    video_id: str
    video: str
    target: Boxes
    line: int

    @property
    def span(self) -> Span:
        """The clip around it, in seconds from the first frame of the file."""
        middle = self.target.time_seconds
        return Span(start_seconds=middle - CLIP_SECONDS / 2, end_seconds=middle + CLIP_SECONDS / 2)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """``times_us``: timestamps at which every video is annotated; None: those of its rows alone.

    ``excluded`` are (video id, timestamp) that are not. ``starts_us`` is the timestamp of a file's first frame.
    """

    times_us: tuple[int, ...] | None = None
    excluded: Collection[tuple[str, int]] = ()
    starts_us: int = 0


def key_frames(
    rows: BoxRows, index: Mapping[int, int], num_classes: int, clock: Clock
) -> tuple[list[KeyFrame], list[str]]:
    """Key frames by video (in the order of the file) and time, and notes. ``index`` maps action ids to classes.

    People are told apart by their box, as SlowFast and mmaction2 do: rows of one box are one person's actions.

    Raises:
        ManifestError: an action that no list names, or a box that ends before it begins; names the line.
    """
    classes = _classes(rows, index)
    _check_corners(rows)
    at: dict[tuple[int, int], list[int]] = {(int(v), int(t)): [] for v, t in rows.frames}
    for row, key in enumerate(zip(rows.video.tolist(), rows.time_us.tolist(), strict=True)):
        at[key].append(row)
    times: dict[int, set[int]] = {number: set(clock.times_us or ()) for number in range(len(rows.videos))}
    unlisted = 0
    for video, time in at:
        unlisted += clock.times_us is not None and time not in times[video]
        times[video].add(time)
    found, left_out = [], 0
    for video, own in times.items():
        name = rows.videos[video]
        kept = sorted(time for time in own if (name, time) not in clock.excluded)
        left_out += sum(len(at.get((video, time), ())) for time in own.difference(kept))
        found += [
            _key_frame(rows, at.get((video, time), []), name, time, classes, num_classes, clock)
            for time in kept
        ]
    nobody = sum(not len(frame.target.xyxy) for frame in found)
    lines = {
        f"{nobody} of {len(found)} key frames have nobody in them": nobody,
        f"{unlisted} annotated key frames are at no listed timestamp; they are kept": unlisted,
        f"{left_out} rows are of excluded timestamps and are left out": left_out,
        f"{_twice(rows)} rows repeat the box and action of another; they are one in the targets": _twice(rows),
        **_odd_boxes(rows),
    }
    return found, [text for text, applies in lines.items() if applies]


def frame_id(video: str, microseconds: int) -> str:
    """``v@0902``, ``v@0902.5``."""
    seconds, rest = divmod(microseconds, MICROSECONDS)
    return f"{video}@{seconds:04}" + (f".{rest:06}".rstrip("0") if rest else "")


def _key_frame(  # noqa: PLR0917 - one call
    rows: BoxRows,
    own: list[int],
    video: str,
    time_us: int,
    classes: IntArray,
    num_classes: int,
    clock: Clock,
) -> KeyFrame:
    if time_us < clock.starts_us:
        raise ManifestError(
            f"{rows.path}: {video} is annotated at {time_us / MICROSECONDS:g} s, but its file is said to start "
            f"at {clock.starts_us / MICROSECONDS:g} s"
        )
    xyxy, person = np.unique(rows.xyxy[own], axis=0, return_inverse=True)
    labels = np.zeros((len(xyxy), num_classes), dtype=bool)
    labels[person, classes[own]] = True
    target = Boxes(time_seconds=(time_us - clock.starts_us) / MICROSECONDS, xyxy=xyxy, labels=labels)
    line = int(rows.line[own[0]]) if own else 0
    return KeyFrame(video_id=frame_id(video, time_us), video=video, target=target, line=line)


def _classes(rows: BoxRows, index: Mapping[int, int]) -> IntArray:
    """The class of each row (n,)."""
    actions, inverse = np.unique(rows.action, return_inverse=True)
    for action in actions.tolist():
        if action not in index:
            line = int(rows.line[np.argmax(rows.action == action)])
            raise ManifestError(
                f"{rows.path}, line {line}: action {action} is in no list of actions (ids {min(index)} to "
                f"{max(index)})"
            )
    known = np.array([index[action] for action in actions.tolist()], dtype=np.int64)
    return known[inverse]


def _check_corners(rows: BoxRows) -> None:
    wrong = (rows.xyxy[:, 2:] < rows.xyxy[:, :2]).any(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ManifestError(
            f"{rows.path}, line {int(rows.line[row])}: the box {rows.xyxy[row].tolist()} ends before it "
            "begins; columns are x1, y1, x2, y2"
        )
    if len(rows) and float(rows.xyxy.max()) >= 2:
        row = int(np.argmax(rows.xyxy.max(axis=1)))
        raise ManifestError(
            f"{rows.path}, line {int(rows.line[row])}: the box {rows.xyxy[row].tolist()} is in pixels; corners "
            "are fractions of the width and height of the picture, from 0 to 1"
        )


def _odd_boxes(rows: BoxRows) -> dict[str, int]:
    flat = int(np.any(rows.xyxy[:, 2:] <= rows.xyxy[:, :2], axis=1).sum())
    outside = int(np.any((rows.xyxy < 0) | (rows.xyxy > 1), axis=1).sum())
    return {
        f"{flat} rows have a box without area: they stay in the truth, and nothing can find them": flat,
        f"{outside} rows have a box that reaches outside the picture: it is scored as it is": outside,
    }


def _twice(rows: BoxRows) -> int:
    table = np.column_stack([rows.video, rows.time_us, rows.action, rows.xyxy])
    return len(table) - len(np.unique(table, axis=0)) if len(table) else 0
