"""What a reader of annotations is asked, and what it answers: items without the place of their file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from twlv.data.named.files import Annotations, TextFile
from twlv.data.paths import id_of
from twlv.errors import ManifestError
from twlv.types import Span, Target


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to read: the annotation files, the splits, the value of the choice, a class list if one was given.

    ``root`` is the folder of the videos, for data sets whose annotation is their folders.
    """

    files: Annotations
    root: Path
    splits: tuple[str, ...]
    choice: str = ""
    classes: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One annotated video. ``names`` are what naming schemes are filled with; ``line`` is of ``file``.

    ``fps`` is the rate of its frames, should they lie in a folder.
    """

    video_id: str
    split: str
    target: Target
    names: Mapping[str, str]
    file: TextFile
    line: int
    span: Span | None = None
    group: str = ""
    fps: float | None = None


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """Items in annotation order and class names in index order. ``sha256`` replaces the hash of the files.

    ``scored`` are the indices of the classes that are evaluated, empty for all.
    """

    items: Sequence[Item]
    classes: tuple[str, ...]
    sha256: str = ""
    scored: tuple[int, ...] = ()


def without_twins(items: Iterable[Item]) -> tuple[list[Item], int]:
    """The items, each id once, and how many repetitions were left out.

    ManifestError: an id that is no relative name, or that stands twice with different labels, splits or spans.
    """
    kept: dict[str, Item] = {}
    twins = 0
    for item in items:
        leaves = any(".." in text.split("/") for text in item.names.values())
        if leaves or not item.video_id or id_of(item.video_id) != item.video_id:
            raise item.file.error(item.line, f"'{item.video_id}' is no relative name; it would leave the root")
        earlier = kept.setdefault(item.video_id, item)
        if earlier is not item:
            if (earlier.split, earlier.target, earlier.span) != (item.split, item.target, item.span):
                raise _contradiction(item, earlier)
            twins += 1
    return list(kept.values()), twins


def _contradiction(item: Item, earlier: Item) -> ManifestError:
    first = f"{earlier.file.path.name}, line {earlier.line}"
    return item.file.error(
        item.line,
        f"'{item.video_id}' ({item.split}) stands in {first} ({earlier.split}) already, with another label, "
        "split or span; keep one of them",
    )
