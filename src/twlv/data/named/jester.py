"""Jester: gesture videos as folders of pictures, ``id;name`` lists, classes in the order of their list."""

from __future__ import annotations

from collections.abc import Iterator

from twlv.data.named.card import MEMORY, ClassList, Count, NamedSet
from twlv.data.named.files import TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import Names, indexed

HEAD = "jester-v1-"
FILES = {
    "train": (f"{HEAD}train.csv",),
    "val": (f"{HEAD}validation.csv",),
    "test": (f"{HEAD}test.csv",),
}
LABELS = f"{HEAD}labels.csv"


def read(request: Request) -> Annotated:
    """``id;name`` lines (the test list: ids alone); a class's index is its line in the list of labels."""
    classes = request.classes or _classes(request.files.need(LABELS))
    names = Names(classes)
    found = request.files.by_split(FILES, request.splits)
    return Annotated(items=[i for split, file in found for i in _items(split, file, names)], classes=classes)


def _classes(file: TextFile) -> tuple[str, ...]:
    return indexed(file, ((line, name, index) for index, (line, name) in enumerate(file.lines())))


def _items(split: str, file: TextFile, names: Names) -> Iterator[Item]:
    for line, text in file.lines():
        video_id, _, name = (part.strip() for part in text.partition(";"))
        if not name and split != "test":
            raise file.error(line, f"needs id;name; seen {text[:60]!r}")
        yield Item(
            video_id=video_id,
            split=split,
            target=names.label(file, line, name) if name else None,
            names={"id": video_id},
            file=file,
            line=line,
        )


CARD = NamedSet(
    name="jester",
    title="Jester",
    kind="motion",
    licence=f"research licence of Qualcomm (formerly 20BN), on request ({MEMORY})",
    citation="Materzynska et al., The Jester Dataset, ICCV Workshops 2019",
    classes={
        "": ClassList(
            num=27,
            order=f"the line of {LABELS}, not sorted: Swiping Left, Swiping Right, ...",
            sha256="ae19d9a71d9605109b8b6df074d72dce6a83e26b3e4281685f2376aa017359c6",
            source="mmaction2's label map, and a public copy of the list",
        )
    },
    counts=(
        Count(split="train", num=118_562, source=MEMORY),
        Count(split="val", num=14_787, source=MEMORY),
        Count(split="test", num=14_743, source=MEMORY),
    ),
    fetch=f"{LABELS}, {HEAD}train.csv, {HEAD}validation.csv and the folders of pictures: on request from "
    "Qualcomm's developer site",
    schemes=("{id}/", "20bn-jester-v1/{id}/", "rawframes/{id}/", "frames/{id}/", "{id}", "videos/{id}"),
    places=("annotations", "labels"),
    read=read,
    fps=12.0,
)
