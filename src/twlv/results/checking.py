"""JSON values checked against the fields of a dataclass, with errors that name the file and the place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, TypeVar

from twlv.errors import ResultError

Record = TypeVar("Record")


@dataclasses.dataclass(frozen=True)
class JsonObject:
    """A JSON object with the place it was found at, for messages."""

    raw: object
    file: str
    where: str

    @property
    def value(self) -> dict[str, Any]:
        """The object itself; raises ResultError if it is something else."""
        if not isinstance(self.raw, dict):
            raise self.wrong("", "an object", self.raw)
        return self.raw

    def child(self, name: str, *, required: bool = True) -> JsonObject:
        """The object in a field; an absent or null one is an error, or empty if not ``required``."""
        found = self.value.get(name)
        if found is None:
            if required:
                raise ResultError(f"{self.file}: no field '{self.place(name)}'")
            found = {}
        return JsonObject(found, self.file, self.place(name))

    def place(self, name: str) -> str:
        """Where a field stands in the document, as ``coverage.failed``."""
        return ".".join(part for part in (self.where, name) if part)

    def wrong(self, name: str, wanted: str, seen: object) -> ResultError:
        """The error for a field of the wrong kind."""
        shown = repr(seen)
        return ResultError(
            f"{self.file}: field '{self.place(name)}' must be {wanted}, "
            f"got {kind_of(seen)} {shown if len(shown) < 60 else shown[:57] + '...'}"
        )


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def is_number(value: object) -> bool:
    """Whether it is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_int(value: object) -> bool:
    """Whether it is a whole number (true and false are not)."""
    return isinstance(value, int) and not isinstance(value, bool)


def list_of(check: Callable[[object], bool], length: int | None = None) -> Callable[[object], bool]:
    """A check that a value is a list (of this length) whose items all pass ``check``."""

    def is_list(value: object) -> bool:
        return isinstance(value, list) and length in (None, len(value)) and all(map(check, value))

    return is_list


def is_text(value: object) -> bool:
    """Whether it is a string."""
    return isinstance(value, str)


_KINDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "str": ("text", is_text),
    "int": ("a whole number", is_int),
    "float": ("a number", is_number),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "Mapping[str, Json]": ("an object", lambda value: isinstance(value, dict)),
    "Mapping[str, str]": (
        "an object of texts",
        lambda value: isinstance(value, dict) and all(map(is_text, value.values())),
    ),
    "tuple[str, ...]": ("a list of texts", list_of(is_text)),
    "tuple[int, int, int]": ("three whole numbers", list_of(is_int, 3)),
    "tuple[float, float, float]": ("three numbers", list_of(is_number, 3)),
}
"""What a field's annotation (as written: annotations are strings here) asks of its JSON value."""


def build(kind: type[Record], found: JsonObject) -> Record:
    """A flat record from an object: known fields checked, unknown ones ignored, absent ones by default."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name not in found.value:
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise ResultError(f"{found.file}: no field '{found.place(field.name)}'")
            continue
        value = found.value[field.name]
        annotation = str(field.type)
        known = "str" if annotation.startswith("Literal") else annotation
        wanted, check = _KINDS.get(known, ("anything", lambda value: True))
        if not check(value):
            raise found.wrong(field.name, wanted, value)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
