"""Kinetics-400, 600 and 700: CSV files ``label,youtube_id,time_start,time_end,split``, labels sorted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from twlv.data.named.card import MEMORY, ClassList, Count, NamedSet
from twlv.data.named.files import TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import Names, integer
from twlv.data.rows import Row

COLUMNS = ("label", "youtube_id", "time_start", "time_end", "split")
SPLITS = {"train": "train", "val": "val", "validate": "val", "validation": "val", "test": "test"}

SCHEMES = (
    "{split}/{clip}",
    "{split}/{label}/{clip}",
    "{split}/{label_}/{clip}",
    "videos_{split}/{label_}/{clip}",
    "{split}_256/{label_}/{clip}",
    "{written}/{label}/{clip}",
    "{written}/{clip}",
    "{label}/{clip}",
    "{label_}/{clip}",
    "{clip}",
    "{split}/{id}",
    "{id}",
)
"""``clip`` is ``<id>_<start:06d>_<end:06d>``, ``written`` the file's split, ``label_`` without blanks."""


def read(request: Request, *, size: int) -> Annotated:
    """Every row of the wanted splits; a file of any name may hold all of them."""
    single = request.files.single
    files = [("", single)] if single else request.files.by_split(file_names(size), request.splits)
    rows = [
        (file, row, _split(file, row, split))
        for split, file in files
        for row in file.rows(COLUMNS if single else COLUMNS[:4])
    ]
    rows = [found for found in rows if found[2] in request.splits]
    labels = {row.values["label"] for _, row, _ in rows} - {""}
    classes = request.classes or tuple(sorted(labels))
    return Annotated(items=list(_items(rows, Names(classes))), classes=classes)


HEADS = ("kinetics{0}_", "kinetics-{0}_", "kinetics_{0}_", "kinetics{0}_2020_", "k{0}_", "kinetics_", "")
"""What copies put before ``train.csv``, ``validate.csv`` and so on; ``{0}`` is 400, 600 or 700."""


def file_names(size: int) -> dict[str, list[str]]:
    """Split -> the names that its CSV file may have, those with the size first."""
    heads = [head.format(size) for head in HEADS]
    words = {split: [word for word, means in SPLITS.items() if means == split] for split in SPLITS.values()}
    return {split: [f"{head}{word}.csv" for head in heads for word in words[split]] for split in words}


def _split(file: TextFile, row: Row, split: str) -> str:
    written = row.values.get("split", "").lower()
    if written and written not in SPLITS:
        raise file.error(row.line, f"split '{written}'; known: {', '.join(SPLITS)}")
    return SPLITS.get(written, split)


def _items(rows: list[tuple[TextFile, Row, str]], names: Names) -> Iterator[Item]:
    for file, row, split in rows:
        label, youtube_id = row.values["label"], row.values["youtube_id"]
        start, end = (_seconds(file, row, name) for name in ("time_start", "time_end"))
        clip = f"{youtube_id}_{start:06d}_{end:06d}"
        yield Item(
            video_id=clip,
            split=split,
            target=names.label(file, row.line, label) if label else None,
            names={
                "clip": clip,
                "id": youtube_id,
                "label": label,
                "label_": label.replace(" ", "_"),
                "split": split,
                "written": row.values.get("split", "") or split,
            },
            file=file,
            line=row.line,
            group=youtube_id,
        )


def _seconds(file: TextFile, row: Row, name: str) -> int:
    """A whole second, written ``12`` or ``12.0``."""
    value = integer(file, row.line, row.values[name].removesuffix(".0"), name)
    if value < 0:
        raise file.error(row.line, f"{name} is {value}; times count from 0")
    return value


# ---------------------------------------------------------------- cards

REPORT, GLUE, COPY = "report, Table 2", "VideoGLUE's copy", "mmaction2's copy"
HASHED = "mmaction2's label map"
FETCH = (
    "the CSV files train, validate (val) and test and the clips come from the cvdfoundation/kinetics-dataset "
    "repository; copies differ in what is still online"
)


def _card(size: int, sha256: str, counts: tuple[Count, ...], citation: str) -> NamedSet:
    return NamedSet(
        name=f"kinetics{size}",
        title=f"Kinetics-{size}",
        kind="appearance",
        licence=f"annotations CC-BY-4.0, videos under YouTube's terms ({MEMORY})",
        citation=citation,
        classes={"": ClassList(num=size, order="names sorted", sha256=sha256, source=HASHED)},
        counts=counts,
        fetch=FETCH,
        schemes=SCHEMES,
        places=("annotations", f"kinetics{size}", f"k{size}"),
        read=partial(read, size=size),
        single_file=True,
    )


CARDS = (
    _card(
        400,
        "539bbad6675f9ff4f948d545dc415fa5e18402cf8d2ee1c4564d4ec3bc04e99c",
        (
            Count(split="train", num=235_693, source=f"{REPORT}, and {GLUE}"),
            Count(split="train", num=240_436, source=COPY),
            Count(split="val", num=19_165, source=REPORT),
            Count(split="val", num=19_796, source=COPY),
        ),
        "Kay et al., The Kinetics Human Action Video Dataset, arXiv:1705.06950",
    ),
    _card(
        600,
        "554c8abbbb96af4cefe1378fef72c759ebcfd2b323008d3325f686ac4b2e360d",
        (
            Count(split="train", num=383_393, source=COPY),
            Count(split="val", num=27_910, source=COPY),
        ),
        "Carreira et al., A Short Note about Kinetics-600, arXiv:1808.01340",
    ),
    _card(
        700,
        "b9d1d614666839f2471ffeacb26012d0daf3cac1e3311d9e53ed90d4c5dd3a86",
        (
            Count(split="train", num=542_357, source=COPY),
            Count(split="val", num=34_824, source=COPY),
        ),
        "Carreira et al., A Short Note on the Kinetics-700 Human Action Dataset, arXiv:1907.06987",
    ),
)
