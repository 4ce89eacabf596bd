"""Scores that an external classifier gives the classes of whole videos: npz, JSON, or a pickle that is not run.

::

    .npz    video_ids (V,), scores (V, K), and perhaps classes (K,), the names of the columns
    .json   {id: [K numbers]} or {id: [[K numbers]]}, perhaps under "results"; perhaps "classes": [K names]
    .pkl    {id: array (K,)}, as THUMOS14's published scores

Columns without names are in the order of the annotation's label numbers, which only THUMOS14's files are
known to be: for ActivityNet no such order is written down, so names should be given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twlv.data.segments.documents import read_document
from twlv.data.segments.pickled import read_pickled_arrays
from twlv.errors import InputError
from twlv.types import DoubleArray


def read_class_scores(
    path: Path, classes: Sequence[str], *, names: Sequence[str] | None = None
) -> tuple[dict[str, DoubleArray], bool]:
    """Scores (K,) by video id in the order of ``classes``, and whether the columns were joined by name.

    ``names`` of the columns, where the file has none.

    Raises:
        InputError: no such file or form; another number of columns; names that are not those of the classes.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file of class scores")
    kind = path.suffix.lower()
    if kind == ".npz":
        found, own = _npz(path)
    elif kind in (".pkl", ".pickle"):
        found, own = dict(read_pickled_arrays(path)), None
    else:
        found, own = _json(path)
    columns = list(own if own is not None else names or [])
    order = _order(path, columns, classes) if columns else np.arange(len(classes))
    rows = {video_id: _row(path, video_id, values, len(classes)) for video_id, values in found.items()}
    if not rows:
        raise InputError(f"{path}: holds the scores of no video")
    return {video_id: row[order] for video_id, row in rows.items()}, bool(columns)


def _npz(path: Path) -> tuple[dict[str, Any], Sequence[str] | None]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        ids, scores = arrays["video_ids"], arrays["scores"]
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"{path}: needs the arrays video_ids and scores: {error}") from error
    if scores.ndim != 2 or len(ids) != len(scores):
        raise InputError(f"{path}: {len(ids)} video_ids, but scores of shape {scores.shape}; need (V, K)")
    names = [str(name) for name in arrays["classes"]] if "classes" in arrays else None
    return {str(name): row for name, row in zip(ids, scores, strict=True)}, names


def _json(path: Path) -> tuple[dict[str, Any], Sequence[str] | None]:
    document = read_document(path)
    names = document.pop("classes", None)
    inner = document.get("results", document)
    if not isinstance(inner, dict) or (names is not None and not isinstance(names, list)):
        raise InputError(f"{path}: expected scores by video id, and classes as a list of names")
    return dict(inner), None if names is None else [str(name) for name in names]


def _row(path: Path, video_id: str, values: Any, count: int) -> DoubleArray:
    try:
        row = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: video '{video_id}': scores must be numbers: {error}") from error
    row = row[0] if row.ndim == 2 and len(row) == 1 else row
    if row.shape != (count,) or not np.isfinite(row).all():
        raise InputError(
            f"{path}: video '{video_id}': needs {count} finite scores, one a class, got shape {row.shape}"
        )
    return row


def _order(path: Path, columns: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """The column of every class."""
    where: Mapping[str, int] = {name: index for index, name in enumerate(columns)}
    absent = [name for name in classes if name not in where]
    if absent or len(where) != len(classes) or len(columns) != len(classes):
        raise InputError(
            f"{path}: its {len(columns)} columns are not the {len(classes)} classes; "
            + (f"none is named '{absent[0]}'" if absent else "names repeat or are too many")
        )
    return np.array([where[name] for name in classes])
