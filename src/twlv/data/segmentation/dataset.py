"""A folder of frame labels as a ``Dataset``: long videos with their ``FrameLabels``, in one or several splits.

The folder is as MS-TCN's authors lay theirs out (see ``annotations``). Called ``50Salads``, ``GTEA`` or
``Breakfast``, it is checked for being that set, whose rate of labels is known; of any other the rate is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from twlv.data.labels import read_classes
from twlv.data.segmentation.annotations import SegmentationSet, read_segmentation
from twlv.data.segmentation.facts import FACTS, SetFacts
from twlv.data.segmentation.places import find_by_name
from twlv.data.segmentation.splits import SegmentationSplit
from twlv.data.segmentation.table import is_segment_table, read_segment_table
from twlv.errors import InputError, UsageError
from twlv.types import Dataset, DatasetCard, FrameLabels, Sample


def is_label_folder(path: Path) -> bool:
    """Whether this is a folder of labels."""
    return (path / "groundTruth").is_dir() and (path / "mapping.txt").is_file()


def read_label_folder(
    path: Path, *, root: Path | None = None, split: int | None = None, label_fps: float | None = None
) -> Dataset:
    """The samples of a folder in the order of their ids; ``root`` is the folder of the videos (None: this one).

    One split, or the one of the number ``split``, gives the splits ``train`` and ``test``. Several give
    ``split1``, ``split2``, ...: a sample stands in the one that tests it, and trains all others. A set without
    splits gives samples without one.

    Raises:
        UsageError: the rate of the labels is not known, or the splits are not of that form and none is chosen.
        InputError: no such split, or no such root.
        ManifestError: files that cannot be used, or that contradict the set's facts.
    """
    facts = FACTS.get(path.resolve().name.lower())
    fps = label_fps or (facts.fps if facts else None)
    if fps is None:
        raise UsageError(f"{path}: at how many a second are its labels? give label_fps (--label-fps)")
    found = read_segmentation(path, facts)
    chosen = _chosen(found, split)
    names = _splits(found, chosen)
    videos = sorted(names)
    places, missing = find_by_name(path if root is None else root, videos)
    samples = tuple(
        Sample(
            video_id=video,
            path=str(places[video]),
            split=names[video],
            target=FrameLabels(indices=found.labels[video], fps=fps),
            group=facts.subject_of(video) if facts else "",
        )
        for video in videos
    )
    left_out = len(found.labels) - len(videos)
    notes = (f"{left_out} videos are in neither half of the split and left out",) if left_out else ()
    return Dataset(
        card=_card(path, found, facts, f"split={split}" if len(found.splits) > 1 and split else ""),
        samples=samples,
        missing=missing,
        notes=(*found.notes, *notes),
    )


def _chosen(found: SegmentationSet, split: int | None) -> SegmentationSplit | None:
    """The one split to take, or None where all are taken, or there is none."""
    if split is None:
        return found.splits[0] if len(found.splits) == 1 else None
    for one in found.splits:
        if one.number == split:
            return one
    seen = ", ".join(str(one.number) for one in found.splits) or "none"
    raise InputError(f"{found.root}: no split {split}; there are: {seen}")


def _splits(found: SegmentationSet, chosen: SegmentationSplit | None) -> dict[str, str]:
    """The split of every video that takes part."""
    if chosen is not None:
        return {**dict.fromkeys(chosen.train, "train"), **dict.fromkeys(chosen.test, "test")}
    if not found.splits:
        return dict.fromkeys(found.labels, "")
    tested = [video for one in found.splits for video in one.test]
    whole = len(set(tested)) == len(tested) == len(found.labels)
    if not whole or any(set(one.train) != found.labels.keys() - set(one.test) for one in found.splits):
        raise UsageError(
            f"{found.root}: its {len(found.splits)} test sets do not part the videos, or a training set is not "
            "the rest; take one split: split=1 (--variant 1)"
        )
    return {video: f"split{one.number}" for one in found.splits for video in one.test}


def _card(path: Path, found: SegmentationSet, facts: SetFacts | None, selection: str) -> DatasetCard:
    files: Sequence[Path] = sorted(
        [path / "mapping.txt", *path.glob("groundTruth/*.txt"), *path.glob("splits/*.bundle")]
    )
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(path).as_posix()}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return DatasetCard(
        name=facts.name if facts else path.resolve().name,
        classes=found.classes,
        annotation_sha256=digest.hexdigest(),
        selection=selection,
    )


def open_labels(
    path: Path,
    *,
    root: str | Path | None,
    classes: Sequence[str] | str | Path | None,
    options: dict[str, object],
) -> Dataset:
    """The data set of a folder of labels or of a table of segments, from the arguments of ``twlv.dataset``.

    Raises:
        UsageError: an argument that it does not take.
    """
    videos = None if root is None else Path(root)
    given = {name: value for name, value in options.items() if value is not None}
    fps = _fps(given.pop("label_fps", None))
    if is_segment_table(path):
        _refuse(path, given, "root, classes and label_fps")
        return read_segment_table(path, root=videos, label_fps=fps, classes=read_classes(classes))
    number = given.pop("split", given.pop("variant", None))
    _refuse(path, {**given, **({"classes": classes} if classes else {})}, "root, split and label_fps")
    if number is not None and not str(number).isdecimal():
        raise UsageError(f"{path}: split is the number of a split, got {number!r}")
    split = None if number is None else int(str(number))
    return read_label_folder(path, root=videos, split=split, label_fps=fps)


def _fps(value: object) -> float | None:
    if value is None or (isinstance(value, int | float) and 0 < value < float("inf")):
        return None if value is None else float(value)
    raise UsageError(f"label_fps is {value!r}; it needs a positive number of labels a second")


def _refuse(path: Path, given: dict[str, object], known: str) -> None:
    if given:
        raise UsageError(f"{', '.join(given)}: {path} holds labels of frames; it takes {known}")
