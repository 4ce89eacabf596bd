"""Which videos make up each pair of opposite classes, and which of them count the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twlv.errors import FeatureError, UnknownName
from twlv.tasks.opposites import ClassPair, find_pairs, named
from twlv.tasks.paired_table import PairedTable
from twlv.types import IntArray

Wanted = tuple[tuple[str, str], ...] | str
"""``auto``, ``none``, or pairs of labels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Members:
    """The videos of a pair: their ``rows`` (m,) of the table, and whether each is ``turned`` (m,).

    A video of the second class is turned: reversed it looks like the first.
    """

    name: str
    labels: tuple[str, str]
    rows: IntArray
    turned: npt.NDArray[np.bool_]


def members(
    wanted: Wanted, classes: Sequence[str], table: PairedTable, *, folds: int
) -> tuple[tuple[Members, ...], list[str]]:
    """The pairs that can be measured, and a note for each that was found but cannot.

    Raises:
        UnknownName: a given pair names a label that there is none of.
        FeatureError: a given pair has a class without videos, or fewer groups than folds.
    """
    found, notes = [], []
    for pair in _pairs(wanted, classes):
        rows = np.flatnonzero((table.labels == pair.first) | (table.labels == pair.second))
        why = _unfit(pair, classes, table, rows, folds)
        if why and wanted != "auto":
            raise FeatureError(f"the pair {pair.name}: {why}")
        if why:
            notes.append(f"the pair {pair.name} is left out: {why}")
            continue
        labels = classes[pair.first], classes[pair.second]
        turned = table.labels[rows] == pair.second
        found.append(Members(name=pair.name, labels=labels, rows=rows, turned=turned))
    return tuple(found), notes


def _pairs(wanted: Wanted, classes: Sequence[str]) -> tuple[ClassPair, ...]:
    if isinstance(wanted, str):
        return find_pairs(classes) if wanted == "auto" else ()
    for label in (label for pair in wanted for label in pair):
        if label not in classes:
            raise UnknownName("label in pairs", label, classes)
    index = {label: i for i, label in enumerate(classes)}
    return named(classes, [(index[one], index[other]) for one, other in wanted])


def _unfit(pair: ClassPair, classes: Sequence[str], table: PairedTable, rows: IntArray, folds: int) -> str:
    for which in (pair.first, pair.second):
        if not (table.labels == which).any():
            return f"no video with embeddings in both orders is labelled '{classes[which]}'"
    groups = len(np.unique(table.units[rows]))
    return (
        f"its {len(rows)} videos are of {groups} groups, {folds} folds need {folds}" if groups < folds else ""
    )
