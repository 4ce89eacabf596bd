"""JSON in one form: the same value gives the same bytes, and nothing that is not JSON is ever written."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from twlv.errors import ResultError
from twlv.types import Json

INDENT = 1
LINE = 112
"""A list of plain values stands on one line up to this width, or always (``_one_line``)."""


def jsonable(value: object) -> Json:
    """Plain JSON of a value: dataclasses to objects, tuples and sets to lists, numpy to numbers.

    Numbers that are not finite become None; ``not_finite`` tells where they were.

    Raises:
        ResultError: the value holds something that has no JSON form.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return [jsonable(item) for item in sorted(value, key=repr)]
    return _plain(value)


def _plain(value: object) -> Json:
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
        if isinstance(value, list):
            return jsonable(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (str, PurePath)):
        return str(value)
    raise ResultError(f"a result holds plain values only, got {type(value).__name__}: {str(value)[:80]!r}")


def not_finite(value: object, where: str = "") -> list[str]:
    """Places inside a value that hold NaN or an infinity, as ``details.loss[3] is nan``."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        pairs = [(f"{where}.{key}", item) for key, item in value.items()]
    elif isinstance(value, (list, tuple, np.ndarray)):
        pairs = [(f"{where}[{index}]", item) for index, item in enumerate(value)]
    elif isinstance(value, (float, np.floating)) and not math.isfinite(value):
        return [f"{where} is {value}"]
    else:
        return []
    return [found for place, item in pairs for found in not_finite(item, place)]


def dumps(document: Json) -> str:
    """The document as text, in the order of its keys, lists of plain values on one line, a newline at the end.

    Raises:
        ResultError: it holds NaN or an infinity, which JSON has not.
    """
    return _format(document, 0) + "\n"


def _format(value: Json, depth: int) -> str:
    if isinstance(value, dict) and value:
        pairs = [f"{_one_line(str(key))}: {_format(item, depth + 1)}" for key, item in value.items()]
        return _block("{", pairs, "}", depth)
    if isinstance(value, list) and any(isinstance(item, (dict, list)) and item for item in value):
        text = _one_line(value)
        if len(text) <= LINE:
            return text
        return _block("[", [_format(item, depth + 1) for item in value], "]", depth)
    return _one_line(value)


def _block(opening: str, items: list[str], closing: str, depth: int) -> str:
    inner = "\n" + " " * (INDENT * (depth + 1))
    return opening + inner + ("," + inner).join(items) + "\n" + " " * (INDENT * depth) + closing


def _one_line(value: Json) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ResultError(f"a result cannot hold NaN or an infinity: {error}") from error


def digest(document: Any) -> str:
    """Sha256 of the document's shortest JSON with sorted keys, as hex digits."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
