"""What frozen features tell: ridge regression and nearest neighbours, fitted on one split, scored on others.

Axes: n clips, m clips that are scored, D width, L classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from twlv.metrics.interval import cluster_bootstrap, wilson
from twlv.types import DoubleArray, IntArray

NEIGHBOURS = 10
STRENGTHS = tuple(float(10.0**power) for power in range(-3, 6))
"""Of the ridge penalty; the one with the least generalised cross-validation error on the fitted clips wins."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """Features (n, D), labels (n,) from 0, and the clip (n,) that a row is of."""

    features: DoubleArray
    labels: IntArray
    clips: IntArray


Classifier = Callable[[Labelled, DoubleArray], IntArray]


def read_out(fit: Labelled, scored: Labelled, *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Accuracy with its 95 % interval by ``ridge`` and by ``knn``.

    Rows of one clip (forward and reversed) share their luck, so then clips are drawn anew; else Wilson's.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, classify in {"ridge": ridge, "knn": neighbours}.items():
        right = (classify(fit, scored.features) == scored.labels).astype(np.float64)
        low, high = _interval(right, scored.clips, seed)
        found[name] = {"accuracy": float(right.mean()), "ci95": [low, high], "n": len(np.unique(scored.clips))}
    return found


def ridge(fit: Labelled, queries: DoubleArray) -> IntArray:
    """Class (m,) with the largest of L regressions on one-hot labels, features standardised on the fit."""
    mean, scale = fit.features.mean(axis=0), np.maximum(fit.features.std(axis=0), 1e-8)
    rows, wanted = (fit.features - mean) / scale, (queries - mean) / scale
    targets = np.eye(int(fit.labels.max()) + 1)[fit.labels]
    centre = targets.mean(axis=0)
    left, values, right = np.linalg.svd(rows, full_matrices=False)
    inside = left.T @ (targets - centre)
    best = min(STRENGTHS, key=lambda strength: _gcv(left, values, inside, targets - centre, strength))
    weights = right.T @ (inside * (values / (values**2 + best))[:, None])
    answer: IntArray = np.argmax(wanted @ weights + centre, axis=1)
    return answer


def neighbours(fit: Labelled, queries: DoubleArray) -> IntArray:
    """Class (m,) of most of the 10 nearest by cosine of centred features; ties go to the nearer."""
    mean = fit.features.mean(axis=0)
    order = np.argsort(-(_unit(queries - mean) @ _unit(fit.features - mean).T), axis=1, kind="stable")
    return np.array([_winner(votes) for votes in fit.labels[order[:, :NEIGHBOURS]]], dtype=np.int64)


def _gcv(
    left: DoubleArray, values: DoubleArray, inside: DoubleArray, targets: DoubleArray, strength: float
) -> float:
    """Generalised cross-validation (Golub, Heath and Wahba, 1979), without its constant factor."""
    shrunk = values**2 / (values**2 + strength)
    residual = targets - left @ (inside * shrunk[:, None])
    free = 1 - (shrunk.sum() + 1) / len(targets)
    return float((residual**2).sum() / max(free, 1e-6) ** 2)


def _interval(right: DoubleArray, clips: IntArray, seed: int) -> tuple[float, float]:
    if len(np.unique(clips)) == len(clips):
        return wilson(float(right.sum()), len(right))
    return cluster_bootstrap(lambda weight: float(np.average(right, weights=weight)), clips, seed=seed)


def _unit(rows: DoubleArray) -> DoubleArray:
    unit: DoubleArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def _winner(votes: IntArray) -> int:
    counts = np.bincount(votes)
    return int(next(vote for vote in votes if counts[vote] == counts.max()))
