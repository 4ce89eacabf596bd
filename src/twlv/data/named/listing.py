"""Cards for people and for programs: what ``twlv data list`` shows."""

from __future__ import annotations

from collections.abc import Iterator

from twlv.data.named.card import Count, NamedSet


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


def text(card: NamedSet) -> str:
    """What ``twlv data list`` prints of a card, a few lines."""
    return "\n".join(_lines(card))


def _lines(card: NamedSet) -> Iterator[str]:
    numbers = {choice: found.num for choice, found in card.classes.items()}
    classes = ", ".join(f"{num:,} {choice + 's' if choice else 'classes'}" for choice, num in numbers.items())
    yield f"{card.name}: {card.title.partition(',')[0]}, {card.kind or 'of no one kind'}, {classes}"
    if card.choice:
        yield f"  {card.choice.name} {', '.join(card.choice.values)}: {card.choice.meaning}"
    for split in dict.fromkeys(count.split for count in card.counts):
        yield f"  {split}: {', '.join(_size(card, c) for c in card.counts if c.split == split)}"
    yield f"  licence: {card.licence}"
    yield f"  get by hand: {card.fetch}"


def _size(card: NamedSet, count: Count) -> str:
    choice = f"{card.choice.name} {count.choice}, " if card.choice and count.choice else ""
    return f"{count.num:,} ({choice}{count.source})"
