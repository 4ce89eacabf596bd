"""Epic-Kitchens-100: actions in long videos as spans in seconds, labelled by verb, noun, or both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from twlv.data.named.card import MEMORY, Choice, ClassList, Count, NamedSet
from twlv.data.named.files import Annotations, TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import check_range, indexed, integer
from twlv.data.rows import Row
from twlv.types import ClassLabel, Span, Target

FILES = {
    "train": ("EPIC_100_train.csv",),
    "val": ("EPIC_100_validation.csv",),
    "test": ("EPIC_100_test_timestamps.csv",),
}
VERBS, NOUNS = "EPIC_100_verb_classes.csv", "EPIC_100_noun_classes.csv"
INFO = "EPIC_100_video_info.csv"
COLUMNS = ("narration_id", "participant_id", "video_id", "start_timestamp", "stop_timestamp")
_TIME = re.compile(r"(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)")

Labeller: TypeAlias = Callable[[TextFile, Row], int]


def read(request: Request) -> Annotated:
    """CSV rows with times ``HH:MM:SS.ss``. Frame numbers and columns that hold Python lists are not used.

    The ``.pkl`` twins of the files are never opened.
    """
    files = request.files
    classes, label = _labels(files, request.choice)
    rates = _rates(files)
    items: list[Item] = []
    for split, file in files.by_split(FILES, request.splits):
        rows = list(file.rows(COLUMNS if split == "test" else (*COLUMNS, "verb_class", "noun_class")))
        labels = [] if split == "test" else [(row.line, label(file, row)) for row in rows]
        check_range(file, labels, len(request.classes or classes))
        targets: list[Target] = [ClassLabel(index=index) for _, index in labels]
        targets = targets or [None] * len(rows)
        items += [_item(split, file, row, target, rates) for row, target in zip(rows, targets, strict=True)]
    return Annotated(items=items, classes=request.classes or classes)


def seconds(file: TextFile, row: Row, name: str) -> float:
    """``HH:MM:SS.ss`` in seconds."""
    parts = _TIME.fullmatch(row.values[name])
    if parts is None:
        raise file.error(row.line, f"{name} is '{row.values[name]}'; needs HH:MM:SS.ss")
    return round(int(parts[1]) * 3600 + int(parts[2]) * 60 + float(parts[3]), 6)


def _item(split: str, file: TextFile, row: Row, target: Target, rates: Mapping[str, float]) -> Item:
    start, end = (seconds(file, row, name) for name in ("start_timestamp", "stop_timestamp"))
    if end <= start:
        raise file.error(row.line, f"the action ends at {end:g} s, where or before it starts ({start:g} s)")
    video = row.values["video_id"]
    return Item(
        video_id=row.values["narration_id"],
        split=split,
        target=target,
        names={"video": video, "participant": row.values["participant_id"], "split": split},
        file=file,
        line=row.line,
        span=Span(start_seconds=start, end_seconds=end),
        group=video,
        fps=rates.get(video),
    )


def _rates(files: Annotations) -> dict[str, float]:
    """Video -> frames a second, for copies that keep folders of frames; the rates differ."""
    file = files.find(INFO, counted=False)
    if file is None:
        return {}
    try:
        return {row.values["video_id"]: float(row.values["fps"]) for row in file.rows(("video_id", "fps"))}
    except ValueError as error:
        raise file.error(0, f"the column fps holds what is no number ({error})") from error


# ---------------------------------------------------------------- labels


def _labels(files: Annotations, choice: str) -> tuple[tuple[str, ...], Labeller]:
    """Class names in index order, and how a row is labelled."""
    if choice == "action":
        return _actions(files)
    names = _keys(files.need(VERBS if choice == "verb" else NOUNS))
    column = f"{choice}_class"
    return names, lambda file, row: integer(file, row.line, row.values[column], column)


def _keys(file: TextFile) -> tuple[str, ...]:
    rows = file.rows(("id", "key"))
    return indexed(
        file, ((r.line, r.values["key"], integer(file, r.line, r.values["id"], "the id")) for r in rows)
    )


def _actions(files: Annotations) -> tuple[tuple[str, ...], Labeller]:
    """Pairs of verb and noun that occur in train or validation, by (verb, noun): there is no official list."""
    verbs, nouns = _keys(files.need(VERBS)), _keys(files.need(NOUNS))
    lists = [file for split in ("train", "val") if (file := files.find(*FILES[split]))]
    found = sorted({_pair(file, row) for file in lists for row in file.rows(COLUMNS)})
    for file in lists:
        for sizes, column in ((verbs, 0), (nouns, 1)):
            check_range(file, [(0, pair[column]) for pair in found], len(sizes))
    index = {pair: place for place, pair in enumerate(found)}
    return tuple(f"{verbs[verb]} {nouns[noun]}" for verb, noun in found), lambda f, row: index[_pair(f, row)]


def _pair(file: TextFile, row: Row) -> tuple[int, int]:
    verb, noun = (
        integer(file, row.line, row.values.get(name, ""), name) for name in ("verb_class", "noun_class")
    )
    return verb, noun


REPOSITORY = "the annotations' repository"

CARD = NamedSet(
    name="epickitchens100",
    title="Epic-Kitchens-100, verbs",
    licence=f"CC-BY-NC-4.0 (read in {REPOSITORY})",
    citation="Damen et al., Rescaling Egocentric Vision, arXiv:2006.13256",
    classes={
        "verb": ClassList(
            num=97,
            order=f"the id of {VERBS}",
            sha256="f630875635f84a85c055cbc680f71a2b6d3c7eeb0f7ac5629cd098acd461d23a",
            source=REPOSITORY,
        ),
        "noun": ClassList(
            num=300,
            order=f"the id of {NOUNS}",
            sha256="4ae82ae4df43e6f66636cfd7dd452520b4ca950b322d0bec1a7c3bb462c6bcb4",
            source=REPOSITORY,
        ),
        "action": ClassList(
            num=3_806, order="ours: pairs that occur, by verb and noun", source=MEMORY, strict=False
        ),
    },
    counts=(
        Count(split="train", num=67_217, source="report, Table 2"),
        Count(split="val", num=9_668, source=f"report, Table 2, and counted in {REPOSITORY}"),
        Count(split="test", num=13_092, source=f"counted in {REPOSITORY}"),
    ),
    fetch="the CSV files of the repository epic-kitchens/epic-kitchens-100-annotations; the videos with the "
    "downloader epic-kitchens/epic-kitchens-download-scripts",
    schemes=(
        "{participant}/videos/{video}",
        "{participant}/{video}",
        "EPIC-KITCHENS/{participant}/videos/{video}",
        "videos/{participant}/{video}",
        "videos/{video}",
        "{video}",
        "{participant}/rgb_frames/{video}/",
    ),
    suffixes=(".MP4", ".webm", ".mkv", ".avi"),
    places=("annotations", "epic-kitchens-100-annotations"),
    read=read,
    choice=Choice(
        name="variant",
        values=("verb", "noun", "action"),
        meaning="what the label is; the report's is the verb (inferred from its top-5 scores)",
        titles={
            "verb": "Epic-Kitchens-100, verbs",
            "noun": "Epic-Kitchens-100, nouns",
            "action": "Epic-Kitchens-100, actions",
        },
    ),
)
