"""Cards to JSON and back, without losing or inventing a field."""

from __future__ import annotations

from typing import cast

from twlv.codec import from_json, to_json
from twlv.errors import InputError, WeightsError
from twlv.types import BackboneCard, Json


def card_to_json(card: BackboneCard) -> dict[str, Json]:
    """Every field, tuples as lists."""
    return cast("dict[str, Json]", to_json(card))


def card_from_json(values: Json, *, source: str) -> BackboneCard:
    """The card of a JSON object.

    Raises:
        WeightsError: not an object, or a field that is missing, unknown or of another type.
    """
    try:
        return from_json(BackboneCard, values, where="the card")
    except InputError as error:
        raise WeightsError(f"{source}: {error}") from error
