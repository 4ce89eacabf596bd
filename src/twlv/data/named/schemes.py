"""Where copies of a data set keep a video: naming schemes, tried in order, and what each of them found.

A scheme is a pattern such as ``{split}/{label}/{clip}`` of the names of an item, below the root. Each is tried
with every ending; one that ends in ``/`` is a folder of frames. Names are compared exactly first, then without
case. Folders are listed once, so that nothing is asked of the file system for each video.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twlv.data.named.items import Item
from twlv.data.rows import is_video_name

TRIED = 400
"""Items, evenly spread, on which the schemes are ranked."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an item's file is, or would be; ``scheme`` is empty if it is not there."""

    path: str
    scheme: str = ""
    is_folder: bool = False


class Tree:
    """The folders below a root, listed when they are first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders: dict[str, dict[str, str]] = {}
        self.found: set[str] = set()

    def find(self, relative: str) -> str | None:
        """The path of this name below the root as it is spelled on disk, or None."""
        here = ""
        for part in relative.rstrip("/").split("/"):
            names = self._names(here)
            actual = part if part in names else names.get("\0" + part.casefold())
            if actual is None:
                return None
            here = f"{here}/{actual}" if here else actual
        return here

    def strangers(self) -> Iterator[str]:
        """Video files in the listed folders that no item asked for."""
        for folder, names in self._folders.items():
            for name in names:
                path = f"{folder}/{name}" if folder else name
                if not name.startswith(("\0", ".")) and is_video_name(name) and path not in self.found:
                    yield path

    def _names(self, folder: str) -> dict[str, str]:
        """Names in a folder; those that differ from their folded form also under it, behind a NUL."""
        if folder not in self._folders:
            listed: dict[str, str] = {}
            self._folders[folder] = listed
            try:
                entries = sorted(os.scandir(self.root / folder), key=lambda entry: entry.name)
            except OSError:
                return listed
            for entry in entries:
                if not entry.is_symlink() or os.path.exists(entry.path):  # noqa: PTH110 - one call a link
                    listed[entry.name] = entry.name
                    listed.setdefault("\0" + entry.name.casefold(), entry.name)
        return self._folders[folder]


@dataclass
class Finder:
    """Finds items by the first scheme that has them, beginning with the one that fits this copy best."""

    root: Path
    schemes: Sequence[str]
    suffixes: Sequence[str]
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.tree = Tree(self.root)
        self._patterns = [
            pattern
            for scheme in self.schemes
            for pattern in ([scheme] if scheme.endswith("/") else [scheme + end for end in self.suffixes])
        ]

    def rank(self, items: Sequence[Item]) -> None:
        """Put the pattern first that finds most of a sample of the items; ties keep the documented order."""
        sample = items[:: max(1, len(items) // TRIED)]
        hits = {p: sum(self._at(p, item) is not None for item in sample) for p in self._patterns}
        self._patterns.sort(key=lambda pattern: -hits[pattern])

    def place(self, item: Item) -> Place:
        """The file of an item; where the best scheme would have it if no scheme finds it."""
        for pattern in self._patterns:
            found = self._at(pattern, item)
            if found is not None:
                self.counts[pattern] += 1
                self.tree.found.add(found)
                path = str(self.root / found)
                return Place(path=path, scheme=pattern, is_folder=pattern.endswith("/"))
        return Place(path=str(self.root / self._patterns[0].format_map(item.names).rstrip("/")))

    def _at(self, pattern: str, item: Item) -> str | None:
        relative = pattern.format_map(item.names)
        found = None if ".." in relative.split("/") else self.tree.find(relative)
        if found is None or not pattern.endswith("/"):
            return found
        return found if (self.root / found).is_dir() else None

    def report(self, missing: Sequence[str], total: int) -> Iterator[str]:
        """Which schemes found how many, and examples of what was not found and of what nobody asked for."""
        for pattern, number in self.counts.most_common():
            yield f"{number} of {total} videos found as {pattern}"
        if not missing:
            return
        tried = "" if self.counts else f"; no naming scheme fits, the first are {', '.join(self._patterns[:4])}"
        strangers = [name for _, name in zip(range(3), self.tree.strangers(), strict=False)]
        others = f"; there, but asked for by none: {', '.join(strangers)}" if strangers else ""
        yield f"{len(missing)} of {total} videos are not on disk, for instance " + (
            f"{', '.join(missing[:3])}{tried}{others}"
        )
