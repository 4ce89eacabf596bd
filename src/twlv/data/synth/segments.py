"""What happens when in untrimmed videos, in the two layouts in which others read it.

Localization: the JSON of ActivityNet and THUMOS14 (``database`` -> video -> ``subset``, ``duration``,
``annotations``). Segmentation: the folders of MS-TCN (``mapping.txt``, ``groundTruth/VIDEO.txt`` with one
label a frame, ``splits/{train,test}.split1.bundle``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twlv.data.synth.balance import Split
from twlv.files import write_atomic
from twlv.types import Json
from twlv.video.synthetic import BACKGROUND, Timeline, frame_labels

SUBSETS: Mapping[Split, str] = {"train": "training", "val": "validation"}
"""Our splits as ActivityNet calls them."""
BUNDLES: Mapping[Split, str] = {"train": "train", "val": "test"}
"""Our splits as MS-TCN calls them."""


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """One video and what happens in it. Frame i lasts over [i, i + 1) / fps seconds."""

    video_id: str
    split: Split
    num_frames: int
    fps: int
    timeline: Timeline


def activitynet(videos: Sequence[Annotated], classes: Sequence[str], *, version: str) -> dict[str, Json]:
    """The JSON document; segments are seconds from the first frame, ``label_id`` counts ``classes`` from 0."""
    ids = {name: number for number, name in enumerate(classes)}
    database: dict[str, Json] = {
        video.video_id: {
            "subset": SUBSETS[video.split],
            "duration": video.num_frames / video.fps,
            "fps": video.fps,
            "annotations": [
                {
                    "label": action.label,
                    "label_id": ids[action.label],
                    "segment": [action.start_seconds, action.end_seconds],
                }
                for action in video.timeline.actions
            ],
        }
        for video in videos
    }
    return {"version": version, "database": database}


def write_activitynet(path: Path, videos: Sequence[Annotated], classes: Sequence[str], *, version: str) -> None:
    """Write the JSON document, whole or not at all."""
    write_atomic(path, json.dumps(activitynet(videos, classes, version=version), indent=1) + "\n")


def write_mstcn(folder: Path, videos: Sequence[Annotated], classes: Sequence[str]) -> None:
    """Write ``mapping.txt`` (background is 0), ``groundTruth`` and the bundles of one split into ``folder``."""
    (folder / "groundTruth").mkdir(parents=True, exist_ok=True)
    (folder / "splits").mkdir(exist_ok=True)
    names = (BACKGROUND, *classes)
    write_atomic(folder / "mapping.txt", lines(f"{number} {name}" for number, name in enumerate(names)))
    for video in videos:
        labels = frame_labels(video.timeline, video.num_frames)
        write_atomic(folder / "groundTruth" / f"{video.video_id}.txt", lines(labels))
    for split, name in BUNDLES.items():
        files = [f"{video.video_id}.txt" for video in videos if video.split == split]
        write_atomic(folder / "splits" / f"{name}.split1.bundle", lines(files))


def lines(texts: Iterable[str]) -> str:
    """A text file of these lines."""
    return "".join(f"{text}\n" for text in texts)
