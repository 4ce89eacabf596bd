"""Recognition metrics from class scores.

One rule for ties everywhere: of two classes with equal scores the one with the lower index comes first. So
an accuracy does not depend on how a sort breaks ties, and top-5 is never below top-1.

Axis letters: n videos, C classes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.types import DoubleArray, IntArray

Scores = npt.NDArray[np.floating[Any]]

NO_ANSWER: Final[int] = int(np.iinfo(np.int64).max)
"""The rank of the truth for a video that has no answer: it is in no top-k, however few classes there are."""


def truth_rank(scores: Scores, truth: IntArray) -> IntArray:
    """How many classes come before the true one, (n,); 0 means the answer is right.

    ``scores`` (n, C), larger is better; ``truth`` (n,) class indices.

    Raises:
        InputError: shapes that do not fit, a score that is NaN, or a truth outside [0, C).
    """
    _check_scores(scores)
    if truth.shape != scores.shape[:1]:
        raise InputError(f"scores {scores.shape} and truth {truth.shape} do not have one row for each video")
    num_classes = scores.shape[1]
    if len(truth) and not (truth.min() >= 0 and truth.max() < num_classes):
        raise InputError(
            f"true classes span [{truth.min()}, {truth.max()}], scores are for {num_classes} classes"
        )
    own = scores[np.arange(len(truth)), truth][:, None]
    earlier = np.arange(num_classes)[None, :] < truth[:, None]
    rank: IntArray = ((scores > own) | ((scores == own) & earlier)).sum(axis=1, dtype=np.int64)
    return rank


def top_classes(scores: Scores, k: int) -> IntArray:
    """The ``min(k, C)`` best classes of each video, best first, (n, min(k, C)).

    Raises:
        InputError: ``scores`` is not (n, C) or holds NaN.
    """
    _check_scores(scores)
    order: IntArray = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int64)
    return order


def accuracy(ranks: IntArray, k: int = 1) -> float:
    """Fraction of videos whose true class is among the best ``k``; NaN for no videos.

    ``ranks`` (n,) from ``truth_rank``, ``NO_ANSWER`` for a video without an answer. With fewer than ``k``
    classes every answered video is right.
    """
    return float(np.mean(ranks < k)) if len(ranks) else float("nan")


def per_class(correct: npt.NDArray[np.bool_], truth: IntArray, num_classes: int) -> DoubleArray:
    """Accuracy on the videos of each class, (C,); NaN for a class without videos."""
    count = np.bincount(truth, minlength=num_classes)
    right = np.bincount(truth, weights=correct.astype(np.float64), minlength=num_classes)
    found: DoubleArray = np.full(num_classes, np.nan)
    np.divide(right, count, out=found, where=count > 0)
    return found


def mean_per_class(correct: npt.NDArray[np.bool_], truth: IntArray) -> float:
    """Mean over classes of the accuracy within the class; a class without videos is left out.

    It is what others call balanced accuracy or mean class accuracy. NaN for no videos.
    """
    if not len(truth):
        return float("nan")
    return float(np.nanmean(per_class(correct, truth, int(truth.max()) + 1)))


def confusion(truth: IntArray, predicted: IntArray, num_classes: int) -> IntArray:
    """Counts (C, C + 1): row the true class, column the predicted one, last column no answer (-1).

    Raises:
        InputError: a truth outside [0, C) or a prediction outside [-1, C).
    """
    for name, values, low in (("true", truth, 0), ("predicted", predicted, -1)):
        if len(values) and not (values.min() >= low and values.max() < num_classes):
            seen = f"[{values.min()}, {values.max()}]"
            raise InputError(f"{name} classes span {seen}, expected [{low}, {num_classes - 1}]")
    column = np.where(predicted < 0, num_classes, predicted)
    flat = np.bincount(truth * (num_classes + 1) + column, minlength=num_classes * (num_classes + 1))
    table: IntArray = flat.astype(np.int64).reshape(num_classes, num_classes + 1)
    return table


def _check_scores(scores: Scores) -> None:
    if scores.ndim != 2:
        raise InputError(f"class scores must be (videos, classes), got shape {scores.shape}")
    if np.isnan(scores).any():
        row = int(np.flatnonzero(np.isnan(scores).any(axis=1))[0])
        raise InputError(f"class scores of row {row} hold NaN, so its classes have no order")
