"""Typed values for a dataclass from words, YAML values or ``field=value`` settings.

jsonargparse does the typing, so that ``--set`` of a task, a flag and a line of a YAML file follow one rule.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from twlv.errors import UnknownName, UsageError

T = TypeVar("T")


def build(
    cls: type[T], values: Mapping[str, Any], *, kind: str = "option", shown: Callable[[str], str] = str
) -> T:
    """An instance of the dataclass ``cls`` from untyped values.

    ``kind`` and ``shown`` (what messages call a field) word the errors. Raises UnknownName for a field
    that ``cls`` lacks, UsageError for a value of the wrong type, for a missing one and for whatever ``cls``
    itself refuses with a ValueError.
    """
    from jsonargparse import ArgumentError, ArgumentParser

    known = [field.name for field in dataclasses.fields(cls) if field.init]  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            raise UnknownName(kind, shown(name), [shown(k) for k in known])
    _require(cls, values, shown)
    parser = ArgumentParser(exit_on_error=False)
    hints = typing.get_type_hints(cls)  # jsonargparse's own look misses what only a second base imports
    for name in known:
        parser.add_argument(f"--{name}", type=hints[name])
    try:
        typed = parser.parse_object(dict(values)).as_dict()
        return cls(**{name: typed[name] for name in known if name in values})
    except ArgumentError as error:
        raise UsageError(_reworded(str(error), cls, values, shown)) from error
    except ValueError as error:
        raise UsageError(str(error)) from error


def parse_settings(words: Sequence[str], *, flag: str = "--set") -> dict[str, str]:
    """``["k=5", "t=0.1"]`` to a mapping. Raises UsageError for a word without ``=`` or a repeated name."""
    settings: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (equals and name.strip()):
            raise UsageError(f"{flag} takes name=value, got '{word}'; type for example: {flag} k=5")
        name = name.strip()
        if name in settings:
            raise UsageError(f"{flag} names '{name}' twice: {settings[name]} and {value}")
        settings[name] = value
    return settings


def _require(cls: type[Any], values: Mapping[str, Any], shown: Callable[[str], str]) -> None:
    missing = [
        shown(field.name)
        for field in dataclasses.fields(cls)
        if field.init
        and field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise UsageError(f"missing: {', '.join(missing)}")


def _reworded(message: str, cls: type[Any], values: Mapping[str, Any], shown: Callable[[str], str]) -> str:
    """jsonargparse's message in our words: which field, what was expected, what was seen."""
    found = re.search(r'Parser key "(\w+)"', message)
    if not found:
        return message
    name = found.group(1)
    expected = type_text(typing.get_type_hints(cls)[name])
    return f"{shown(name)}: expected {expected}, got {values.get(name)!r}"


def type_text(hint: Any) -> str:
    """A type in words: ``int or none``, ``one of clip, time``, ``a list of float``."""
    args = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return f"one of {', '.join(map(str, args))}"
    if origin is tuple:
        return f"a list of {type_text(args[0])}, written [a, b]"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(type_text(arg) for arg in args)
    return "none" if hint is types.NoneType else str(getattr(hint, "__name__", hint))
