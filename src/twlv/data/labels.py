"""Label texts to class indices.

Integers are indices. Names are numbered in sorted order, unless a class list is given: the official order
of many data sets is not the sorted one (Something-Something-v2, Jester, Moments in Time, UCF101), so a
given list is never sorted again.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from twlv.data.rows import Row, Table
from twlv.errors import InputError, ManifestError
from twlv.types import ClassLabel, Target

MAX_CLASSES = 10_000_000
_INTEGER = re.compile(r"[+-]?\d+")


def read_classes(classes: Sequence[str] | str | Path | None) -> tuple[str, ...] | None:
    """A class list as given, or from a text file with one name a line (order kept). InputError if unusable."""
    if classes is None:
        return None
    where = "classes"
    if isinstance(classes, str | Path):
        where = str(classes)
        try:
            text = Path(classes).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{where}: the class list cannot be read ({error}); one name a line, UTF-8"
            ) from error
        classes = [line.strip() for line in text.splitlines() if line.strip()]
    twice = sorted({name for name in classes if list(classes).count(name) > 1}) if classes else []
    if twice or not classes:
        seen = f"'{twice[0]}' stands twice" if twice else "it is empty"
        raise InputError(f"{where}: not a class list: {seen}")
    return tuple(classes)


def to_targets(
    table: Table, rows: Sequence[Row], classes: tuple[str, ...] | None
) -> tuple[list[Target], tuple[str, ...]]:
    """One target a row (None where the label is empty), and the class names in index order.

    The classes are those of all rows, whatever their split. ManifestError names the lines where integers
    and names are mixed, a label is out of range or unknown, or labels look counted from 1.
    """
    labelled = [row for row in rows if row.values.get("label")]
    if not labelled:
        return [None] * len(rows), classes or ()
    integers = [row for row in labelled if _INTEGER.fullmatch(row.values["label"])]
    if integers and len(integers) < len(labelled):
        _refuse_mixture(table, labelled, integers)
    if integers:
        classes = _check_indices(table, integers, classes)
        return [_index(row) for row in rows], classes
    return _names(table, rows, classes)


def _index(row: Row) -> Target:
    label = row.values.get("label")
    return ClassLabel(index=int(label)) if label else None


def _refuse_mixture(table: Table, labelled: Sequence[Row], integers: Sequence[Row]) -> None:
    numbered = {row.line for row in integers}
    named = next(row for row in labelled if row.line not in numbered)
    first = integers[0]
    raise table.error(
        max(named.line, first.line),
        f"labels mix names and integers: '{named.values['label']}' in line {named.line}, "
        f"'{first.values['label']}' in line {first.line}; use one kind",
    )


def _check_indices(table: Table, rows: Sequence[Row], classes: tuple[str, ...] | None) -> tuple[str, ...]:
    low = min(rows, key=lambda row: int(row.values["label"]))
    high = max(rows, key=lambda row: int(row.values["label"]))
    lowest, highest = int(low.values["label"]), int(high.values["label"])
    if lowest < 0:
        raise table.error(low.line, f"label {lowest}; indices count from 0 (leave it empty for no label)")
    if classes is None:
        if highest >= MAX_CLASSES:
            raise table.error(high.line, f"label {highest} is no class index; give names instead")
        return tuple(str(index) for index in range(highest + 1))
    if highest == len(classes) and lowest >= 1:
        raise table.error(
            high.line,
            f"label {highest} with {len(classes)} classes: the labels run from {lowest} to {highest} and "
            f"look counted from 1; subtract 1 (indices are 0 to {len(classes) - 1})",
        )
    if highest >= len(classes):
        raise table.error(
            high.line, f"label {highest}, but there are {len(classes)} classes (0 to {len(classes) - 1})"
        )
    return classes


def _names(
    table: Table, rows: Sequence[Row], classes: tuple[str, ...] | None
) -> tuple[list[Target], tuple[str, ...]]:
    if classes is None:
        classes = tuple(sorted({row.values["label"] for row in rows if row.values.get("label")}))
    index = {name: i for i, name in enumerate(classes)}
    targets: list[Target] = []
    for row in rows:
        label = row.values.get("label", "")
        if label and label not in index:
            raise _unknown_label(table, row, label, classes)
        targets.append(ClassLabel(index=index[label]) if label else None)
    return targets, classes


def _unknown_label(table: Table, row: Row, label: str, classes: tuple[str, ...]) -> ManifestError:
    near = difflib.get_close_matches(label, classes, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"the first is '{classes[0]}'"
    return table.error(row.line, f"label '{label}' is not among the {len(classes)} given classes; {hint}")
