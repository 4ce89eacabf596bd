"""UCF101: list files of three splits, labels counted from 1, classes sorted without regard to case."""

from __future__ import annotations

import re
from collections.abc import Iterator

from twlv.data.named.card import Choice, ClassList, Count, NamedSet
from twlv.data.named.files import TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import Names, indexed, integer

CLASSES = "classInd.txt"
_LINE = re.compile(r"(?P<path>.*\.\w+)(?:\s+(?P<label>\S+))?")


def read(request: Request) -> Annotated:
    """``Class/v_x.avi [id]`` lines; the class is the folder, spelled as in classInd.txt but for its case."""
    classes = request.classes or _classes(request.files.need(CLASSES))
    names = Names(classes, fold=True)
    lists = {split: (f"{split}list{int(request.choice):02d}.txt",) for split in ("train", "test")}
    found = request.files.by_split(lists, request.splits)
    return Annotated(items=[i for split, file in found for i in _items(split, file, names)], classes=classes)


def _classes(file: TextFile) -> tuple[str, ...]:
    pairs = [(line, *text.partition(" ")[::2]) for line, text in file.lines()]
    return indexed(
        file,
        ((line, name.strip(), integer(file, line, index, "the class id")) for line, index, name in pairs),
        base=1,
    )


def _items(split: str, file: TextFile, names: Names) -> Iterator[Item]:
    for line, text in file.lines():
        parts = _LINE.fullmatch(text.replace("\\", "/"))
        folder, _, name = parts["path"].rpartition("/") if parts else ("", "", "")
        if not parts or not folder:
            raise file.error(line, f"needs Class/v_Class_g01_c01.avi and perhaps a label; seen {text[:60]!r}")
        label = names.label(file, line, folder.rpartition("/")[2])
        if parts["label"] and integer(file, line, parts["label"], "the label") != label.index + 1:
            seen = f"label {parts['label']} for a video of {folder}, which {CLASSES} has as {label.index + 1}"
            raise file.error(line, f"{seen}; labels in this file are counted from 1")
        stem = name.rpartition(".")[0]
        yield Item(
            video_id=stem,
            split=split,
            target=label,
            names={"label": names.classes[label.index], "written": folder, "stem": stem, "split": split},
            file=file,
            line=line,
            group=re.sub(r"_c\d+$", "", stem),
        )


COUNTED = "counted in a public copy of the lists"
SIZES = {"1": (9_537, 3_783), "2": (9_586, 3_734), "3": (9_624, 3_696)}

CARD = NamedSet(
    name="ucf101",
    title="UCF101, split 1",
    kind="appearance",
    licence="none stated where we looked",
    citation="Soomro et al., UCF101: A Dataset of 101 Human Actions Classes, arXiv:1212.0402",
    classes={
        "": ClassList(
            num=101,
            order=f"the id of {CLASSES} less 1: sorted without case, Hammering before HammerThrow",
            sha256="ba5efe3c836f22f509531832bfbf1427af4b235bfffcb5a92309f60cb7cfd6ca",
            source="mmaction2's label map",
        )
    },
    counts=tuple(
        Count(split=split, num=num, source=COUNTED, choice=choice)
        for choice, sizes in SIZES.items()
        for split, num in zip(("train", "test"), sizes, strict=True)
    ),
    fetch="UCF101TrainTestSplits-RecognitionTask.zip and UCF101.rar from the UCF101 page of the University of "
    "Central Florida",
    schemes=(
        "{written}/{stem}",
        "UCF-101/{written}/{stem}",
        "videos/{written}/{stem}",
        "{label}/{stem}",
        "{split}/{written}/{stem}",
        "videos/{stem}",
        "{stem}",
    ),
    suffixes=(".avi", ".mp4", ".webm", ".mkv"),
    places=("ucfTrainTestlist", "annotations", "UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist"),
    read=read,
    splits=("train", "test"),
    known_splits=("train", "test"),
    choice=Choice(
        name="split",
        values=("1", "2", "3"),
        meaning="which of the three official splits",
        titles={number: f"UCF101, split {number}" for number in SIZES},
    ),
)
