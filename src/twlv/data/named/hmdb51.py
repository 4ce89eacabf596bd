"""HMDB51: one list file for each class and split, ``file.avi 1`` (train), ``2`` (test) or ``0`` (not used)."""

from __future__ import annotations

from collections.abc import Iterator

from twlv.data.named.card import MEMORY, Choice, ClassList, Count, NamedSet
from twlv.data.named.files import TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import Names

PARTS = {"0": "", "1": "train", "2": "test"}


def read(request: Request) -> Annotated:
    """All ``<class>_test_split<k>.txt`` files; classes are the sorted names of the files."""
    ending = f"_test_split{request.choice}.txt"
    files = request.files.matching(f"*{ending}")
    classes = request.classes or tuple(sorted(file.path.name.removesuffix(ending) for file in files))
    names = Names(classes)
    items = [item for file in files for item in _items(file, file.path.name.removesuffix(ending), names)]
    return Annotated(items=[item for item in items if item.split in request.splits], classes=classes)


def _items(file: TextFile, label: str, names: Names) -> Iterator[Item]:
    for line, text in file.lines():
        name, _, part = text.rpartition(" ")
        if part not in PARTS or not name:
            raise file.error(line, f"needs file.avi and 0, 1 or 2; seen {text[:60]!r}")
        stem = name.strip().rpartition(".")[0] or name.strip()
        yield Item(
            video_id=f"{label}/{stem}",
            split=PARTS[part],
            target=names.label(file, line, label),
            names={"label": label, "stem": stem, "split": PARTS[part]},
            file=file,
            line=line,
        )


COUNTED = "counted in a public copy of the lists"

CARD = NamedSet(
    name="hmdb51",
    title="HMDB51, split 1",
    kind="appearance",
    licence=f"CC-BY-4.0 ({MEMORY})",
    citation="Kuehne et al., HMDB: A Large Video Database for Human Motion Recognition, ICCV 2011",
    classes={
        "": ClassList(
            num=51,
            order="names sorted",
            sha256="154ef596b60371212a4963ee5f33996f926eb53ca8e44fa2499c8267f9db561e",
            source="mmaction2's label map",
        )
    },
    counts=(
        Count(split="train", num=3_570, source=COUNTED),
        Count(split="test", num=1_530, source=COUNTED),
    ),
    fetch="test_train_splits.rar and hmdb51_org.rar from the HMDB page of Serre Lab, Brown University",
    schemes=(
        "{label}/{stem}",
        "hmdb51_org/{label}/{stem}",
        "videos/{label}/{stem}",
        "{split}/{label}/{stem}",
        "{stem}",
    ),
    suffixes=(".avi", ".mp4", ".webm", ".mkv"),
    places=("testTrainMulti_7030_splits", "test_train_splits", "splits", "annotations"),
    read=read,
    splits=("train", "test"),
    known_splits=("train", "test"),
    choice=Choice(
        name="split",
        values=("1", "2", "3"),
        meaning="which of the three official splits",
        titles={number: f"HMDB51, split {number}" for number in ("1", "2", "3")},
    ),
)
