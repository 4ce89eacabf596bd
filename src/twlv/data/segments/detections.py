"""Detected segments of anybody: ActivityNet's result file, or a table.

``{"results": {video id: [{"label", "segment": [s, e], "score"}]}}`` (``.json``, ``.json.gz``), or a ``.csv``
with the columns ``video_id,start_seconds,end_seconds,label,score``. A label is a name, or the number that the
annotation file gives it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twlv.data.segments.documents import ends, member, number, read_document
from twlv.errors import ManifestError

COLUMNS = ("video_id", "start_seconds", "end_seconds", "label", "score")


@dataclass(frozen=True, kw_only=True)
class Detection:
    """One detected segment in seconds; larger scores are surer."""

    video_id: str
    label: str
    start_seconds: float
    end_seconds: float
    score: float


def read_detections(path: Path, *, label_ids: Mapping[str, int] | None = None) -> tuple[Detection, ...]:
    """The detections of a file, in its order. ``label_ids`` names the labels that are numbers.

    Raises:
        ManifestError: not of this form, or a time or score that is no finite number, with its place.
    """
    names = {str(index): name for name, index in (label_ids or {}).items()}
    rows = _table(path) if path.suffix.lower() == ".csv" else _results(path)
    if not rows:
        raise ManifestError(f"{path}: holds no detection")
    return tuple(_row(where, values, names) for where, values in rows)


def _results(path: Path) -> list[tuple[str, dict[str, Any]]]:
    rows = []
    for video_id, found in member(path, read_document(path), "results").items():
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            raise ManifestError(
                f"{path}: video '{video_id}': expected a list of objects, got {str(found)[:80]}"
            )
        for index, entry in enumerate(found):
            where = f"{path}: video '{video_id}', detection {index}"
            start, end = ends(where, entry.get("segment"))
            values = (video_id, start, end, entry.get("label"), entry.get("score"))
            rows.append((where, dict(zip(COLUMNS, values, strict=True))))
    return rows


def _table(path: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            absent = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
            if absent:
                raise ManifestError(f"{path}: no column {', '.join(absent)}; it has {reader.fieldnames}")
            return [(f"{path}, line {reader.line_num}", _numbers(row)) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path}: is not a table: {error}") from error


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Times and score as numbers where they are; what is none stays, for the message."""
    for name in ("start_seconds", "end_seconds", "score"):
        try:
            row[name] = float(row[name])
        except (TypeError, ValueError):
            continue
    return row


def _row(where: str, values: dict[str, Any], names: Mapping[str, str]) -> Detection:
    label = values["label"]
    if isinstance(label, bool) or not isinstance(label, str | int):
        raise ManifestError(f"{where}: label must be a name or a number, got {label!r}")
    return Detection(
        video_id=str(values["video_id"]),
        label=names.get(str(label), str(label)),
        start_seconds=number(where, "start_seconds", values["start_seconds"]),
        end_seconds=number(where, "end_seconds", values["end_seconds"]),
        score=number(where, "score", values["score"]),
    )
