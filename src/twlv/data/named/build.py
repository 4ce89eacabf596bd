"""A card, annotations and a folder of videos to a ``Dataset``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twlv.data.labels import read_classes
from twlv.data.named.card import NamedSet
from twlv.data.named.expectations import class_notes, size_notes
from twlv.data.named.files import Annotations
from twlv.data.named.items import Annotated, Item, Request, without_twins
from twlv.data.named.options import Options
from twlv.data.named.schemes import Finder, Place
from twlv.data.named.table import TABLE
from twlv.errors import InputError, UsageError
from twlv.types import Dataset, DatasetCard, Sample


def build(
    card: NamedSet,
    *,
    root: str | Path | None,
    annotations: str | Path | None,
    classes: Sequence[str] | str | Path | None,
    options: Options,
) -> Dataset:
    """Read the annotations and find every video. What is not on disk is in ``missing`` and in the notes.

    ``root`` and ``annotations`` default to one another. See ``twlv.dataset`` for the errors.
    """
    where, videos = _folders(card, root, annotations)
    files = Annotations(where, places=card.places, fetch=card.fetch)
    if files.single and not card.single_file:
        raise UsageError(f"{where} is one file; the annotations of {card.name} are several: give their folder")
    request = Request(
        files=files, root=videos, splits=options.splits, choice=options.choice, classes=read_classes(classes)
    )
    read = card.read(request)
    expected = list(class_notes(card, options.choice, read.classes, others=TABLE))
    items, twins = without_twins(read.items)
    if not items:
        raise InputError(f"{where}: the annotations of {card.name} name no video; {card.fetch}")
    finder = Finder(root=videos, schemes=card.schemes, suffixes=card.suffixes)
    finder.rank(items)
    places = [finder.place(item) for item in items]
    expected += size_notes(card, options.choice, options.splits, items)
    missing = [item.video_id for item, place in zip(items, places, strict=True) if not place.scheme]
    repeated = [f"{twins} repeated rows were read once"] if twins else []
    return Dataset(
        card=_card(card, options, read, read.sha256 or files.sha256),
        samples=tuple(_sample(i, p, card, options.fps) for i, p in zip(items, places, strict=True)),
        missing=frozenset(missing),
        notes=(*files.notes, *repeated, *expected, *finder.report(missing, len(items))),
    )


def _folders(card: NamedSet, root: str | Path | None, annotations: str | Path | None) -> tuple[Path, Path]:
    """The place of the annotations and the folder of the videos."""
    if root is None and annotations is None:
        raise UsageError(
            f"{card.name}: say where the videos and the annotations are: root=DIR, annotations=DIR "
            f"(--root, --annotations); {card.fetch}"
        )
    where = Path(annotations if annotations is not None else root or "")
    videos = Path(root if root is not None else where if where.is_dir() else where.parent)
    if not videos.is_dir():
        raise InputError(f"{card.name}: root {videos}: no such folder")
    return where, videos


def _card(card: NamedSet, options: Options, read: Annotated, sha256: str) -> DatasetCard:
    titles = card.choice.titles if card.choice else {}
    return DatasetCard(
        name=card.name,
        title=titles.get(options.choice, card.title),
        version=card.version,
        classes=read.classes,
        annotation_sha256=sha256,
        licence=card.licence,
        citation=card.citation,
        kind=card.kind,
        selection=options.selection,
        scored=read.scored,
    )


def _sample(item: Item, place: Place, card: NamedSet, fps: float | None) -> Sample:
    fps = fps or item.fps or card.fps
    if place.is_folder and fps is None:
        raise UsageError(f"{place.path} is a folder of frames; {card.name} declares no rate: give fps=...")
    return Sample(
        video_id=item.video_id,
        path=place.path,
        split=item.split,
        target=item.target,
        span=item.span,
        group=item.group,
        fps=fps if place.is_folder else None,
    )
