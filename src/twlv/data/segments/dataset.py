"""An annotation file of segments as a ``Dataset``: long videos with their ``Segments``, subsets as splits.

The file is ActivityNet's or THUMOS14's, or any other of that form. Missing videos and broken segments keep
their place; what is odd is counted in the notes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from twlv.data.segments.arrays import notes_of_truth, truth_arrays
from twlv.data.segments.choice import Choice, choose
from twlv.data.segments.documents import read_document
from twlv.data.segments.places import find_videos
from twlv.data.segments.truth import SegmentTruth, VideoSegments, read_truth
from twlv.errors import InputError, ManifestError
from twlv.types import Dataset, DatasetCard, Sample, Segments

SPLITS = {"training": "train", "train": "train", "validation": "val", "val": "val", "testing": "test"}
"""What subsets are called here; others keep their name."""


def is_segments_file(path: Path) -> bool:
    """Whether a file is an annotation of segments: a JSON object with an object ``database``."""
    if not path.name.lower().endswith((".json", ".json.gz")):
        return False
    try:
        return isinstance(read_document(path).get("database"), dict)
    except ManifestError:  # lines of JSON, or broken: for the reader of manifests to say
        return False


def read_segments_dataset(path: Path, *, root: Path | None = None, choice: Choice | None = None) -> Dataset:
    """The samples of a file, in its order. ``root`` is the folder of the videos (None: that of the file).

    Classes stand in the order of the file's ``label_id``, without ids in that of their names. Training,
    validation and testing are the splits train, val and test; where there is no training subset but a
    validation and a test one, as in THUMOS14, the validation videos are the train split. A subset without any
    segment is left out, and noted. A video is looked for under ``root`` by the file's ``path``, else by its id
    with or without ``v_`` before it, in any folder.

    Raises:
        ManifestError: not such a file, or label numbers that are given to some labels only.
        InputError: the folder is not there; a choice that leaves no video.
    """
    truth, sha256 = read_truth(path), hashlib.sha256(path.read_bytes()).hexdigest()
    where = path.parent if root is None else root
    if not where.is_dir():
        raise InputError(f"{path}: root {where}: no such folder")
    annotated = set(truth.annotated_subsets)
    labelled = {name: video for name, video in truth.videos.items() if video.subset in annotated}
    videos, chosen = choose(labelled, choice or Choice())
    splits = _splits(truth)
    names, named = class_names(truth)
    places, missing = find_videos(where, videos)
    samples = tuple(
        Sample(
            video_id=name,
            path=str(places[name]),
            split=splits[video.subset],
            target=_target(video, {label: index for index, label in enumerate(names)}),
        )
        for name, video in videos.items()
    )
    return Dataset(
        card=DatasetCard(
            name=_name(path),
            version=truth.version or "1",
            classes=names,
            annotation_sha256=sha256,
            selection=(choice or Choice()).text,
        ),
        samples=samples,
        missing=missing,
        notes=(*_left_out(truth), *named, *chosen, *_notes(videos, names, splits)),
    )


def _name(path: Path) -> str:
    """The name of the file, or of its folder where the file is only called annotations."""
    name = path.name.removesuffix(".gz").removesuffix(".json")
    return path.resolve().parent.name if name == "annotations" else name


def class_names(truth: SegmentTruth) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels in the order of their numbers, else of their names; and notes on it.

    Raises:
        ManifestError: some labels have a number and some have none, or two have one number.
    """
    labels = sorted({label for video in truth.videos.values() for label in video.labels})
    numbers = truth.label_ids
    if not numbers:
        return tuple(labels), ()
    without = [label for label in labels if label not in numbers]
    if without or len(set(numbers.values())) < len(numbers):
        seen = f"'{without[0]}' has no label_id" if without else f"two labels share a label_id: {dict(numbers)}"
        raise ManifestError(f"{truth.path}: {seen[:200]}; number every label, or none of them")
    ordered = tuple(sorted(labels, key=lambda label: numbers[label]))
    if sorted(numbers.values()) != list(range(len(numbers))):
        return ordered, (
            f"label numbers have gaps: the {len(ordered)} labels are counted from 0 in their order",
        )
    return ordered, ()


def _target(video: VideoSegments, index: Mapping[str, int]) -> Segments:
    return Segments(
        ends_seconds=video.ends_seconds,
        indices=tuple(index[label] for label in video.labels),
        duration_seconds=video.duration_seconds,
        fps=video.fps,
    )


def _splits(truth: SegmentTruth) -> dict[str, str]:
    """Our name of each subset."""
    found = {name: SPLITS.get(name, name) for name in truth.annotated_subsets}
    if "train" not in found.values() and {"val", "test"} <= set(found.values()):
        return {name: "train" if split == "val" else split for name, split in found.items()}
    return found


def _left_out(truth: SegmentTruth) -> list[str]:
    counts = Counter(video.subset for video in truth.videos.values())
    return [
        f"{count} videos of subset '{subset}' are left out: none of them has a segment"
        for subset, count in sorted(counts.items())
        if subset not in truth.annotated_subsets
    ]


def _notes(videos: Mapping[str, VideoSegments], names: Sequence[str], splits: Mapping[str, str]) -> list[str]:
    """What is odd, split by split: broken segments and where they are, labels that a split lacks."""
    notes = []
    for subset, split in splits.items():
        own = {name: video for name, video in videos.items() if video.subset == subset}
        if not own:
            continue
        said = [*notes_of_truth(truth_arrays(own, names), own), *_late(own), *_lacking(own, names)]
        said += (
            ["these are the videos of subset 'validation'"]
            if (subset, split) == ("validation", "train")
            else []
        )
        notes += [f"{split}: {text}" for text in said]
    return notes


def _late(videos: Mapping[str, VideoSegments], shown: int = 8) -> list[str]:
    """The videos with segments that start after their end, by name."""
    late = {
        name: sum(start >= video.duration_seconds for start, _ in video.ends_seconds)
        for name, video in videos.items()
        if video.duration_seconds is not None
    }
    found = [f"{name} ({count})" for name, count in late.items() if count]
    more = f" and {len(found) - shown} more" if len(found) > shown else ""
    return [f"videos with segments after their end: {', '.join(found[:shown])}{more}"] if found else []


def _lacking(videos: Mapping[str, VideoSegments], names: Sequence[str]) -> list[str]:
    here = {label for video in videos.values() for label in video.labels}
    absent = [name for name in names if name not in here]
    empty = sum(not video.labels for video in videos.values())
    lines = [f"{len(absent)} labels have no segment here: {', '.join(absent[:5])}"] if absent else []
    return [*lines, f"{empty} videos have no segment"] if empty else lines
