"""Other settings of a recipe: fields by their dotted path, in frozen records within records.

An item of a tuple of records goes by its label or name (``objective.uses.pixels.weight``), or by its number.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from twlv.errors import UnknownName, UsageError

T = TypeVar("T")
Typed: TypeAlias = Callable[[str, Any, str], Any]
"""(dotted path, type hint, text) to a value of that type; raises UsageError."""

_Changes: TypeAlias = dict[tuple[str, ...], str]


def changed(record: T, settings: Mapping[str, str], *, typed: Typed) -> T:
    """A copy of ``record`` in which the fields at these paths are what the texts say.

    Every record is made once, with all that changes in it, so settings that only fit together can be given.

    Raises:
        UnknownName: no such field or item, with the nearest.
        UsageError: a path ends at a record, or goes on beyond a plain value; a value of another type; or what
            the records themselves refuse.
    """
    result: T = _changed(record, {tuple(path.split(".")): text for path, text in settings.items()}, "", typed)
    return result


def _changed(value: Any, changes: _Changes, before: str, typed: Typed) -> Any:
    """A record or a tuple of records, with the changes whose paths start in it."""
    if not changes:
        return value
    if () in changes:
        raise UsageError(f"{before} is no single value; name one of: {', '.join(_names(value))}")
    new = {}
    for name in dict.fromkeys(path[0] for path in changes):
        inner = {path[1:]: text for path, text in changes.items() if path[0] == name}
        place = _place(value, name, before)
        here = f"{before}.{name}" if before else name
        new[place] = _inner(value, place, inner, here, typed)
    if isinstance(value, tuple):
        return tuple(new.get(number, item) for number, item in enumerate(value))
    return dataclasses.replace(value, **new)


def _inner(value: Any, place: Any, changes: _Changes, here: str, typed: Typed) -> Any:
    current = value[place] if isinstance(value, tuple) else getattr(value, place)
    if _has_names(current):
        return _changed(current, changes, here, typed)
    if list(changes) != [()]:
        raise UsageError(f"{here} has no fields; it is {current!r}")
    return typed(here, typing.get_type_hints(type(value))[place], changes[()])


def _place(value: Any, name: str, before: str) -> Any:
    """The field's name, or the item's number."""
    names = _names(value)
    if name in names:
        return names.index(name) if isinstance(value, tuple) else name
    if isinstance(value, tuple) and name.isdecimal() and int(name) < len(value):
        return int(name)
    prefix = f"{before}." if before else ""
    raise UnknownName("setting", prefix + name, [prefix + known for known in names])


def _has_names(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(dataclasses.is_dataclass(item) for item in value)
    return dataclasses.is_dataclass(value)


def _names(value: Any) -> list[str]:
    if not isinstance(value, tuple):
        return [field.name for field in dataclasses.fields(value)]
    return [
        str(getattr(item, "label", "") or getattr(item, "name", "") or number)
        for number, item in enumerate(value)
    ]
