"""A folder (or one file) of annotations in AVA's form as a ``Dataset``.

A folder holds a CSV for each split and a list of actions: ``train.csv``, ``val.csv``, ``actions.pbtxt`` as
``twlv data synth --kind boxes`` writes them, or AVA's own names (``ava_val_v2.2.csv``). Also used, where they
are: ``included_timestamps.txt`` and ``val_excluded_timestamps.csv``, or AVA's names for them. One CSV alone is
a set of one split. A video is found by its id, in any folder below the root.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from twlv.data.boxes.classes import read_actions
from twlv.data.boxes.key_frames import Clock, KeyFrame, key_frames
from twlv.data.boxes.rows import LATEST, BoxRows, read_box_rows, time_us
from twlv.data.collect import videos_by_stem
from twlv.errors import InputError, ManifestError, UsageError
from twlv.types import Dataset, DatasetCard, Sample

SPLITS = ("train", "val", "test")
MOST_ACTIONS = 10_000
_SPLIT_FILE = re.compile(r"(?:ava_)?(train|val|test)(?:_v\d[\d.]*)?\.csv", re.IGNORECASE)
_EVALUATED = "for_activitynet"
"""In the name of the list of actions that are evaluated, beside the list of all."""


def open_boxes(
    path: Path,
    *,
    root: str | Path | None,
    classes: Sequence[str] | str | Path | None,
    options: Mapping[str, object],
) -> Dataset:
    """``read_box_folder`` with the arguments of ``twlv.dataset``; of ``options`` it takes ``starts_at``.

    Raises:
        UsageError: another option, a class list that is no file, or a start that is no number of seconds.
        InputError: annotations that cannot be used.
    """
    given = {name: value for name, value in options.items() if value is not None}
    starts_at = given.pop("starts_at", 0.0)
    if given:
        raise UsageError(
            f"{', '.join(given)}: {path} holds boxes in AVA's form; it takes root, classes, starts_at"
        )
    if classes is not None and not isinstance(classes, str | Path):
        raise UsageError(f"{path}: classes is the file of the actions (*.pbtxt), got {type(classes).__name__}")
    if isinstance(starts_at, bool) or not isinstance(starts_at, int | float) or not 0 <= starts_at <= LATEST:
        raise UsageError(f"{path}: starts_at is the timestamp of the first frame in seconds, got {starts_at!r}")
    return read_box_folder(
        path,
        root=None if root is None else Path(root),
        actions=None if classes is None else Path(classes),
        starts_at_seconds=float(starts_at),
    )


def is_box_folder(path: Path) -> bool:
    """Whether a folder has a list of actions and a CSV that is named after a split."""
    return path.is_dir() and bool(_split_files(path)) and any(path.glob("*.pbtxt"))


def is_box_file(path: Path) -> bool:
    """Whether a file is a CSV in AVA's form: seven or eight columns in its first row, numbers but the first."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            texts = next(csv.reader(file), [])
        numbers = [float(text) for text in texts[1:]]
    except (ValueError, UnicodeDecodeError, csv.Error):
        return False
    return len(numbers) in (6, 7)


def read_box_folder(
    path: Path,
    *,
    root: Path | None = None,
    actions: Path | None = None,
    starts_at_seconds: float = 0.0,
) -> Dataset:
    """The key frames of a folder, or of one CSV of it.

    ``root`` is the folder of the videos (None: that of the annotations); ``actions`` the list of all actions
    (None: the one in the folder). ``starts_at_seconds`` is the timestamp of the first frame of every file: 900
    for the usual cuts of AVA, 0 where timestamps count from the beginning of a file.

    Raises:
        ManifestError: a row, a list or a timestamp that cannot be used; names the line.
        InputError: no list of actions, or no folder of videos.
    """
    folder = path if path.is_dir() else path.parent
    where = root or folder
    if not where.is_dir():
        raise InputError(f"{path}: root {where}: no such folder")
    files = _split_files(path) if path.is_dir() else {_split_of(path): path}
    names, scored, lists = _actions(folder, actions)
    index = {number: number - 1 for number in names}
    included = _first(folder, ("included_timestamps.txt", "*included_timestamps*.txt"))
    times = None if included is None else read_times(included)
    found: list[tuple[str, KeyFrame]] = []
    notes: list[str] = []
    used = [*files.values(), *lists, *([included] if included else [])]
    for split, file in files.items():
        excluded = _first(folder, (f"*{split}_excluded_timestamps*.csv",))
        used += [excluded] if excluded else []
        clock = Clock(
            times_us=times,
            excluded=read_excluded(excluded) if excluded else frozenset(),
            starts_us=round(starts_at_seconds * 1e6),
        )
        frames, said = key_frames(read_box_rows(file), index, len(names), clock)
        found += [(split, frame) for frame in frames]
        notes += [f"{split}: {text}" for text in said]
    if not found:
        raise InputError(f"{path}: no key frame is annotated")
    samples, missing = place_samples(found, where)
    return Dataset(
        card=DatasetCard(
            name=path.stem if path.is_file() else path.resolve().name,
            classes=tuple(names.values()),
            annotation_sha256=_sha256(used),
            scored=tuple(number - 1 for number in scored) if len(scored) < len(names) else (),
        ),
        samples=samples,
        missing=missing,
        notes=(*notes, *_missing(missing, samples)),
    )


def place_samples(
    found: Iterable[tuple[str, KeyFrame]], root: Path
) -> tuple[tuple[Sample, ...], frozenset[str]]:
    """Samples of key frames with their split, and the ids of those whose video is not below ``root``."""
    here = videos_by_stem(root)
    samples = tuple(
        Sample(
            video_id=frame.video_id,
            path=str(here.get(frame.video, root / f"{frame.video}.mp4")),
            split=split,
            target=frame.target,
            span=frame.span,
            group=frame.video,
        )
        for split, frame in found
    )
    return samples, frozenset(sample.video_id for sample in samples if sample.group not in here)


def read_times(path: Path) -> tuple[int, ...]:
    """Timestamps of a text file, one a line, in microseconds. ManifestError names a line that is none."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        try:
            found += [time_us(line.strip())] if line.strip() else []
        except ValueError as error:
            raise ManifestError(f"{path}, line {number}: '{line}' is no timestamp") from error
    return tuple(found)


def read_excluded(path: Path) -> frozenset[tuple[str, int]]:
    """(video, timestamp) of a CSV of two columns. ManifestError if it holds boxes."""
    rows = read_box_rows(path)
    if len(rows):
        raise ManifestError(f"{path}, line {int(rows.line[0])}: rows of exclusions are video_id,timestamp")
    return excluded_frames(rows)


def excluded_frames(rows: BoxRows) -> frozenset[tuple[str, int]]:
    """(video, timestamp) of all frames of a file."""
    return frozenset((rows.videos[video], int(time)) for video, time in rows.frames)


def _actions(folder: Path, given: Path | None) -> tuple[dict[int, str], list[int], list[Path]]:
    """All actions by id, from 1 without a gap, the ids that are evaluated, and the files that say so.

    An id below the largest one that no list names is there, as ``action 2``, and is not evaluated: so the class
    of an action is its id less 1, whatever the list.
    """
    lists = [given] if given else sorted(folder.glob("*.pbtxt"))
    if not lists:
        raise InputError(
            f'{folder}: no list of actions (*.pbtxt: item {{ name: "stand" id: 12 }}); give classes=FILE'
        )
    read = {path: read_actions(path) for path in lists}
    widest = max(read, key=lambda path: len(read[path]))
    evaluated = [path for path in lists if _EVALUATED in path.name and path != widest]
    scored = read[evaluated[0]] if evaluated else read[widest]
    strange = sorted(scored.keys() - read[widest].keys())
    if strange:
        raise ManifestError(f"{evaluated[0]}: the actions {strange} are not in {widest.name}")
    known = read[widest]
    if min(known) < 1 or max(known) > MOST_ACTIONS:
        raise ManifestError(
            f"{widest}: ids of actions are 1 to {MOST_ACTIONS}, got {min(known)} to {max(known)}"
        )
    names = {number: known.get(number, f"action {number}") for number in range(1, max(known) + 1)}
    return names, list(scored), [widest, *evaluated[:1]]


def _split_files(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.csv")):
        match = _SPLIT_FILE.fullmatch(path.name)
        if match:
            found.setdefault(match[1].lower(), path)
    return {split: found[split] for split in SPLITS if split in found}


def _split_of(path: Path) -> str:
    match = _SPLIT_FILE.fullmatch(path.name)
    return match[1].lower() if match else path.stem


def _first(folder: Path, patterns: Iterable[str]) -> Path | None:
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern))), None)


def _sha256(files: Iterable[Path]) -> str:
    """Hash of the names and bytes of all files that were used."""
    hashes: Mapping[str, str] = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in dict.fromkeys(files)
    }
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _missing(missing: frozenset[str], samples: tuple[Sample, ...]) -> list[str]:
    videos = sorted({sample.group for sample in samples if sample.video_id in missing})
    if not videos:
        return []
    return [
        f"{len(videos)} videos with {len(missing)} of {len(samples)} key frames are not on disk, for instance "
        f"{', '.join(videos[:3])}"
    ]
