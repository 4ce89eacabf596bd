"""Records as JSON and back, strictly: one pair of functions for all of them, driven by the type hints.

A dataclass becomes an object of its fields; one whose class must be known again (a member of a union
such as ``Sampling``) also carries ``kind``, its class name. Numbers take the declared type, so that
``clip_seconds=2`` and ``2.0`` are one text. Reading restores tuples and nested dataclasses, fills absent
fields with their defaults, and refuses unknown fields and values of another type.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from twlv.errors import InputError
from twlv.types import Json

T = TypeVar("T")


def canonical(value: Json) -> str:
    """The one text of a JSON value: keys sorted, no blanks, UTF-8 kept. InputError on NaN or infinity."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError) as error:
        raise InputError(f"not JSON: {error}; seen {value!r:.200}") from error


def to_json(value: object, kind: Any = None) -> Json:
    """The JSON value of a dataclass, of a union member, or of a plain value of type ``kind``."""
    kind = type(value) if kind is None else kind
    options = _union(kind)
    if options:
        return _union_to_json(value, options)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return {f.name: to_json(getattr(value, f.name), hints[f.name]) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, tuple | list):
        return [to_json(item, kind) for item, kind in zip(value, _item_kinds(kind, len(value)), strict=True)]
    if value is None or isinstance(value, bool | int | float | str):
        return float(value) if kind is float and type(value) is int else value
    raise InputError(f"cannot be written as JSON: {type(value).__name__} {value!r:.100}")


def from_json(kind: type[T], value: Json, *, where: str = "value") -> T:
    """Build ``kind`` (a dataclass, a union alias, a plain type) from JSON; InputError says which field."""
    return cast(T, _read(kind, value, where))


def _read(kind: Any, value: Json, where: str) -> object:
    origin = typing.get_origin(kind)
    if _union(kind):
        return _read_union(_union(kind), value, where)
    if _is_record(kind):
        return _read_dataclass(kind, value, where)
    if origin is typing.Literal:
        return _expect(value in typing.get_args(kind), value, where, f"one of {typing.get_args(kind)}")
    if origin is tuple:
        return _read_tuple(typing.get_args(kind), value, where)
    if origin is not None and issubclass(origin, Mapping):
        return _expect(isinstance(value, dict), value, where, "an object")
    return _read_plain(kind, value, where)


def _read_plain(kind: Any, value: Json, where: str) -> object:
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return float(cast(float, _expect(number, value, where, "a finite number")))
    right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    return _expect(right, value, where, kind.__name__)


def _read_dataclass(kind: type, value: Json, where: str) -> object:
    fields = {f.name: f for f in dataclasses.fields(kind)}
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected an object of {kind.__name__}, seen {value!r:.100}")
    unknown = [name for name in value if name not in fields]
    if unknown:
        raise InputError(
            f"{where}: {kind.__name__} has no field {', '.join(sorted(unknown))}; "
            "it was written by another version of twlv"
        )
    needed = [
        name
        for name, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    absent = [name for name in needed if name not in value]
    if absent:
        raise InputError(f"{where}: {kind.__name__} lacks the field {', '.join(absent)}")
    hints = _hints(kind)
    given = {name: _read(hints[name], value[name], f"{where}.{name}") for name in fields if name in value}
    return kind(**given)


def _read_tuple(arguments: tuple[Any, ...], value: Json, where: str) -> tuple[object, ...]:
    items = cast("list[Json]", _expect(isinstance(value, list), value, where, "a list"))
    if arguments[-1] is ...:
        arguments = (arguments[0],) * len(items)
    _expect(len(items) == len(arguments), value, where, f"a list of {len(arguments)}")
    return tuple(
        _read(kind, item, f"{where}[{i}]") for i, (kind, item) in enumerate(zip(arguments, items, strict=True))
    )


def _read_union(options: tuple[Any, ...], value: Json, where: str) -> object:
    if value is None and type(None) in options:
        return None
    classes = {option.__name__: option for option in options if _is_record(option)}
    if classes:
        name = value.get("kind") if isinstance(value, dict) else None
        _expect(isinstance(name, str) and name in classes, value, where, f"kind: one of {', '.join(classes)}")
        rest = {field: item for field, item in cast("dict[str, Json]", value).items() if field != "kind"}
        return _read(classes[cast(str, name)], rest, where)
    for option in options:
        if option is not type(None):
            return _read(option, value, where)
    return _expect(False, value, where, "null")


def _union_to_json(value: object, options: tuple[Any, ...]) -> Json:
    classes = [option for option in options if _is_record(option)]
    plain = [option for option in options if option is not type(None) and option not in classes]
    if type(value) in classes:
        return {"kind": type(value).__name__, **cast("dict[str, Json]", to_json(value))}
    return to_json(value, plain[0] if value is not None and len(plain) == 1 else type(value))


def _item_kinds(kind: Any, count: int) -> list[Any]:
    """The declared types of the items of a tuple or list; None where nothing is declared."""
    declared = typing.get_args(kind)
    if len(declared) == 2 and declared[1] is ...:
        return [declared[0]] * count
    return list(declared) if len(declared) == count else [None] * count


def _expect(holds: bool, value: Json, where: str, what: str) -> Json:
    if not holds:
        raise InputError(f"{where}: expected {what}, seen {value!r:.100}")
    return value


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and dataclasses.is_dataclass(kind)


def _union(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else ()


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
