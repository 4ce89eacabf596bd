"""The data sets that have a name. Importing this reads nothing from disk."""

from __future__ import annotations

from collections.abc import Mapping

from twlv.data.named import (
    ava,
    charades,
    diving48,
    epic_kitchens,
    hmdb51,
    imagenet,
    jester,
    kinetics,
    moments,
    ssv2,
    tube_sets,
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
        ava.CARD,
        tube_sets.UCF101_24,
        tube_sets.JHMDB,
    )
}
"""Name -> card, the report's sets first."""
