"""Average precision of several labels a video (Charades): how well each class ranks the videos that have it.

For a class, the videos are ranked by its score; AP = sum over thresholds of (R_k - R_k-1) P_k, with P and R the
precision and recall of all videos at or above the k-th distinct score. Videos with equal scores are taken
together, so that AP does not depend on the order of the videos. It is not interpolated; scikit-learn's
``average_precision_score`` is the same sum. mAP is the plain mean over the classes that any video has.

Axis letters: n videos, C classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.types import DoubleArray

Scores = npt.NDArray[np.floating[Any]]
Truth = npt.NDArray[np.bool_]


def average_precision(scores: Scores, truth: Truth) -> DoubleArray:
    """AP of each class in [0, 1], (C,); NaN for a class that no video has.

    ``scores`` (n, C), larger is surer; -inf ranks a video without an answer last. ``truth`` (n, C).

    Raises:
        InputError: shapes that do not fit, or a score that is NaN.
    """
    if scores.ndim != 2 or scores.shape != truth.shape:
        raise InputError(
            f"scores and truth must both be (videos, classes), got {scores.shape} and {truth.shape}"
        )
    if np.isnan(scores).any():
        row = int(np.flatnonzero(np.isnan(scores).any(axis=1))[0])
        raise InputError(f"class scores of row {row} hold NaN, so they have no order")
    found: DoubleArray = np.array(
        [_of_class(scores[:, index], truth[:, index]) for index in range(scores.shape[1])], dtype=np.float64
    )
    return found


def mean_average_precision(scores: Scores, truth: Truth) -> float:
    """Mean of ``average_precision`` over the classes that any video has; NaN if there is none."""
    found = average_precision(scores, truth)
    present = ~np.isnan(found)
    return float(found[present].mean()) if present.any() else float("nan")


def _of_class(scores: Scores, truth: Truth) -> float:
    """AP of one class: scores (n,), truth (n,)."""
    positives = int(truth.sum())
    if not positives:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(truth[order])
    last = np.append(
        np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1
    )  # of each group of equal scores
    precision = hits[last] / (last + 1)
    gained = np.diff(hits[last], prepend=0) / positives
    return float(np.sum(gained * precision))
