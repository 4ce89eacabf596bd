"""Splits of action segmentation (``splits/train.split1.bundle``, ...), and what must hold of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twlv.data.rows import decode_text
from twlv.errors import ManifestError
from twlv.types import IntArray

_BUNDLE = re.compile(r"test\.split(\d+)\.bundle")


@dataclass(frozen=True, kw_only=True)
class SegmentationSplit:
    """One split: its number from 1, and the ids of its videos in the order of the files."""

    number: int
    train: tuple[str, ...]
    test: tuple[str, ...]


def video_of(entry: str) -> str:
    """The id of a video from the name of its file: all before the first dot."""
    return entry.partition(".")[0]


def read_bundle(path: Path) -> tuple[str, ...]:
    """Ids of videos, one a line, with or without an ending. ManifestError: no line, or one that repeats."""
    try:
        text = decode_text(path, path.read_bytes())
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror or error}") from error
    videos = tuple(video_of(line.strip()) for line in text.splitlines() if line.strip())
    twice = [video for video, count in Counter(videos).items() if count > 1]
    if twice or not videos:
        raise ManifestError(f"{path}: {f'{twice[0]!r} stands twice' if twice else 'names no video'}")
    return videos


def read_splits(folder: Path) -> tuple[SegmentationSplit, ...]:
    """All splits of a folder by number; none without bundles. ManifestError: one lacks its training half."""
    numbers = sorted(int(found[1]) for path in folder.glob("*") if (found := _BUNDLE.fullmatch(path.name)))
    return tuple(
        SegmentationSplit(
            number=number,
            train=read_bundle(folder / f"train.split{number}.bundle"),
            test=read_bundle(folder / f"test.split{number}.bundle"),
        )
        for number in numbers
    )


def faults(
    splits: Sequence[SegmentationSplit],
    labels: Mapping[str, IntArray],
    classes: Sequence[str],
    subject_of: Callable[[str], str] | None = None,
) -> Iterator[str]:
    """What does not hold of the splits, in words; nothing where all is well.

    Train and test of a split share no video and no person, are together all videos, and every class of the
    test set occurs in training. Several test sets together are all videos.
    """
    everything = set(labels)
    for split in splits:
        train, test = set(split.train), set(split.test)
        where = f"split {split.number}: "
        if both := sorted(train & test):
            yield f"{where}{len(both)} videos are in train and test, such as {both[0]}"
        if absent := sorted((train | test) - everything):
            yield f"{where}{len(absent)} videos have no labels, such as {absent[0]}"
        if unused := sorted(everything - train - test):
            yield f"{where}{len(unused)} videos are in neither half, such as {unused[0]}"
        if subject_of is not None and (people := sorted({*map(subject_of, train)} & {*map(subject_of, test)})):
            yield f"{where}{len(people)} persons are in train and test, such as {people[0]}"
        if unseen := sorted(_present(labels, test) - _present(labels, train)):
            name = classes[unseen[0]]
            yield f"{where}{len(unseen)} classes of the test set are not in training, such as {name}"
    tested = {video for split in splits for video in split.test}
    if len(splits) > 1 and (untested := sorted(everything - tested)):
        yield f"{len(untested)} videos are in no test set, such as {untested[0]}"


def _present(labels: Mapping[str, IntArray], videos: set[str]) -> set[int]:
    return {int(label) for video in videos if video in labels for label in set(labels[video].tolist())}
