"""Diving-48 with the cleaned labels (V2): JSON lists, integer labels, a vocabulary of four-part names."""

from __future__ import annotations

from collections.abc import Iterator

from twlv.data.named.card import ClassList, Count, NamedSet
from twlv.data.named.files import TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import check_range, indexed, integer
from twlv.errors import InputError
from twlv.types import ClassLabel

FILES = {"train": ("Diving48_V2_train.json",), "test": ("Diving48_V2_test.json",)}
FIRST = ("Diving48_train.json", "Diving48_test.json")
VOCABULARY = "Diving48_vocab.json"


def read(request: Request) -> Annotated:
    """``{vid_name, label, start_frame, end_frame}`` lists; a file is one dive, so the frames are not used.

    InputError for the first labels: they differ, and V2 results must not be taken for them.
    """
    files = request.files
    v2 = [name for names in FILES.values() for name in names]
    if files.find(*FIRST, counted=False) and not files.find(*v2):
        raise InputError(f"{files.given}: these are the first labels of Diving-48; get {' and '.join(v2)}")
    classes = request.classes or _classes(files.need(VOCABULARY))
    items: list[Item] = []
    for split, file in files.by_split(FILES, request.splits):
        found = list(_items(split, file))
        check_range(file, [(0, label) for _, label in found], len(classes))
        items += [item for item, _ in found]
    return Annotated(items=items, classes=classes)


def _classes(file: TextFile) -> tuple[str, ...]:
    """Names as ``Back+15som+05Twis+FREE``; the index is the place in the list."""
    value = file.json()
    if not isinstance(value, list) or not all(isinstance(name, list | str) for name in value):
        raise file.error(0, "a JSON list of class names is needed")
    names = [name if isinstance(name, str) else "+".join(map(str, name)) for name in value]
    return indexed(file, ((0, name, index) for index, name in enumerate(names)))


def _items(split: str, file: TextFile) -> Iterator[tuple[Item, int]]:
    for place, entry in file.json_objects(("vid_name", "label")):
        name = str(entry["vid_name"])
        label = integer(file, 0, entry["label"], f"the label of '{name}'")
        item = Item(
            video_id=name,
            split=split,
            target=ClassLabel(index=label),
            names={"id": name},
            file=file,
            line=place,
            group=name.rpartition("_")[0],
        )
        yield item, label


CARD = NamedSet(
    name="diving48",
    title="Diving-48 (V2 labels)",
    version="2",
    kind="motion",
    licence="none stated where we looked",
    citation="Li et al., RESOUND: Towards Action Recognition without Representation Bias, ECCV 2018",
    classes={
        "": ClassList(
            num=48,
            order=f"the place in {VOCABULARY}",
            sha256="05c290ff3d5273912e9c49b06e7dece858ae57e2d4d20460b5aed946b8891566",
            source="mmaction2's label map",
        )
    },
    counts=(
        Count(split="train", num=15_027, source="report, Table 2, and VideoGLUE's copy"),
        Count(split="test", num=1_970, source="report, Table 2, and VideoGLUE's copy"),
    ),
    fetch=f"Diving48_V2_train.json, Diving48_V2_test.json, {VOCABULARY} and rgb.tar.gz from the RESOUND page "
    "of UCSD",
    schemes=("{id}", "rgb/{id}", "videos/{id}"),
    places=("annotations",),
    read=read,
    splits=("train", "test"),
    known_splits=("train", "test"),
)
