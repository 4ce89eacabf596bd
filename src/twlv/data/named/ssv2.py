"""Something-Something-v2: JSON lists with templates, and an official index that is given as texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from twlv.data.named.card import MEMORY, ClassList, Count, NamedSet
from twlv.data.named.files import Annotations, TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import Names, indexed, integer
from twlv.types import ClassLabel

HEAD = "something-something-v2-"
FILES = {
    "train": (f"{HEAD}train.json", "train.json"),
    "val": (f"{HEAD}validation.json", "validation.json"),
    "test": (f"{HEAD}test.json", "test.json"),
}
LABELS = (f"{HEAD}labels.json", "labels.json")
ANSWERS = (f"{HEAD}test-answers.csv", "test-answers.csv")


def read(request: Request) -> Annotated:
    """``{id, label, template, placeholders}`` lists; the test list has ids alone, its answers ``id;label``."""
    classes = request.classes or _classes(request.files.need(*LABELS))
    names = Names(classes)
    items: list[Item] = []
    for split, file in request.files.by_split(FILES, request.splits):
        answers = _answers(request.files, names) if split == "test" else {}
        items += _items(split, file, names, answers)
    return Annotated(items=items, classes=classes)


def plain(template: str) -> str:
    """A template without the brackets that mark its placeholders: the text the class list has."""
    return template.replace("[", "").replace("]", "").strip()


def _classes(file: TextFile) -> tuple[str, ...]:
    value = file.json()
    if not isinstance(value, dict):
        raise file.error(0, f"an object template -> index is needed, this is {type(value).__name__}")
    pairs = [
        (0, plain(name), integer(file, 0, index, f"the index of '{name}'")) for name, index in value.items()
    ]
    return indexed(file, pairs)


def _answers(files: Annotations, names: Names) -> Mapping[str, ClassLabel]:
    file = files.find(*ANSWERS)
    if file is None:
        return {}
    pairs = [(line, *text.partition(";")[::2]) for line, text in file.lines()]
    return {video_id.strip(): names.label(file, line, plain(label)) for line, video_id, label in pairs}


def _items(split: str, file: TextFile, names: Names, answers: Mapping[str, ClassLabel]) -> Iterator[Item]:
    needed = ("id",) if split == "test" else ("id", "template")
    for place, entry in file.json_objects(needed):
        video_id, template = str(entry["id"]), entry.get("template")
        label = names.label(file, 0, plain(str(template))) if template else answers.get(video_id)
        yield Item(
            video_id=video_id,
            split=split,
            target=label,
            names={"id": video_id, "split": split},
            file=file,
            line=place,
        )


CARD = NamedSet(
    name="ssv2",
    title="Something-Something-v2",
    version="2",
    kind="motion",
    licence=f"research licence of Qualcomm (formerly 20BN), on request ({MEMORY})",
    citation="Goyal et al., The 'something something' video database, arXiv:1706.04261",
    classes={
        "": ClassList(
            num=174,
            order=f"the index in {LABELS[0]}",
            sha256="6a6a7973e18b81818b831dc7ee234db30c8a9a3489350f8daeda07d8ba859bb5",
            source="mmaction2's label map",
        )
    },
    counts=(
        Count(split="train", num=168_913, source="report, Table 2, and VideoGLUE's copy"),
        Count(split="val", num=24_777, source="report, Table 2, and VideoGLUE's copy"),
        Count(split="test", num=27_157, source=MEMORY),
    ),
    fetch=f"{HEAD}labels, -train and -validation (.json) and the .webm files: on request from Qualcomm's "
    "developer site",
    schemes=("{id}", "20bn-something-something-v2/{id}", "videos/{id}", "{split}/{id}"),
    suffixes=(".webm", ".mp4", ".mkv", ".avi"),
    places=("annotations", "labels"),
    read=read,
)
