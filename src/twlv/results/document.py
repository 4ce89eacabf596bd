"""A Result as a JSON document, and back, with every field checked.

Rules for versions: a field that this version does not know is kept at the top level (``Result.extra``) and
ignored deeper; an optional field that is absent has its default; a file of a newer schema is refused.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

from twlv.errors import ResultError
from twlv.results.canonical import dumps, jsonable
from twlv.results.checking import JsonObject, build, is_int, is_number, is_text, kind_of, list_of
from twlv.results.result import (
    SCHEMA,
    DatasetRecord,
    Predictions,
    Reference,
    Result,
    TaskRecord,
)
from twlv.types import BackboneCard, Coverage, Json, Score

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
            **({"group": list(predictions.groups)} if predictions.groups else {}),
        },
        **{name: value for name, value in result.extra.items() if name not in _KNOWN},
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
        document = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise ResultError(f"{file}: not a result: nested too deeply") from error
    except ValueError as error:
        raise ResultError(f"{file}: not JSON: {error}; it begins with {text[:40]!r}") from error
    return from_document(document, file)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large for a number")
    return value


def from_document(document: object, file: str = "<document>") -> Result:
    """The Result in a JSON document (see ``from_json``)."""
    _check_schema(document, file)
    top = JsonObject(document, file, "")
    coverage = top.child("coverage")
    by_split = coverage.child("by_split", required=False)
    scores = top.child("scores")
    references = top.child("reference", required=False)
    return Result(
        task=build(TaskRecord, top.child("task")),
        dataset=build(DatasetRecord, top.child("dataset")),
        backbone=build(BackboneCard, top.child("backbone")),
        scores={name: _score(scores.child(name)) for name in scores.value},
        coverage=build(Coverage, coverage),
        coverage_by_split={name: build(Coverage, by_split.child(name)) for name in by_split.value},
        contaminated_by=_names(top, "contaminated_by"),
        reference={name: build(Reference, references.child(name)) for name in references.value},
        notes=_names(top, "notes"),
        **{name: top.child(name, required=False).value for name in ("embedding", "environment", "details")},
        seeds=_numbers(top.child("seeds", required=False), "whole numbers", is_int),
        seconds=_numbers(top.child("seconds", required=False), "numbers", is_number),
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
        raise ResultError(f"{file}: not a result: a JSON object is needed, this is {kind_of(document)}")
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


def _score(found: JsonObject) -> Score:
    """A score; a null value is one that was not finite and is read as NaN."""
    raw = dict(found.value)
    interval = raw.pop("ci95", None)
    lost = raw.get("value", "") is None
    if lost:
        raw["value"] = 0.0
    if interval is not None and not list_of(lambda end: end is None or is_number(end), 2)(interval):
        raise found.wrong("ci95", "two numbers or null", interval)
    plain = build(_PlainScore, JsonObject(raw, found.file, found.where))
    return Score(
        value=math.nan if lost else plain.value,
        unit=plain.unit,
        n=plain.n,
        ci95=None if interval is None or None in interval else (interval[0], interval[1]),
        higher_is_better=plain.higher_is_better,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _PlainScore:
    value: float
    unit: str
    n: int
    higher_is_better: bool = True


def _numbers(found: JsonObject, wanted: str, check: Callable[[object], bool]) -> dict[str, Any]:
    for name, value in found.value.items():
        if not check(value):
            raise found.wrong(name, wanted, value)
    return found.value


def _names(found: JsonObject, name: str) -> tuple[str, ...]:
    value = found.value.get(name) or []
    if not list_of(is_text)(value):
        raise found.wrong(name, "a list of texts", value)
    return tuple(value)


def _predictions(found: JsonObject) -> Predictions:
    columns = [found.value.get(name) or [] for name in ("video_id", "truth", "predicted")]
    checks = (is_text, is_int, lambda value: value is None or is_int(value))
    for name, column, check in zip(("video_id", "truth", "predicted"), columns, checks, strict=True):
        if not list_of(check)(column):
            raise found.wrong(name, "a list of ids, or of class indices", column)
    if len({len(column) for column in columns}) > 1:
        raise ResultError(
            f"{found.file}: the columns of 'predictions' have lengths {[len(c) for c in columns]}"
        )
    ids, truth, predicted = columns
    groups = found.value.get("group") or []
    if not list_of(is_text)(groups) or len(groups) not in (0, len(ids)):
        raise found.wrong("group", "the group of every video", groups)
    return Predictions(
        video_ids=tuple(ids), truth=tuple(truth), predicted=tuple(predicted), groups=tuple(groups)
    )
