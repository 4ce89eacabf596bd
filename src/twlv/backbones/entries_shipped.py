"""Table lines of the weights that come with the package: one folder each, as ``twlv.backbones.save`` writes it.

The card beside the weights is the only place where their numbers stand. No torch.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from twlv.backbones.cards import card_from_json
from twlv.backbones.entry import RANDOM, Entry

FOLDER = Path(__file__).parent / "shipped_weights"


def _shipped(name: str, *, summary: str) -> Entry:
    source = FOLDER / name / "card.json"
    document = json.loads(source.read_text(encoding="utf-8"))
    return Entry(
        card=card_from_json(document["card"], source=str(source)),
        kind=document["kind"],
        config=document["config"],
        loader="twlv.backbones.shipped:load",
        weights_at="in this package",
        summary=summary,
        commercial_use=True,
    )


def _untrained(entry: Entry) -> Entry:
    """The same architecture as it was before its training."""
    card = replace(
        entry.card,
        name=f"{entry.card.name.partition('.')[0]}.random",
        weights="random, seed 0",
        weights_sha256="",
        pretrained_on=(),
        source="",
    )
    return replace(
        entry,
        card=card,
        loader=RANDOM,
        weights_at="drawn from seed 0",
        summary="the same, untrained: what training has to beat",
    )


_TINY = _shipped(
    "twlv1_tiny.rendered",
    summary="TWLV-I-style, trained by twlv1_tiny_cpu on rendered clips: motion, and looks from an image model",
)

ENTRIES: tuple[Entry, ...] = (_TINY, _untrained(_TINY))
