"""The data sets that have a name. Importing this reads nothing from disk."""

from __future__ import annotations

from collections.abc import Mapping

from twlv.data.named import (
    charades,
    diving48,
    epic_kitchens,
    hmdb51,
    imagenet,
    jester,
    kinetics,
    moments,
    ssv2,
    ucf101,
)
from twlv.data.named.card import NamedSet

TABLE: Mapping[str, NamedSet] = {
    card.name: card
    for card in (
        *kinetics.CARDS,
        *moments.CARDS,
        ssv2.CARD,
        diving48.CARD,
        epic_kitchens.CARD,
        imagenet.CARD,
        ucf101.CARD,
        hmdb51.CARD,
        jester.CARD,
        charades.CARD,
    )
}
"""Name -> card, the report's sets first."""


def summary(card: NamedSet) -> dict[str, object]:
    """What ``twlv data list`` shows of a card, as plain values."""
    return {
        "name": card.name,
        "title": card.title,
        "kind": card.kind,
        "licence": card.licence,
        "classes": {choice: found.num for choice, found in card.classes.items()},
        "class_order": {choice: found.order for choice, found in card.classes.items()},
        "class_list_sha256": {choice: found.sha256 for choice, found in card.classes.items()},
        "option": {card.choice.name: list(card.choice.values)} if card.choice else {},
        "expected": [
            {"split": c.split, "num": c.num, "source": c.source, "variant": c.choice} for c in card.counts
        ],
        "fetch": card.fetch,
        "naming_schemes": list(card.schemes),
        "endings": list(card.suffixes),
        "citation": card.citation,
    }
