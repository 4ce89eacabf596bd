"""A folder of action segmentation labels as MS-TCN's authors lay it out, read whole and checked.

``mapping.txt``, ``groundTruth/VIDEO.txt``, ``splits/{train,test}.splitK.bundle``.

Axis letter: N frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twlv.data.segmentation.facts import SetFacts
from twlv.data.segmentation.labels import read_labels, read_mapping
from twlv.data.segmentation.splits import SegmentationSplit, faults, read_splits, video_of
from twlv.errors import InputError, ManifestError
from twlv.types import IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentationSet:
    """Labels of every frame. ``labels``: video id to classes (N,). ``notes``: what is unusual, in words."""

    root: Path
    classes: tuple[str, ...]
    labels: Mapping[str, IntArray] = field(repr=False)
    splits: tuple[SegmentationSplit, ...]
    notes: tuple[str, ...] = ()

    def indices(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Class numbers of names, such as those of the background. InputError names one that is unknown."""
        for name in names:
            if name not in self.classes:
                raise InputError(f"{self.root}: no class '{name}'; there are {', '.join(self.classes)[:300]}")
        return tuple(self.classes.index(name) for name in names)


def read_segmentation(root: Path, facts: SetFacts | None = None) -> SegmentationSet:
    """Read and check a folder. With ``facts``, what does not hold is an error; without, it is a note.

    What is checked: the numbers of classes, videos and splits against ``facts``; of every split that no video
    and no person is in both halves, that both are all videos, that every class of the test set is trained;
    that several test sets together are all videos.

    Raises:
        InputError: no such folder.
        ManifestError: a file that cannot be used, a split that names a video without labels, or with
            ``facts`` anything that does not hold.
    """
    if not (root / "groundTruth").is_dir():
        raise InputError(f"{root}: has no folder groundTruth; give the folder that holds it and mapping.txt")
    classes = read_mapping(root / "mapping.txt")
    numbers = {name: index for index, name in enumerate(classes)}
    files = sorted((root / "groundTruth").glob("*.txt"))
    labels = {video_of(path.name): read_labels(path, numbers) for path in files}
    if len(labels) < len(files) or not files:
        seen = f"{len(files)} files for {len(labels)} videos" if files else "no label file"
        raise ManifestError(f"{root / 'groundTruth'}: {seen}; a video's id ends at the first dot")
    splits = read_splits(root / "splits")
    found = [*_counts(classes, labels, splits, facts)]
    found += faults(splits, labels, classes, facts.subject_of if facts else None)
    unlabelled = [text for text in found if "have no labels" in text]
    if found and (facts or unlabelled):
        raise ManifestError(f"{root}: {(unlabelled or found)[0]}{_more(found)}")
    return SegmentationSet(root=root, classes=classes, labels=labels, splits=splits, notes=tuple(found))


def _counts(
    classes: tuple[str, ...],
    labels: Mapping[str, IntArray],
    splits: tuple[SegmentationSplit, ...],
    facts: SetFacts | None,
) -> list[str]:
    if facts is None:
        return []
    seen = {
        "classes": (len(classes), facts.num_classes),
        "videos": (len(labels), facts.num_videos),
        "splits": (len(splits), facts.num_splits),
    }
    return [
        f"{number} {name}, but {facts.name} has {wanted}"
        for name, (number, wanted) in seen.items()
        if number != wanted
    ]


def _more(found: list[str]) -> str:
    return f"; and {len(found) - 1} more faults" if len(found) > 1 else ""
