"""Charades: several labels a video, from its CSV files or from the frame lists that SlowFast uses."""

from __future__ import annotations

from collections.abc import Iterator

from twlv.data.named.card import MEMORY, ClassList, Count, NamedSet
from twlv.data.named.files import TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import check_range, indexed, integer
from twlv.types import ClassLabels

FILES = {"train": ("Charades_v1_train.csv",), "test": ("Charades_v1_test.csv",)}
FRAME_LISTS = {"train": ("train.csv",), "test": ("val.csv",)}
CLASSES = "Charades_v1_classes.txt"
FRAME_COLUMNS = ("original_vido_id", "path", "labels")


def read(request: Request) -> Annotated:
    """The official CSV files, or else SlowFast's frame lists, whose ``val.csv`` is the official test split."""
    classes = request.classes or _classes(request.files.need(CLASSES))
    is_official = any(request.files.find(*FILES[split]) for split in request.splits)
    frame_lists = any(request.files.find(*FRAME_LISTS[split]) for split in request.splits)
    rows = _frame_list if frame_lists and not is_official else _official
    names = FRAME_LISTS if rows is _frame_list else FILES
    items: list[Item] = []
    for split, file in request.files.by_split(names, request.splits):
        found = {video_id: (line, labels) for video_id, line, labels in rows(file)}
        check_range(file, [(line, label) for line, labels in found.values() for label in labels], len(classes))
        items += [_item(split, file, video_id, *entry) for video_id, entry in found.items()]
    return Annotated(items=items, classes=classes)


def _classes(file: TextFile) -> tuple[str, ...]:
    """``c000 Holding some clothes`` lines."""
    pairs = [(line, *text.partition(" ")[::2]) for line, text in file.lines()]
    return indexed(file, ((line, name.strip(), _code(file, line, code)) for line, code, name in pairs))


def _code(file: TextFile, line: int, code: str) -> int:
    return integer(file, line, code.removeprefix("c"), "the class code")


def _official(file: TextFile) -> Iterator[tuple[str, int, set[int]]]:
    """Rows whose ``actions`` are ``c092 11.90 21.20;c147 0.00 12.60``; times are not used; it may be empty."""
    for row in file.rows(("id", "actions")):
        actions = [action.split() for action in row.values["actions"].split(";") if action.strip()]
        yield row.values["id"], row.line, {_code(file, row.line, action[0]) for action in actions}


def _frame_list(file: TextFile) -> Iterator[tuple[str, int, set[int]]]:
    """The labels of all frames of a video together: blank-separated rows, one a frame."""
    videos: dict[str, tuple[int, set[int]]] = {}
    for row in file.rows(FRAME_COLUMNS, delimiter=" "):
        labels = videos.setdefault(row.values["original_vido_id"], (row.line, set()))[1]
        texts = row.values["labels"].strip('"').split(",")
        labels |= {integer(file, row.line, text, "a label") for text in texts if text.strip()}
    yield from ((video_id, line, labels) for video_id, (line, labels) in videos.items())


def _item(split: str, file: TextFile, video_id: str, line: int, labels: set[int]) -> Item:
    return Item(
        video_id=video_id,
        split=split,
        target=ClassLabels(indices=tuple(sorted(labels))),
        names={"id": video_id, "split": split},
        file=file,
        line=line,
    )


CARD = NamedSet(
    name="charades",
    title="Charades",
    licence=f"non-commercial ({MEMORY})",
    citation="Sigurdsson et al., Hollywood in Homes, arXiv:1604.01753",
    classes={"": ClassList(num=157, order=f"the code in {CLASSES}")},
    counts=(
        Count(split="train", num=7_985, source=MEMORY),
        Count(split="test", num=1_863, source=MEMORY),
    ),
    fetch=f"Charades.zip (CSV files and {CLASSES}) and Charades_v1_480.zip from the Charades page of the Allen "
    "Institute",
    schemes=(
        "{id}",
        "Charades_v1_480/{id}",
        "Charades_v1/{id}",
        "videos/{id}",
        "Charades_v1_rgb/{id}/",
        "frames/{id}/",
        "{id}/",
    ),
    places=("Charades", "annotations", "frame_lists"),
    read=read,
    splits=("train", "test"),
    known_splits=("train", "test"),
    fps=24.0,
)
