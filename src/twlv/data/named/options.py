"""The options of a data set by name: what every set takes, and the one choice that is its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twlv.data.named.card import NamedSet
from twlv.errors import UnknownName, UsageError


@dataclass(frozen=True, kw_only=True)
class Options:
    """``choice`` is the value of the set's own option, ``""`` if it has none; ``selection`` is for results."""

    splits: tuple[str, ...]
    choice: str = ""
    fps: float | None = None
    selection: str = ""


def parse(card: NamedSet, given: Mapping[str, object]) -> Options:
    """The options out of keywords; ``variant`` stands for the set's own option, whatever its name.

    ``splits``: which to read (a text or a sequence). ``fps``: the rate of folders of frames.
    UnknownName for a keyword, a split or a value that is not there; UsageError for a rate that is none.
    """
    given = dict(given)
    own = card.choice.name if card.choice else ""
    if own and own != "variant" and given.get("variant") is not None:
        given.setdefault(own, given["variant"])
    known = ["splits", "fps", *([own] if own else [])]
    for name, value in given.items():
        if value is not None and name not in known and not (own and name == "variant"):
            raise UnknownName(f"option of {card.name}", name, known)
    choice = _choice(card, given.get(own))
    default = not card.choice or choice == card.choice.values[0]
    splits = _splits(card, given.get("splits"))
    return Options(
        splits=splits,
        choice=choice,
        fps=_fps(card, given.get("fps")),
        selection="" if default else f"{own}={choice}",
    )


def _choice(card: NamedSet, value: object) -> str:
    if card.choice is None:
        return ""
    text = card.choice.values[0] if value is None else str(value)
    if text not in card.choice.values:
        raise UnknownName(f"{card.choice.name} of {card.name}", text, card.choice.values)
    return text


def _splits(card: NamedSet, value: object) -> tuple[str, ...]:
    if value is None:
        return card.splits
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Sequence) else ()
    for name in names:
        if name not in card.known_splits:
            raise UnknownName(f"split of {card.name}", str(name), card.known_splits)
    if not names:
        raise UsageError(f"splits is {value!r}; give some of {', '.join(card.known_splits)}")
    return tuple(dict.fromkeys(map(str, names)))


def _fps(card: NamedSet, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise UsageError(f"{card.name}: fps is {value!r}; it needs a positive number of frames a second")
    return float(value)
