"""Class lists with an official index, and labels that must fit them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from twlv.data.named.files import TextFile
from twlv.types import ClassLabel

_INTEGER = re.compile(r"[+-]?\d+")


class Names:
    """Class names by index; ``fold`` compares them without case, and gives the name of the list."""

    def __init__(self, classes: Sequence[str], *, fold: bool = False) -> None:
        self.classes = tuple(classes)
        self._fold = fold
        self._index = {self._key(name): index for index, name in enumerate(self.classes)}

    def label(self, file: TextFile, line: int, name: str) -> ClassLabel:
        """The label of a class name; ManifestError names the line and the nearest class."""
        index = self._index.get(self._key(name))
        if index is None:
            near = difflib.get_close_matches(name, self.classes, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the first is '{(*self.classes, '')[0]}'"
            known = f"not among the {len(self.classes)} classes"
            raise file.error(line, f"label '{name}' is {known}; {hint}")
        return ClassLabel(index=index)

    def _key(self, name: str) -> str:
        return name.casefold() if self._fold else name


def integer(file: TextFile, line: int, value: object, what: str) -> int:
    """A whole number out of a CSV or JSON field."""
    if isinstance(value, bool) or not _INTEGER.fullmatch(str(value).strip()):
        raise file.error(line, f"{what} is {value!r:.60}; a whole number is needed")
    return int(str(value))


def indexed(file: TextFile, pairs: Iterable[tuple[int, str, int]], *, base: int = 0) -> tuple[str, ...]:
    """Names in index order out of (line, name, index); the indices must be base, base + 1, ... without a gap.

    ManifestError: a name or an index stands twice, or the indices have a gap or another base.
    """
    names: dict[int, str] = {}
    for line, name, index in pairs:
        if index in names or name in names.values():
            raise file.error(line, f"class '{name}' with index {index}: the name or the index stands twice")
        names[index] = name
    if not names:
        raise file.error(0, "an empty class list")
    if sorted(names) != list(range(base, base + len(names))):
        low, high = min(names), max(names)
        raise file.error(
            0,
            f"{len(names)} classes with indices {low} to {high}, but they must run from {base} to "
            f"{base + len(names) - 1}" + ("; they look counted from 1" if (low, base) == (1, 0) else ""),
        )
    return tuple(names[index] for index in sorted(names))


def check_range(file: TextFile, labels: Sequence[tuple[int, int]], num_classes: int) -> None:
    """ManifestError if one of the (line, label) is outside [0, num_classes); says if they look 1-based."""
    if not labels:
        return
    low, high = min(labels, key=lambda pair: pair[1]), max(labels, key=lambda pair: pair[1])
    if low[1] < 0:
        raise file.error(low[0], f"label {low[1]}; indices count from 0")
    if high[1] >= num_classes:
        seen = f"label {high[1]}, but there are {num_classes} classes (0 to {num_classes - 1})"
        one = "; the labels look counted from 1: subtract 1" if high[1] == num_classes and low[1] else ""
        raise file.error(high[0], seen + one)
