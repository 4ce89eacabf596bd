"""Files of labels: a class list with numbers, and one label for each frame of a video.

Axis letter: N frames.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from twlv.data.rows import decode_text
from twlv.errors import ManifestError
from twlv.types import IntArray

_HEADING = "###"  # first line of the prediction files of MS-TCN and its descendants


def read_mapping(path: Path) -> tuple[str, ...]:
    """Class names in the order of their numbers, from lines ``NUMBER NAME`` (``mapping.txt``).

    Raises:
        ManifestError: a line of another form, a name or number that stands twice, or numbers that do not run
            from 0 without a gap; names the line.
    """
    names: dict[int, str] = {}
    for line, text in enumerate(_lines(path), 1):
        number, _, name = text.strip().partition(" ")
        if not number.isdecimal() or not name.strip():
            raise ManifestError(f"{path}, line {line}: expected 'NUMBER NAME', got '{text[:80]}'")
        if int(number) in names or name.strip() in names.values():
            raise ManifestError(f"{path}, line {line}: '{text.strip()[:80]}' repeats a number or a name")
        names[int(number)] = name.strip()
    if sorted(names) != list(range(len(names))) or not names:
        raise ManifestError(f"{path}: class numbers must run from 0 without a gap, got {sorted(names)[:50]}")
    return tuple(names[number] for number in range(len(names)))


def read_labels(path: Path, classes: Mapping[str, int]) -> IntArray:
    """The class of every frame, (N,), from a file with one class name a line.

    Raises:
        ManifestError: an unknown label or a blank line (named), or no line at all.
    """
    return _indices(path, _lines(path), classes, first_line=1)


def read_prediction(path: Path, classes: Mapping[str, int]) -> IntArray:
    """The predicted class of every frame, (N,): one a line, or after a line ``###...`` parted by blanks.

    The second form is what MS-TCN, ASFormer and others write.

    Raises:
        ManifestError: an unknown label, or no label at all; names the file and the line.
    """
    lines = _lines(path)
    if lines and lines[0].startswith(_HEADING):
        words = [word for line in lines[1:] for word in line.split()]
        return _indices(path, words, classes, first_line=0)
    return _indices(path, lines, classes, first_line=1)


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror or error}") from error
    lines = decode_text(path, content).splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _indices(path: Path, labels: Sequence[str], classes: Mapping[str, int], *, first_line: int) -> IntArray:
    """``first_line`` 0: the labels are words of one line."""
    if not labels:
        raise ManifestError(f"{path}: no label; a video has at least one frame")
    try:
        return np.fromiter(map(classes.__getitem__, labels), dtype=np.int64, count=len(labels))
    except KeyError:
        pass
    found = np.empty(len(labels), dtype=np.int64)
    for index, label in enumerate(labels):
        if label.strip() not in classes:
            place = f"line {index + first_line}" if first_line else f"label {index + 1}"
            raise ManifestError(f"{path}, {place}: {_unknown(label.strip(), classes)}")
        found[index] = classes[label.strip()]
    return found


def _unknown(label: str, classes: Mapping[str, int]) -> str:
    if not label:
        return "no label; every frame needs one"
    near = difflib.get_close_matches(label, classes, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"the first is '{next(iter(classes))}'"
    return f"'{label[:80]}' is none of the {len(classes)} classes of the mapping; {hint}"
