"""Which points are drawn, and which classes get a colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twlv.errors import UnknownName, UsageError
from twlv.viz.points import NO_LABEL, Points

MOST = 20
"""More colours and markers cannot be told apart; the other classes are grey."""

USUAL = 10


@dataclass(frozen=True, kw_only=True)
class Colouring:
    """``shown``: the classes that have a colour, by index, in the order of the legend. ``drawn``: by chance."""

    shown: tuple[int, ...] = ()
    drawn: bool = False


def choose_points(points: Points, *, share: float = 1.0, seed: int = 0) -> Points:
    """A uniform share of the points, drawn with a seed, in their order.

    Raises:
        UsageError: the share is not in (0, 1].
    """
    if not 0 < share <= 1:
        raise UsageError(f"--share is a fraction above 0 and up to 1, got {share:g}")
    if share == 1:
        return points
    count = max(1, round(share * len(points)))
    rows = np.sort(np.random.default_rng(seed).choice(len(points), count, replace=False))
    return points.take(rows, f"{count} of {len(points)} points, drawn uniformly with seed {seed}")


def choose_classes(
    points: Points, *, include: Sequence[str] = (), num_classes: int | None = None, seed: int = 0
) -> Colouring:
    """The classes to colour: those named, else all if there are at most 20, else 10 drawn with the seed.

    Raises:
        UnknownName: a class that the data set does not have, with the nearest.
        UsageError: more than 20, both ways of choosing at once, or a class without a point.
    """
    if include and num_classes is not None:
        raise UsageError("--include and --num-classes both say which classes are coloured; give one of them")
    if len(include) > MOST or not 0 <= (num_classes or 0) <= MOST:
        asked = len(include) or num_classes
        raise UsageError(f"{asked} classes to colour; at most {MOST} can be told apart, the others are grey")
    present = points.present
    if include:
        return Colouring(shown=tuple(dict.fromkeys(class_index(points, name) for name in include)))
    if num_classes is None:
        num_classes = USUAL if len(present) > MOST else len(present)
    if num_classes >= len(present):
        return Colouring(shown=present)
    drawn = np.random.default_rng(seed).choice(len(present), num_classes, replace=False)
    return Colouring(shown=tuple(present[i] for i in sorted(drawn)), drawn=True)


def class_index(points: Points, name: str) -> int:
    """The index of a class that has a point.

    Raises:
        UnknownName: no such class; names the nearest.
        UsageError: the points have no labels, or the class has no point.
    """
    if not points.present:
        raise UsageError(
            f"class '{name}': the points have no labels; say --dataset MANIFEST with a column 'label'"
        )
    if name not in points.classes:
        raise UnknownName("class", name, points.classes)
    index = points.classes.index(name)
    if index not in points.present:
        raise UsageError(
            f"class '{name}' has no point here: no video of it is embedded, or it is in another split"
        )
    return index


def only(points: Points, shown: Sequence[int]) -> Points:
    """The points of these classes alone."""
    rows = np.isin(points.labels, shown)
    return points.take(rows, f"only {len(shown)} of {len(points.present)} classes are in the picture")


def labelled(points: Points) -> Points:
    """The points that have a label."""
    rows = points.labels != NO_LABEL
    return points if rows.all() else points.take(rows, f"{int((~rows).sum())} points have no label")
