"""Numbers beside a picture: how labels lie in the original space, and how much of it the map keeps."""

from __future__ import annotations

import numpy as np

from twlv.metrics.neighbourhood import (
    kept_neighbours,
    knn_purity,
    nearest,
    purity_chance,
    silhouette,
    trustworthiness,
)
from twlv.types import IntArray, Json
from twlv.viz.choose import labelled
from twlv.viz.points import Points
from twlv.viz.projection import Projection

K = 10


def quality(points: Points, projection: Projection, *, k: int = K) -> dict[str, Json]:
    """By name; a number that cannot be had is None, ``k`` says which k was used.

    Purity and silhouette are of all labelled points in the original space with cosine similarity, whatever is
    coloured: no model is judged by its map.
    """
    k = min(k, len(points) - 1)
    near = nearest(points.vectors, k)
    return {"k": k, **_original(points, near), **_map(points, projection, near)}


def _original(points: Points, near: IntArray) -> dict[str, Json]:
    known, k = labelled(points), near.shape[1]
    classes, count = len(known.present), len(known)
    purity: float | None = None
    if classes > 1 and count > k:
        among = near if known is points else nearest(known.vectors, k)
        purity = float(knn_purity(among, known.labels).mean())
    outline = float(silhouette(known.vectors, known.labels).mean()) if 2 <= classes < count else None
    return {
        "labelled_points": count,
        "classes": classes,
        "knn_purity": purity,
        "knn_purity_chance": purity_chance(known.labels) if classes > 1 else None,
        "silhouette": outline,
    }


def _map(points: Points, projection: Projection, near: IntArray) -> dict[str, Json]:
    shown, k = projection.coordinates, near.shape[1]
    kept = kept_neighbours(near, nearest(shown, k, metric="euclidean"))
    trust = trustworthiness(points.vectors, shown, k) if k < len(points) / 2 else None
    return {
        "trustworthiness": trust,
        "kept_neighbours": kept,
        "kept_neighbours_chance": k / (len(points) - 1),
    }


def in_words(numbers: dict[str, Json], kind: str) -> tuple[str, str]:
    """Two lines for a caption: the original space, and the map."""
    k = numbers["k"]
    original = _join(
        (f"kNN purity@{k}", numbers["knn_purity"], numbers["knn_purity_chance"]),
        ("silhouette", numbers["silhouette"], None),
    )
    shown = _join(
        (f"trustworthiness@{k}", numbers["trustworthiness"], None),
        (f"neighbours kept@{k}", numbers["kept_neighbours"], numbers["kept_neighbours_chance"]),
    )
    return (f"original space: {original}" if original else "", f"{kind}: {shown}")


def _join(*items: tuple[str, Json, Json]) -> str:
    known = [
        f"{name} {float(value):.3f}" + (f" (chance {float(chance):.3f})" if isinstance(chance, float) else "")
        for name, value, chance in items
        if isinstance(value, (int, float)) and np.isfinite(value)
    ]
    return ", ".join(known)
