"""ImageNet-1K: pictures in folders named by wnid; each is a video of one frame, which a clip repeats.

The index of a class is the place of its wnid in sorted order. A flat validation folder needs the devkit, whose
own ids are in another order.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from twlv.data.named.card import MEMORY, ClassList, Count, NamedSet
from twlv.data.named.files import Annotations, TextFile
from twlv.data.named.items import Annotated, Item, Request
from twlv.data.named.labels import Names, check_range, integer
from twlv.errors import InputError
from twlv.files import PICTURE_SUFFIXES

TRUTH = "ILSVRC2012_validation_ground_truth.txt"
META = "meta.mat"
BASES = ("", "ILSVRC/Data/CLS-LOC", "Data/CLS-LOC", "imagenet")
_WNID = re.compile(r"n\d{8}")


def read(request: Request) -> Annotated:
    """Pictures of the wanted splits, sorted by folder and name; classes are their wnids, sorted."""
    found: list[tuple[str, str, str]] = []  # split, wnid, path below the root
    for split in request.splits:
        base = _base(request.root, split)
        pictures = list(_folders(request.root, base)) if base else []
        if base and not pictures:
            pictures = list(_flat(request.root, base, request.files))
        if not pictures:
            request.files.notes.append(f"{split}: no folder {split} with pictures below {request.root}")
        found += [(split, wnid, path) for wnid, path in pictures]
    if not found:
        raise InputError(f"imagenet1k: no folder train or val with pictures below {request.root}; {CARD.fetch}")
    classes = request.classes or tuple(sorted({wnid for _, wnid, _ in found}))
    text = "".join(f"{path} {wnid}\n" for _, wnid, path in found)
    listing = TextFile(path=request.root, text="")
    names = Names(classes)
    return Annotated(
        items=[_item(listing, names, *entry) for entry in found],
        classes=classes,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _item(listing: TextFile, names: Names, split: str, wnid: str, path: str) -> Item:
    return Item(
        video_id=path.rpartition("/")[2].rpartition(".")[0],
        split=split,
        target=names.label(listing, 0, wnid),
        names={"path": path},
        file=listing,
        line=0,
    )


def _base(root: Path, split: str) -> str:
    """The folder of a split below the root, or nothing."""
    names = (f"{base}/{split}".lstrip("/") for base in BASES)
    return next((name for name in names if (root / name).is_dir()), "")


def _folders(root: Path, base: str) -> Iterator[tuple[str, str]]:
    for wnid in sorted(entry.name for entry in os.scandir(root / base) if _WNID.fullmatch(entry.name)):
        yield from ((wnid, f"{base}/{wnid}/{name}") for name in _pictures(root / base / wnid))


def _pictures(folder: Path) -> list[str]:
    names = (entry.name for entry in os.scandir(folder))
    return sorted(name for name in names if os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES)  # noqa: PTH122


def _flat(root: Path, base: str, files: Annotations) -> Iterator[tuple[str, str]]:
    """Pictures beside one another: the n-th in order of names has the n-th line of the devkit's list."""
    names = _pictures(root / base)
    if not names:
        return
    truth, meta = files.find(TRUTH), files.path(META)
    if truth is None or meta is None:
        raise InputError(
            f"{root / base}: {len(names)} pictures without folders by wnid; give the devkit's folder with "
            f"{TRUTH} and {META} as annotations (its ids are not in the order of wnids)"
        )
    ids = [(line, integer(truth, line, text, "the class id")) for line, text in truth.lines()]
    if len(ids) != len(names):
        raise truth.error(0, f"{len(ids)} lines, but {len(names)} pictures in {root / base}; all are needed")
    wnids = devkit_wnids(meta)
    check_range(truth, [(line, number - 1) for line, number in ids], len(wnids))
    yield from ((wnids[number - 1], f"{base}/{name}") for (_, number), name in zip(ids, names, strict=True))


def devkit_wnids(path: Path) -> list[str]:
    """The wnid of each leaf class by its ILSVRC id (from 1) less 1, out of the devkit's ``meta.mat``."""
    import scipy.io
    from scipy.io.matlab import MatReadError

    try:
        synsets = scipy.io.loadmat(str(path), squeeze_me=True, struct_as_record=True)["synsets"]
        leaves = sorted(
            (int(s["ILSVRC2012_ID"]), str(s["WNID"])) for s in synsets if int(s["num_children"]) == 0
        )
    except (MatReadError, ValueError, KeyError, TypeError, OSError) as error:
        raise InputError(f"{path}: not the devkit's {META} ({error})") from error
    if [number for number, _ in leaves] != list(range(1, len(leaves) + 1)):
        raise InputError(f"{path}: the ids of the leaf classes do not run from 1 without a gap")
    return [wnid for _, wnid in leaves]


CARD = NamedSet(
    name="imagenet1k",
    title="ImageNet-1K (ILSVRC 2012)",
    version="2012",
    kind="appearance",
    licence=f"non-commercial research terms of image-net.org ({MEMORY})",
    citation="Russakovsky et al., ImageNet Large Scale Visual Recognition Challenge, arXiv:1409.0575",
    classes={"": ClassList(num=1_000, order="wnids sorted")},
    counts=(
        Count(split="train", num=1_281_167, source=MEMORY),
        Count(split="val", num=50_000, source=MEMORY),
    ),
    fetch="the pictures (train/<wnid>/ and val/, in folders by wnid or flat with the devkit of task 1 and 2) "
    "from image-net.org, after registration",
    schemes=("{path}",),
    suffixes=("",),
    places=("data", "ILSVRC2012_devkit_t12/data", "annotations"),
    read=read,
    known_splits=("train", "val"),
)
