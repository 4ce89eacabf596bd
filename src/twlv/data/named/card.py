"""What is known of a data set by name before any of its files is there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twlv.data.named.items import Annotated, Request

MEMORY = "from memory, not looked up"
"""The source of a fact that nobody has checked: reported as such wherever it is used."""

VIDEO_SUFFIXES = (".mp4", ".webm", ".mkv", ".avi")
"""Endings that copies of video data sets have, in the order in which they are tried."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many videos a split has, and by whose word. ``choice`` is the variant it holds for; empty: any."""

    split: str
    num: int
    source: str
    choice: str = ""

    @property
    def certain(self) -> bool:
        """Whether somebody looked it up."""
        return self.source != MEMORY


@dataclass(frozen=True, kw_only=True)
class ClassList:
    """The classes of a data set: how many, how their index comes about, and the hash of their names.

    ``sha256`` is that of ``class_list_sha256``, empty where no copy of the list was at hand; ``source`` says
    whose list was hashed. ``strict`` False: the number itself is not certain, another one is only noted.
    """

    num: int
    order: str
    sha256: str = ""
    source: str = ""
    strict: bool = True


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The option that is a data set's own: its keyword, its values (the first is the default) and meaning."""

    name: str
    values: tuple[str, ...]
    meaning: str
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NamedSet:
    """The card of a data set by name, and the function that reads its annotations.

    ``classes`` is by value of the choice (``""``: whatever it is). ``schemes`` are patterns of where a video
    lies below the root, tried in order (see ``schemes``); one that ends in ``/`` is a folder of frames at
    ``fps``. ``splits`` are read unless others are asked for. ``fetch`` says what to get by hand, and where.
    ``single_file``: the annotations may also be one file that holds every split.
    """

    name: str
    title: str
    version: str = "1"
    kind: str = ""
    licence: str
    citation: str
    classes: Mapping[str, ClassList]
    counts: tuple[Count, ...]
    fetch: str
    schemes: tuple[str, ...]
    read: Callable[[Request], Annotated]
    suffixes: tuple[str, ...] = VIDEO_SUFFIXES
    splits: tuple[str, ...] = ("train", "val")
    known_splits: tuple[str, ...] = ("train", "val", "test")
    places: tuple[str, ...] = ()
    choice: Choice | None = None
    fps: float | None = None
    single_file: bool = False

    def class_list(self, choice: str) -> ClassList:
        """The class list under a value of the choice."""
        return self.classes.get(choice) or self.classes[""]

    def expected(self, split: str, choice: str) -> tuple[Count, ...]:
        """What is said of a split's size; copies differ, so there may be several numbers."""
        return tuple(c for c in self.counts if c.split == split and c.choice in ("", choice))


def class_list_sha256(classes: Sequence[str]) -> str:
    """Sha256 of the names in index order, joined by newlines, UTF-8, case folded (copies differ in it)."""
    return hashlib.sha256("\n".join(classes).casefold().encode()).hexdigest()
