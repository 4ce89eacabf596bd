"""Moments in Time, 339 classes (first release) or 305 (second): CSV files without header, an official index."""

from __future__ import annotations

from collections.abc import Iterator

from twlv.data.named.card import MEMORY, ClassList, Count, NamedSet
from twlv.data.named.files import TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import Names, indexed, integer

FILES = {"train": ("trainingSet.csv",), "val": ("validationSet.csv",)}
CATEGORIES = "moments_categories.txt"
FOLDERS = {"train": "training", "val": "validation"}


def read(request: Request) -> Annotated:
    """``category/file.mp4,category,n,n`` lines; classes ``name,index`` in the official order, not sorted."""
    classes = request.classes or _classes(request.files.need(CATEGORIES))
    names = Names(classes)
    found = request.files.by_split(FILES, request.splits)
    return Annotated(items=[i for split, file in found for i in _items(split, file, names)], classes=classes)


def _classes(file: TextFile) -> tuple[str, ...]:
    return indexed(file, (_class(file, line, text) for line, text in file.lines()))


def _class(file: TextFile, line: int, text: str) -> tuple[int, str, int]:
    name, _, index = text.rpartition(",")
    return line, name.strip().strip('"'), integer(file, line, index.strip(), "the class index")


def _items(split: str, file: TextFile, names: Names) -> Iterator[Item]:
    for line, text in file.lines():
        fields = text.rsplit(",", 3)  # a comma in a path is part of it
        if len(fields) < 4:
            raise file.error(line, f"needs category/file.mp4,category,n,n; seen {text[:60]!r}")
        path, category = (field.strip().strip('"') for field in fields[:2])
        yield Item(
            video_id=path,
            split=split,
            target=names.label(file, line, category),
            names={
                "path": path,
                "stem": path.rpartition(".")[0] or path,
                "folder": FOLDERS[split],
                "split": split,
            },
            file=file,
            line=line,
        )


def _card(name: str, version: str, classes: ClassList, counts: tuple[Count, ...]) -> NamedSet:
    return NamedSet(
        name=name,
        title=f"Moments in Time, {classes.num} classes",
        version=version,
        kind="appearance",
        licence=f"non-commercial research, on request ({MEMORY})",
        citation="Monfort et al., Moments in Time Dataset, arXiv:1801.03150",
        classes={"": classes},
        counts=counts,
        fetch=f"{CATEGORIES}, trainingSet.csv, validationSet.csv and the videos: on request from "
        "moments.csail.mit.edu",
        schemes=("{folder}/{stem}", "videos/{folder}/{stem}", "{split}/{stem}", "videos/{stem}", "{stem}"),
        places=("annotations",),
        read=read,
        known_splits=("train", "val"),
    )


ORDER = f"the index of {CATEGORIES}, not sorted: clapping, praying, ..."

CARDS = (
    _card(
        "mit339",
        "1",
        ClassList(
            num=339,
            order=ORDER,
            sha256="99572d9801aeb998aaceb23629568f3e2c1f1f5d9749c1fc6ff71392226fc3fc",
            source="mmaction2's label map",
        ),
        (
            Count(split="train", num=791_246, source="report, Table 2"),
            Count(split="train", num=791_297, source="VideoGLUE's copy"),
            Count(split="val", num=33_898, source="report, Table 2"),
            Count(split="val", num=33_900, source="VideoGLUE's copy"),
        ),
    ),
    _card(
        "mit305",
        "2",
        ClassList(num=305, order=ORDER),
        (
            Count(split="train", num=727_305, source=MEMORY),
            Count(split="val", num=30_500, source=MEMORY),
        ),
    ),
)
