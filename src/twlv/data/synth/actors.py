"""Who does what where: boxes with several labels, in the layout of AVA and frame by frame.

``{train,val}.csv``: AVA's eight columns without a header (video_id, timestamp, x1, y1, x2, y2, action_id,
person_id), one row for each actor and action at a key second. Corners are fractions of the picture, timestamps
whole seconds from the first frame, four digits; actions count from 1. ``frames_{train,val}.csv`` holds the
same for every frame, with a header and all actions of an actor in one field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from twlv.data.synth.balance import SPLITS, Split
from twlv.files import write_atomic
from twlv.types import DoubleArray

LEAST_SHARE = 0.004
"""A box that covers less of the picture is not annotated: almost nothing of the actor is in sight."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Actor:
    """One object of a video: its actions (ids from 1, sorted) and ``boxes`` (T, 4) as x1, y1, x2, y2.

    Boxes are fractions of the picture, cut at its borders; a row of NaN where the actor is not in sight.
    """

    person_id: int
    actions: tuple[int, ...]
    boxes: DoubleArray

    def seen(self, frame: int) -> bool:
        """Whether enough of the actor is in sight in this frame to annotate it."""
        x1, y1, x2, y2 = self.boxes[frame]
        return bool((x2 - x1) * (y2 - y1) >= LEAST_SHARE)  # False for NaN


@dataclass(frozen=True, kw_only=True, eq=False)
class Cast:
    """The actors of one video."""

    video_id: str
    split: Split
    num_frames: int
    fps: int
    actors: tuple[Actor, ...]

    @property
    def key_seconds(self) -> range:
        """The whole seconds that are annotated: those with half a second or more of video on both sides."""
        return range(1, (2 * self.num_frames - self.fps) // (2 * self.fps) + 1)


def write_boxes(folder: Path, casts: Sequence[Cast], actions: Sequence[str]) -> None:
    """Write the CSV files of both splits, ``actions.pbtxt`` and ``included_timestamps.txt`` into ``folder``."""
    for split in SPLITS:
        chosen = [cast for cast in casts if cast.split == split]
        write_atomic(folder / f"{split}.csv", _lines(_key_rows(chosen)))
        header = "video_id,frame,person_id,x1,y1,x2,y2,action_ids"
        write_atomic(folder / f"frames_{split}.csv", _lines([header, *_frame_rows(chosen)]))
    items = (f'item {{\n  name: "{name}"\n  id: {number}\n}}' for number, name in enumerate(actions, start=1))
    write_atomic(folder / "actions.pbtxt", _lines(items))
    seconds = sorted({second for cast in casts for second in cast.key_seconds})
    write_atomic(folder / "included_timestamps.txt", _lines(f"{second:04}" for second in seconds))


def _key_rows(casts: Iterable[Cast]) -> list[str]:
    """AVA's rows, sorted as texts, as AVA's own are."""
    return sorted(
        f"{cast.video_id},{second:04},{_corners(actor, second * cast.fps)},{action},{actor.person_id}"
        for cast in casts
        for second in cast.key_seconds
        for actor in cast.actors
        if actor.seen(second * cast.fps)
        for action in actor.actions
    )


def _frame_rows(casts: Iterable[Cast]) -> Iterator[str]:
    for cast in casts:
        for frame in range(cast.num_frames):
            for actor in cast.actors:
                if actor.seen(frame):
                    actions = " ".join(map(str, actor.actions))
                    yield f"{cast.video_id},{frame},{actor.person_id},{_corners(actor, frame)},{actions}"


def _corners(actor: Actor, frame: int) -> str:
    return ",".join(f"{corner:.3f}" for corner in actor.boxes[frame])


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)
