"""Who lies beside whom: purity and silhouette of labels, and how much of it a two-dimensional map keeps.

Axis letters: n points, D width, k neighbours. Everything is computed in blocks of rows, so that memory grows
with n and not with n².
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.types import DoubleArray, IntArray

BLOCK_VALUES = 2**22
"""Similarities held at once: 32 MiB of float64."""

GRID = 2.0**-26
EPSILON = 1e-12

Metric = Literal["cosine", "euclidean"]


def nearest(
    vectors: npt.NDArray[Any], k: int, *, metric: Metric = "cosine", groups: npt.NDArray[Any] | None = None
) -> IntArray:
    """The k nearest other points of every point: (n, D) to indices (n, k), in rising order of index.

    Of points that are equally near at the border of the k, those with the lower index are taken. Unit
    vectors are rounded to multiples of 2^-26, so that cosines are exact sums and equal points tie exactly,
    in blocks of any size; a zero vector has cosine 0 with everything. With ``groups`` (n,) all points of a
    point's own group are left out (a video and its reverse).

    Raises:
        InputError: not every point has k others to choose from, or a value is not finite.
    """
    _check(vectors, k, groups)
    found = np.empty((len(vectors), k), dtype=np.int64)
    for rows, near in _blocks(vectors, metric):
        near[np.arange(len(rows)), rows] = -np.inf
        if groups is not None:
            near[groups[rows][:, None] == groups[None, :]] = -np.inf
        found[rows] = _highest(near, k)
    return found


def knn_purity(neighbours: IntArray, labels: npt.NDArray[Any]) -> DoubleArray:
    """Of each point's neighbours (n, k) the share that has its own label: (n,) from 0 to 1.

    The mean is kNN purity at k. Guessing gives the chance of two points sharing a label, ``purity_chance``.
    """
    share: DoubleArray = (labels[neighbours] == labels[:, None]).mean(axis=1, dtype=np.float64)
    return share


def purity_chance(labels: npt.NDArray[Any]) -> float:
    """The purity to expect if neighbours were drawn blindly: sum over classes of m (m - 1) / (n (n - 1))."""
    counts = np.unique(labels, return_counts=True)[1].astype(np.float64)
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1))) if n > 1 else 1.0


def silhouette(vectors: npt.NDArray[Any], labels: npt.NDArray[Any]) -> DoubleArray:
    """The silhouette of each point with cosine distance (Rousseeuw, 1987): (n,) from -1 to 1.

    ``(b - a) / max(a, b)`` with a the mean distance to the others of its class and b the least mean distance
    to another class; 0 for the only point of a class. Cosine distance is linear in unit vectors, so the mean
    distance to a class is one product with the sum of its vectors: n C D operations for C classes, where
    pairs would take n² D.

    Raises:
        InputError: fewer than two classes, or as many classes as points.
    """
    names, own, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if not 2 <= len(names) < len(labels):
        raise InputError(
            f"a silhouette needs at least 2 classes and a class of two points, "
            f"got {len(names)} classes of {len(labels)} points"
        )
    unit = _unit(vectors)
    sums = np.zeros((len(names), unit.shape[1]))
    np.add.at(sums, own, unit)
    rows, others = np.arange(len(unit)), counts[own] - 1
    near = unit @ sums.T
    same = near[rows, own] - np.einsum("nd,nd->n", unit, unit)
    a = 1 - same / np.maximum(others, 1)
    distance = 1 - near / counts
    distance[rows, own] = np.inf
    b = distance.min(axis=1)
    largest = np.maximum(a, b)
    value: DoubleArray = np.where((others > 0) & (largest > 0), (b - a) / np.where(largest > 0, largest, 1), 0)
    return value


def trustworthiness(vectors: npt.NDArray[Any], coordinates: npt.NDArray[Any], k: int) -> float:
    """How far the map's neighbours are true ones: 1 if all k nearest on the map are so in ``vectors`` too.

    ``1 - 2 / (n k (2n - 3k - 1)) * sum of (r - k)`` over the points that are among the k nearest on the map
    (Euclidean) and not among those in ``vectors`` (cosine), with r their rank there (Venna and Kaski, 2001).

    Raises:
        InputError: k is not below n / 2, where the formula ends.
    """
    n = len(vectors)
    if not k < n / 2:
        raise InputError(f"trustworthiness needs k below half of the points, got k = {k} of {n}")
    shown, penalty = nearest(coordinates, k, metric="euclidean"), 0
    for rows, near in _blocks(vectors, "cosine"):
        near[np.arange(len(rows)), rows] = -np.inf
        for column in shown[rows].T:
            value = near[np.arange(len(rows)), column][:, None]
            before = np.arange(n)[None, :] < column[:, None]
            rank = 1 + (near > value).sum(axis=1) + ((near == value) & before).sum(axis=1)
            penalty += int(np.maximum(rank - k, 0).sum())
    return 1 - 2 * penalty / (n * k * (2 * n - 3 * k - 1))


def kept_neighbours(one: IntArray, other: IntArray) -> float:
    """The share of neighbours that two lists (n, k) have in common, from 0 to 1."""
    both = sum(len(np.intersect1d(a, b, assume_unique=True)) for a, b in zip(one, other, strict=True))
    return both / one.size


def _check(vectors: npt.NDArray[Any], k: int, groups: npt.NDArray[Any] | None) -> None:
    n = len(vectors)
    largest = 1 if groups is None or not n else int(np.unique(groups, return_counts=True)[1].max())
    if not 1 <= k <= n - largest:
        raise InputError(f"{k} neighbours asked, but a point has {max(n - largest, 0)} others to choose from")
    if not np.isfinite(vectors).all():
        raise InputError("neighbours need finite numbers, got NaN or infinity")


def _blocks(vectors: npt.NDArray[Any], metric: Metric) -> Iterator[tuple[IntArray, DoubleArray]]:
    """Row indices (m,) and their nearness (m, n) to all points, more is nearer."""
    n = len(vectors)
    points = _unit(vectors) if metric == "cosine" else np.asarray(vectors, dtype=np.float64)
    step = max(1, BLOCK_VALUES // max(n, 1))
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        yield rows, points[rows] @ points.T if metric == "cosine" else -_squared(points[rows], points)


def _squared(some: DoubleArray, points: DoubleArray) -> DoubleArray:
    """Squared distances (m, n), a column of the map at a time."""
    total = np.zeros((len(some), len(points)))
    for one, other in zip(some.T, points.T, strict=True):
        total += (one[:, None] - other[None, :]) ** 2
    return total


def _highest(near: DoubleArray, k: int) -> IntArray:
    """Column indices (m, k) of the k largest of each row; of ties at the border the leftmost."""
    border = np.partition(near, near.shape[1] - k, axis=1)[:, near.shape[1] - k][:, None]
    above, level = near > border, near == border
    missing = k - above.sum(axis=1, keepdims=True)
    chosen = above | (level & (np.cumsum(level, axis=1) <= missing))
    return np.nonzero(chosen)[1].reshape(len(near), k)


def _unit(vectors: npt.NDArray[Any]) -> DoubleArray:
    """Rows of length one as float64 multiples of 2^-26; a zero row stays zero."""
    wide = np.asarray(vectors, dtype=np.float64)
    length = np.sqrt(np.einsum("nd,nd->n", wide, wide))[:, None]
    rounded: DoubleArray = np.rint(wide / np.maximum(length, EPSILON) / GRID) * GRID
    return rounded
