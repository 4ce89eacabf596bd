"""Which data sets must not be mirrored, because their classes have a direction."""

from __future__ import annotations

import re

from twlv.augmentation import Augmentation
from twlv.errors import UsageError
from twlv.types import DatasetCard

_WORD = re.compile(r"\b(left|right|leftwards?|rightwards?|clockwise|counter-?clockwise|anti-?clockwise)\b")


def direction_of(card: DatasetCard) -> str:
    """Why the classes of this data set have a direction, as a part of a sentence; empty if nothing says so.

    A card of kind ``motion`` (Something-Something-v2, Jester, Diving-48, the synthetic motions), or class names
    that speak of left, right or clockwise, as those of the report's and others' data sets do.
    """
    if card.kind == "motion":
        return "its card says that its classes are motions"
    for name in card.classes:
        if _WORD.search(re.sub(r"[_\W]+", " ", name).casefold()):
            return f"its class '{name}' has a direction"
    return ""


def check_flip(augmentation: Augmentation, card: DatasetCard) -> None:
    """Raises UsageError if clips of a data set with directions were to be mirrored without being told so."""
    if not augmentation.flip or augmentation.flip_directions:
        return
    reason = direction_of(card)
    if reason:
        raise UsageError(
            f"{card.name}: a clip mirrored left to right would keep its label, but {reason}; set flip=0, or "
            "flip_directions=true if the label of a mirrored clip is still right"
        )
