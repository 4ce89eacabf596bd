"""Pairs of classes that are each other's reverse in time, found in their names.

A label is taken apart into whole words. Every word of ``OPPOSITES`` in it is turned round; where that gives
another label of the set (the other words being the same), the two are a pair: "Moving something up" and
"Moving something down", "down-right" and "up-left", "Pushing something from left to right" and "Pulling
something from right to left". Not "up-right" and "down-right": time turns both words round.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

OPPOSITES: tuple[tuple[str, str], ...] = (
    ("up upward upwards", "down downward downwards"),
    ("left leftward leftwards", "right rightward rightwards"),
    ("in into inside inward inwards", "out|out of|outside|outward|outwards"),
    ("on onto", "off|off of"),
    ("forward forwards", "backward backwards reverse reversed"),
    ("clockwise", "counterclockwise|counter clockwise|anticlockwise|anti clockwise"),
    (
        "towards|toward|closer to|moving towards|moving toward|moving closer to|approaching",
        "away from|moving away from",
    ),
    ("open opens opening opened", "close closes closing closed"),
    ("push pushes pushing pushed", "pull pulls pulling pulled"),
    ("raise raises raising raised lift lifts lifting lifted", "lower lowers lowering lowered"),
    ("rise rises rising ascend ascends ascending", "fall falls falling descend descends descending"),
    ("enter enters entering", "exit exits exiting leave leaves leaving"),
    ("appear appears appearing", "disappear disappears disappearing"),
    ("grow grows growing expand expands expanding", "shrink shrinks shrinking contract contracts contracting"),
    ("accelerate accelerates accelerating", "decelerate decelerates decelerating"),
    ("fold folds folding", "unfold unfolds unfolding"),
    ("load loads loading", "unload unloads unloading"),
    ("lock locks locking", "unlock unlocks unlocking"),
    ("plug plugs plugging", "unplug unplugs unplugging"),
    ("wrap wraps wrapping", "unwrap unwraps unwrapping"),
    ("cover covers covering", "uncover uncovers uncovering"),
    ("attach attaches attaching", "detach detaches detaching"),
)
"""Words of one line mean the same or the opposite. ``|`` stands between words where some are of two parts."""


@dataclass(frozen=True, kw_only=True)
class ClassPair:
    """Two classes, by index, each the reverse of the other; ``name`` is ``up_vs_down``."""

    name: str
    first: int
    second: int


def find_pairs(classes: Sequence[str]) -> tuple[ClassPair, ...]:
    """Every pair of opposite labels, in class order; the first of a pair is named by the left of OPPOSITES."""
    taken = [_taken_apart(label) for label in classes]
    index = {parts: i for i, parts in reversed(list(enumerate(taken)))}
    found = []
    for i, parts in enumerate(taken):
        other = index.get(tuple(_turned(part) for part in parts), i)
        if other > i and index[parts] == i:
            first, second = (i, other) if _leads(parts) else (other, i)
            found.append((first, second))
    return named(classes, found)


def named(classes: Sequence[str], pairs: Sequence[tuple[int, int]]) -> tuple[ClassPair, ...]:
    """The pairs with names from the words in which their labels differ; from whole labels where those clash."""
    short = [_differing(classes[a], classes[b]) for a, b in pairs]
    names = [
        name if short.count(name) == 1 else f"{_slug(classes[a])}_vs_{_slug(classes[b])}"
        for name, (a, b) in zip(short, pairs, strict=True)
    ]
    return tuple(ClassPair(name=name, first=a, second=b) for name, (a, b) in zip(names, pairs, strict=True))


_Part = str | tuple[int, int]


def _phrases() -> dict[str, tuple[int, int]]:
    """Word or words of two parts -> (line of OPPOSITES, 0 left or 1 right)."""
    found = {}
    for line, sides in enumerate(OPPOSITES):
        for side, text in enumerate(sides):
            for phrase in text.split("|") if "|" in text else text.split():
                found[phrase] = (line, side)
    return found


_PHRASES = _phrases()
_WORD = re.compile("|".join(re.escape(p) for p in sorted(_PHRASES, key=len, reverse=True)) + r"|[^\W_]+")


def _words(label: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", label.lower()))


def _taken_apart(label: str) -> tuple[_Part, ...]:
    """Words as they are, opposites as (line, side): whole words only, the longest first."""
    found = re.findall(rf"\b(?:{_WORD.pattern})\b", _words(label))
    return tuple(_PHRASES.get(word, word) for word in found)


def _turned(part: _Part) -> _Part:
    return part if isinstance(part, str) else (part[0], 1 - part[1])


def _leads(parts: tuple[_Part, ...]) -> bool:
    """Whether the first opposite word of a label stands on the left."""
    return next((part[1] == 0 for part in parts if not isinstance(part, str)), True)


def _differing(one: str, other: str) -> str:
    first, second = _words(one).split(), _words(other).split()
    if len(first) == len(second):
        kept = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
        first, second = [a for a, _ in kept], [b for _, b in kept]
    return f"{'_'.join(first)}_vs_{'_'.join(second)}"


def _slug(label: str) -> str:
    return _words(label).replace(" ", "_")
