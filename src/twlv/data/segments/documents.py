"""JSON files of segments: read whole, packed with gzip or not, and faults named by file and place."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from pathlib import Path
from typing import Any

from twlv.errors import ManifestError

_GZIP = b"\x1f\x8b"


def read_document(path: Path) -> dict[str, Any]:
    """The object that a JSON file (or .json.gz) holds.

    Raises:
        ManifestError: the file is not JSON, or holds no object.
    """
    raw = path.read_bytes()
    try:
        text = (gzip.decompress(raw) if raw.startswith(_GZIP) else raw).decode("utf-8-sig")
        document = json.loads(text)
    except (ValueError, EOFError, OSError, zlib.error) as error:
        raise ManifestError(f"{path}: is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ManifestError(f"{path}: expected a JSON object, got {type(document).__name__}")
    return document


def member(path: Path, document: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under ``key``. ManifestError if there is none."""
    found = document.get(key)
    if not isinstance(found, dict):
        raise ManifestError(f"{path}: no object under '{key}'; top level has {sorted(document)[:8]}")
    return found


def number(where: str, name: str, value: Any) -> float:
    """A finite number. ManifestError with ``where`` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ManifestError(f"{where}: {name} must be a finite number, got {value!r}")
    return float(value)


def ends(where: str, value: Any) -> tuple[float, float]:
    """Start and end in seconds of a ``segment``. They may be equal or reversed: who counts decides."""
    if not isinstance(value, list) or len(value) != 2:
        raise ManifestError(f"{where}: segment must be [start, end] in seconds, got {value!r}")
    return number(where, "start", value[0]), number(where, "end", value[1])
