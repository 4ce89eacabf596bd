"""A Result as a JSON document, and back, with every field checked.

Rules for versions: a field that this version does not know is kept at the top level (``Result.extra``) and
ignored deeper; an optional field that is absent has its default; a file of a newer schema is refused.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

from twlv.errors import ResultError
from twlv.results.canonical import dumps, jsonable
from twlv.results.result import (
    SCHEMA,
    DatasetRecord,
    Predictions,
    Reference,
    Result,
    TaskRecord,
)
from twlv.types import BackboneCard, Coverage, Json, Score

Record = TypeVar("Record")

_PLAIN = ("embedding", "seeds", "environment", "seconds", "details")


def to_document(result: Result) -> dict[str, Json]:
    """The result as plain JSON, fields in a fixed order, scores in their order of importance."""
    predictions = result.predictions
    return {
        "schema": SCHEMA,
        "task": jsonable(result.task),
        "dataset": jsonable(result.dataset),
        "scores": jsonable(result.scores),
        "coverage": {
            **_coverage(result.coverage),
            "by_split": {name: _coverage(part) for name, part in result.coverage_by_split.items()},
        },
        "contaminated": result.contaminated,
        "contaminated_by": list(result.contaminated_by),
        "reference": jsonable(result.reference) if result.reference else None,
        "notes": list(result.notes),
        "backbone": jsonable(result.backbone),
        **{name: jsonable(getattr(result, name)) for name in _PLAIN},
        "predictions": {
            "video_id": list(predictions.video_ids),
            "truth": list(predictions.truth),
            "predicted": list(predictions.predicted),
        },
        **dict(result.extra),
    }


def to_json(result: Result) -> str:
    """The text of a result's file."""
    return dumps(to_document(result))


def _coverage(coverage: Coverage) -> dict[str, Json]:
    counts: dict[str, Json] = {
        "expected": coverage.expected,
        "present": coverage.present,
        "decoded": coverage.decoded,
        "used": coverage.used,
    }
    return {**counts, "failed": {name: coverage.failed[name] for name in sorted(coverage.failed)}}


# ---------------------------------------------------------------- reading


def from_json(text: str, file: str = "<text>") -> Result:
    """The Result in a file's text; ``file`` is named in errors.

    Raises:
        ResultError: not JSON, not a result, a newer schema, or a field of the wrong kind; says which and what.
    """
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ResultError(f"{file}: not a result: nested too deeply") from error
    except ValueError as error:
        raise ResultError(f"{file}: not JSON: {error}; it begins with {text[:40]!r}") from error
    return from_document(document, file)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def from_document(document: object, file: str = "<document>") -> Result:
    """The Result in a JSON document (see ``from_json``)."""
    _check_schema(document, file)
    top = _Object(document, file, "")
    coverage = top.child("coverage")
    by_split = coverage.child("by_split", required=False)
    scores = top.child("scores")
    references = top.child("reference", required=False)
    return Result(
        task=_build(TaskRecord, top.child("task")),
        dataset=_build(DatasetRecord, top.child("dataset")),
        backbone=_build(BackboneCard, top.child("backbone")),
        scores={name: _score(scores.child(name)) for name in scores.value},
        coverage=_build(Coverage, coverage),
        coverage_by_split={name: _build(Coverage, by_split.child(name)) for name in by_split.value},
        contaminated_by=_names(top, "contaminated_by"),
        reference={name: _build(Reference, references.child(name)) for name in references.value},
        notes=_names(top, "notes"),
        **{name: top.child(name, required=False).value for name in _PLAIN},
        predictions=_predictions(top.child("predictions", required=False)),
        extra={name: value for name, value in top.value.items() if name not in _KNOWN},
        file=file,
    )


_KNOWN = frozenset(
    {"schema", "task", "dataset", "scores", "coverage", "contaminated", "contaminated_by", "reference", "notes"}
    | {"backbone", "predictions", *_PLAIN}
)


def _check_schema(document: object, file: str) -> None:
    if not isinstance(document, dict):
        raise ResultError(f"{file}: not a result: a JSON object is needed, this is {_kind(document)}")
    schema = document.get("schema")
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1 or "scores" not in document:
        seen = ", ".join(list(document)[:6]) or "nothing"
        raise ResultError(
            f"{file}: not a twlv result: no 'schema' number or no 'scores'; its fields are {seen}"
        )
    if schema > SCHEMA:
        raise ResultError(
            f"{file}: written in schema {schema}, this twlv reads up to {SCHEMA}; "
            f"type: pip install --upgrade twlv"
        )


@dataclasses.dataclass(frozen=True)
class _Object:
    """A JSON object with the place it was found at, for messages."""

    raw: object
    file: str
    where: str

    @property
    def value(self) -> dict[str, Any]:
        if not isinstance(self.raw, dict):
            raise self.wrong("", "an object", self.raw)
        return self.raw

    def child(self, name: str, *, required: bool = True) -> _Object:
        found = self.value.get(name)
        if found is None:
            if required:
                raise ResultError(f"{self.file}: no field '{self.place(name)}'")
            found = {}
        return _Object(found, self.file, self.place(name))

    def place(self, name: str) -> str:
        return ".".join(part for part in (self.where, name) if part)

    def wrong(self, name: str, wanted: str, seen: object) -> ResultError:
        shown = repr(seen)
        return ResultError(
            f"{self.file}: field '{self.place(name)}' must be {wanted}, "
            f"got {_kind(seen)} {shown if len(shown) < 60 else shown[:57] + '...'}"
        )


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _list_of(check: Callable[[object], bool], length: int | None = None) -> Callable[[object], bool]:
    def is_list(value: object) -> bool:
        return isinstance(value, list) and length in (None, len(value)) and all(map(check, value))

    return is_list


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_KINDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "str": ("text", _is_text),
    "int": ("a whole number", _is_int),
    "float": ("a number", _is_number),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "Mapping[str, Json]": ("an object", lambda value: isinstance(value, dict)),
    "Mapping[str, str]": (
        "an object of texts",
        lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
    ),
    "tuple[str, ...]": ("a list of texts", _list_of(_is_text)),
    "tuple[int, int, int]": ("three whole numbers", _list_of(_is_int, 3)),
    "tuple[float, float, float]": ("three numbers", _list_of(_is_number, 3)),
}
"""What a field's annotation (as written: annotations are strings here) asks of its JSON value."""


def _build(kind: type[Record], found: _Object) -> Record:
    """A flat record from an object: known fields checked, unknown ones ignored, absent ones by default."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name not in found.value:
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise ResultError(f"{found.file}: no field '{found.place(field.name)}'")
            continue
        value = found.value[field.name]
        annotation = str(field.type)
        wanted, check = _KINDS["str" if annotation.startswith("Literal") else annotation]
        if not check(value):
            raise found.wrong(field.name, wanted, value)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)


def _score(found: _Object) -> Score:
    """A score; a null value is one that was not finite and is read as NaN."""
    raw = dict(found.value)
    interval = raw.pop("ci95", None)
    if raw.get("value", "") is None:
        raw["value"] = math.nan
    if interval is not None and not _list_of(lambda end: end is None or _is_number(end), 2)(interval):
        raise found.wrong("ci95", "two numbers or null", interval)
    plain = _build(_PlainScore, _Object(raw, found.file, found.where))
    known = interval is not None and None not in interval
    return Score(**dataclasses.asdict(plain), ci95=(interval[0], interval[1]) if known else None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _PlainScore:
    value: float
    unit: str
    n: int
    higher_is_better: bool = True


def _names(found: _Object, name: str) -> tuple[str, ...]:
    value = found.value.get(name) or []
    if not _list_of(_is_text)(value):
        raise found.wrong(name, "a list of texts", value)
    return tuple(value)


def _predictions(found: _Object) -> Predictions:
    columns = [found.value.get(name) or [] for name in ("video_id", "truth", "predicted")]
    checks = (_is_text, _is_int, lambda value: value is None or _is_int(value))
    for name, column, check in zip(("video_id", "truth", "predicted"), columns, checks, strict=True):
        if not _list_of(check)(column):
            raise found.wrong(name, "a list of ids, or of class indices", column)
    if len({len(column) for column in columns}) > 1:
        raise ResultError(
            f"{found.file}: the columns of 'predictions' have lengths {[len(c) for c in columns]}"
        )
    ids, truth, predicted = columns
    return Predictions(video_ids=tuple(ids), truth=tuple(truth), predicted=tuple(predicted))
