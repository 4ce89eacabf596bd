"""Cards to JSON and back, without losing or inventing a field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from twlv.errors import WeightsError
from twlv.types import BackboneCard, Json

_TUPLES: Mapping[str, tuple[int | None, type]] = {
    "patch": (3, int),
    "mean": (3, float),
    "std": (3, float),
    "pretrained_on": (None, str),
}
_CHOICES = {
    "resize_mode": ("short_side", "stretch"),
    "interpolation": ("bilinear", "bicubic"),
    "modality": ("video", "image"),
    "pool": ("mean", "cls"),
    "dtype": ("float32", "bfloat16"),
}
_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("dim", "num_params", "num_frames", "image_size_px", "resize_px"), int),
    **dict.fromkeys(("name", "weights", "weights_sha256", "licence", "citation", "source"), str),
    "flexible_frames": bool,
    "details": dict,
}


def card_to_json(card: BackboneCard) -> dict[str, Json]:
    """Every field, tuples as lists."""
    values: dict[str, Any] = {field.name: getattr(card, field.name) for field in dataclasses.fields(card)}
    return {**values, **{name: list(values[name]) for name in _TUPLES}, "details": dict(card.details)}


def card_from_json(values: object, *, source: str) -> BackboneCard:
    """The card of a JSON object.

    Raises:
        WeightsError: not an object, or a field that is missing, unknown or of another type.
    """
    if not isinstance(values, Mapping):
        raise WeightsError(f"{source}: the card is not a JSON object")
    fields = {field.name: field for field in dataclasses.fields(BackboneCard)}
    unknown = sorted(set(values) - set(fields))
    missing = sorted(
        name
        for name, field in fields.items()
        if name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    )
    if unknown or missing:
        raise WeightsError(
            f"{source}: the card has unknown fields ({', '.join(unknown) or 'none'}) "
            f"and lacks ({', '.join(missing) or 'none'})"
        )
    made: dict[str, Any] = {name: _checked(name, value, source) for name, value in values.items()}
    return BackboneCard(**made)


def _checked(name: str, value: Any, source: str) -> Any:
    if name in _TUPLES and _is_list_of(value, *_TUPLES[name]):
        return tuple(value)
    if name in _CHOICES and value in _CHOICES[name]:
        return value
    if name in _TYPES and type(value) is _TYPES[name]:
        return value
    raise WeightsError(f"{source}: the card's {name} is {value!r}, which is not what that field may hold")


def _is_list_of(value: Any, length: int | None, kind: type) -> bool:
    if not isinstance(value, list) or length not in (None, len(value)):
        return False
    return all(type(item) is kind or (kind is float and type(item) is int) for item in value)
