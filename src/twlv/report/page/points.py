"""Maps of embeddings for the explorer, from the side files that ``twlv visualize`` writes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twlv.errors import InputError
from twlv.types import Json

MOST_POINTS = 200_000
PICTURE = re.compile(r"data:image/(?:jpeg|png|webp);base64,[A-Za-z0-9+/=]+")
"""The only form of a picture that the page takes: bytes that stand in it, of a kind that holds no script."""

LONGEST_PICTURE = 400_000
NAMES = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA", "lda": "LDA"}

HOW = (
    "A point is a video (or a clip); its colour and shape are its class. In t-SNE and UMAP neighbours mean "
    "something, sizes of clusters and distances between them do not. Point at one to see its name and, where "
    "the file has them, a thumbnail. Drag or the arrow keys move the map, the wheel or + and - zoom, 0 resets."
)


def read_points(path: Path) -> dict[str, Json]:
    """The side file of a map.

    Raises:
        InputError: it cannot be read, or is no such file; says what was seen.
    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--points {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"--points {path}: is not JSON: {error}; it takes the .json beside a figure"
        ) from error
    problem = _problem(loaded)
    if problem:
        raise InputError(f"--points {path}: {problem}; it takes the .json that twlv visualize writes")
    made: dict[str, Json] = loaded
    return made


def _problem(loaded: Any) -> str:
    columns = loaded.get("points") if isinstance(loaded, dict) else None
    if not isinstance(columns, dict) or not {"ids", "labels", "x", "y"} <= set(columns):
        return "has no points with ids, labels, x and y"
    lists = [columns[name] for name in ("ids", "labels", "x", "y")]
    if not all(isinstance(values, list) for values in lists) or len({len(values) for values in lists}) != 1:
        return "its columns of points are not lists of one length"
    if len(lists[0]) > MOST_POINTS:
        return f"has {len(lists[0])} points, the page takes up to {MOST_POINTS}"
    if not all(_finite(value) for values in lists[2:] for value in values):
        return "has coordinates that are not finite numbers"
    return ""


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def point_figures(files: Sequence[Mapping[str, Json]]) -> tuple[list[Json], list[str]]:
    """An explorer for each file that ``read_points`` accepts, and what is wrong with the others."""
    drawn: list[Json] = []
    problems = []
    for number, file in enumerate(files):
        problem = _problem(file)
        if problem:
            problems.append(f"a map of points is not drawn: it {problem}")
        else:
            drawn.append(_figure(file, number))
    return drawn, problems


def _figure(file: Mapping[str, Any], number: int) -> dict[str, Json]:
    columns, origin = file["points"], file.get("origin")
    kind = NAMES.get(str(file.get("kind")), "map")
    origin = origin if isinstance(origin, dict) else {}
    what = ", ".join(str(origin[name]) for name in ("dataset", "backbone") if name in origin)
    labels = [None if label is None else str(label) for label in columns["labels"]]
    classes = sorted({label for label in labels if label is not None})
    index = {label: place for place, label in enumerate(classes)}
    numbers = file.get("numbers")
    return {
        "id": f"points-{number}",
        "kind": "points",
        "title": f"{kind} of {what or 'embeddings'}",
        "how": HOW,
        "ids": [str(name) for name in columns["ids"]],
        "classes": list(classes),
        "labels": [-1 if label is None else index[label] for label in labels],
        "x": _scaled(columns["x"], columns["x"], columns["y"]),
        "y": _scaled(columns["y"], columns["x"], columns["y"]),
        "thumbnails": _thumbnails(file.get("thumbnails"), columns["ids"]),
        "numbers": numbers if isinstance(numbers, dict) else {},
    }


def _scaled(values: Sequence[float], x: Sequence[float], y: Sequence[float]) -> list[Json]:
    """Four decimals on a map that is 2 wide or high: enough to zoom in, short to write."""
    if not values:
        return []
    spans = [(min(one), max(one)) for one in (x, y)]
    half = max(high - low for low, high in spans) / 2 or 1.0
    low, high = min(values), max(values)
    return [round((value - (low + high) / 2) / half, 4) for value in values]


def _thumbnails(value: Any, ids: Sequence[object]) -> dict[str, Json]:
    """Pictures by the place of their point; whatever is no picture of the allowed form is left out."""
    if not isinstance(value, dict):
        return {}
    return {str(place): value[str(name)] for place, name in enumerate(ids) if is_picture(value.get(str(name)))}


def is_picture(value: object) -> bool:
    """Whether it is the address of a small picture that stands in the page itself."""
    return isinstance(value, str) and len(value) <= LONGEST_PICTURE and bool(PICTURE.fullmatch(value))
