"""What the order of time does to embeddings, without fitting anything.

``forward`` and ``backward`` (n, D) are vectors of the same videos in either order of frames. More than ``most``
videos are thinned evenly where every video is compared with every other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.metrics.neighbourhood import knn_purity, nearest
from twlv.types import FloatArray

MOST = 4000
"""Videos that are compared with one another: 16 million distances."""


def order_sensitivity(forward: FloatArray, backward: FloatArray, *, most: int = MOST) -> float:
    """Mean |R_i - F_i| over the mean distance of two different forward videos; 0 for a mean over frames.

    NaN where all forward videos have one vector.
    """
    moved = np.linalg.norm(backward.astype(np.float64) - forward, axis=1).mean()
    rows = forward[_thinned(len(forward), most)].astype(np.float64)
    rows = rows - rows.mean(axis=0)
    lengths = np.einsum("ij,ij->i", rows, rows)
    total = 0.0
    for start in range(0, len(rows), 1000):
        block = slice(start, start + 1000)
        squares = lengths[block, None] + lengths - 2.0 * (rows[block] @ rows.T)
        total += float(np.sqrt(np.maximum(squares, 0.0)).sum())
    apart = total / max(len(rows) * (len(rows) - 1), 1)
    return float(moved / apart) if apart > 0 else float("nan")


def direction_consistency(forward: FloatArray, backward: FloatArray) -> float:
    """Mean cosine between the differences R - F of two different videos; 0: they have no common direction.

    Videos without a difference are left out; NaN with fewer than two others.
    """
    differences = backward.astype(np.float64) - forward
    lengths = np.linalg.norm(differences, axis=1)
    unit = differences[lengths > 0] / lengths[lengths > 0, None]
    count = len(unit)
    if count < 2:
        return float("nan")
    summed = unit.sum(axis=0)
    return float((summed @ summed - count) / (count * (count - 1)))


def order_purity(
    forward: FloatArray,
    backward: FloatArray,
    groups: npt.NDArray[Any],
    *,
    k: int = 10,
    most: int = MOST,
) -> float:
    """The share of the k nearest (cosine) of each version that are of its own order; chance is 0.5.

    A video's own other version, and all of its group, are no neighbours. k is lowered to what there is; NaN if
    a version has no neighbour at all.
    """
    kept = _thinned(len(forward), most)
    own = np.unique(groups[kept], return_inverse=True)[1]
    k = min(k, 2 * (len(kept) - int(np.bincount(own).max())))
    if k < 1:
        return float("nan")
    near = nearest(np.concatenate([forward[kept], backward[kept]]), k, groups=np.tile(own, 2))
    return float(knn_purity(near, np.repeat([0, 1], len(kept))).mean())


def _thinned(count: int, most: int) -> npt.NDArray[np.int64]:
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)
