"""Predicted labels as files that ``twlv score temporal-segmentation`` and others' tools read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twlv.errors import UsageError
from twlv.files import write_atomic
from twlv.tasks.segmentation_scores import Answered
from twlv.types import IntArray

_HEADING = "### Frame level recognition: ###"  # as MS-TCN and its descendants write it


def write_predictions(folder: Path, splits: Sequence[Answered], classes: Sequence[str]) -> None:
    """``VIDEO.txt`` for every test video: a heading and all labels in a line, one label for each frame.

    Labels stand one a line, without a heading, if a class has a blank in its name. A ``/`` in an id is ``__``.

    Raises:
        UsageError: a video is in the test set of two splits; a file has place for one.
    """
    written: dict[str, str] = {}
    for split in splits:
        for video, labels in zip(split.test.videos, split.predicted, strict=True):
            if video.video_id in written:
                raise UsageError(
                    f"video '{video.video_id}' is tested in {written[video.video_id]} and {split.name}: write "
                    "the predictions of one split at a time"
                )
            written[video.video_id] = split.name
            path = folder / f"{video.video_id.replace('/', '__')}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, text(labels, classes))


def text(labels: IntArray, classes: Sequence[str]) -> str:
    """The content of one file."""
    names = [classes[label] for label in labels.tolist()]
    if any(len(name.split()) != 1 for name in classes):
        return "\n".join(names) + "\n"
    return f"{_HEADING}\n{' '.join(names)}\n"
