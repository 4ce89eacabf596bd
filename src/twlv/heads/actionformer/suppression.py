"""Suppression of overlapping segments: soft (Gaussian) and hard, over all or class by class, and voting.

numpy, float32, one pick of the surest segment at a time and all others at once. Picks come in falling order of
their scores, so only as many are made as are kept. Order of ties is that of the reference: the first of the
segments as they stand, where a removed one's place is taken by the last.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from twlv.errors import InputError
from twlv.types import FloatArray, IntArray

WIDENED = np.float32(1e-6)
"""Added to every length in overlaps, so that none is divided by 0."""

Pick: TypeAlias = tuple[float, int]


@dataclass(frozen=True, kw_only=True)
class SuppressionSettings:
    """How overlapping segments are thinned.

    ``method`` soft multiplies scores by exp(-IoU^2 / ``sigma``), hard removes those of overlap ``overlap`` and
    more. ``least`` is the score below which a segment goes; a picked one is never tested, so one may be below.
    ``by_class`` suppresses within classes. ``voting`` (None: none; only over all classes) moves each kept
    segment to the mean of all that overlap it by so much, weighted by score, or by score and overlap.
    ``most`` segments are kept of a video. Report: sigma 0.5, voting 0.7, 200 for THUMOS14; 0.75, 0.9, 100 for
    ActivityNet; by class alone, over all with voting with an external classifier.
    """

    method: Literal["soft", "hard"] = "soft"
    sigma: float = 0.5
    overlap: float = 0.1
    least: float = 0.001
    by_class: bool = True
    voting: float | None = None
    vote: Literal["score", "score x overlap"] = "score"
    most: int = 200


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Segments (n, 2), scores and labels (n,), the surest first."""

    segments: FloatArray
    scores: FloatArray
    labels: IntArray


def suppress(
    segments: npt.NDArray[Any],
    scores: npt.NDArray[Any],
    labels: npt.NDArray[Any],
    settings: SuppressionSettings,
) -> Kept:
    """The segments of one video that remain. InputError for values that are not finite."""
    segments, scores = segments.astype(np.float32).reshape(-1, 2), scores.astype(np.float32)
    labels = labels.astype(np.int64)
    if not (np.isfinite(segments).all() and np.isfinite(scores).all()):
        raise InputError("segments and scores must be finite to be ranked")
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    if not settings.by_class:
        groups = [np.arange(len(labels))]
    runs = [_picks(segments[rows], scores[rows], rows, settings) for rows in groups]
    picked = list(islice(heapq.merge(*runs, key=lambda pick: -pick[0]), settings.most))
    rows = np.array([row for _, row in picked], dtype=np.int64)
    kept = segments[rows]
    if settings.voting is not None and not settings.by_class and len(rows):
        kept = vote(
            kept, segments, scores, least=settings.voting, by_overlap=settings.vote == "score x overlap"
        )
    values = np.array([score for score, _ in picked], dtype=np.float32)
    return Kept(segments=kept, scores=values, labels=labels[rows])


def _picks(
    segments: FloatArray, scores: FloatArray, rows: IntArray, settings: SuppressionSettings
) -> Iterator[Pick]:
    if settings.method == "hard":
        return hard_picks(segments, scores, rows, overlap=settings.overlap, least=settings.least)
    return soft_picks(segments, scores, rows, sigma=settings.sigma, least=settings.least)


def soft_picks(
    segments: FloatArray, scores: FloatArray, rows: IntArray, *, sigma: float, least: float
) -> Iterator[Pick]:
    """(decayed score, row) from the surest on, of Gaussian soft suppression (Bodla et al. 2017)."""
    start, end = segments[:, 0].copy(), segments[:, 1].copy()
    scores, rows = scores.copy(), rows.copy()
    columns = (start, end, scores, rows)
    first, last = 0, len(rows)
    while first < last:
        best = first + int(scores[first:last].argmax())
        for column in columns:
            column[[first, best]] = column[[best, first]]
        yield float(scores[first]), int(rows[first])
        rest = slice(first + 1, last)
        overlap = _overlap(start[first], end[first], start[rest], end[rest])
        scores[rest] *= np.exp(-(overlap * overlap) / np.float32(sigma))
        first += 1
        last = _fill(columns, first, last, scores[first:last] >= np.float32(least))


def _fill(columns: tuple[npt.NDArray[Any], ...], first: int, last: int, keep: npt.NDArray[np.bool_]) -> int:
    """Fill the places of removed segments from the end; returns the new end."""
    count = int(keep.sum())
    if count == last - first:
        return last
    holes = first + np.flatnonzero(~keep[:count])
    movers = first + count + np.flatnonzero(keep[count:])[::-1]
    for column in columns:
        column[holes] = column[movers]
    return first + count


def hard_picks(
    segments: FloatArray, scores: FloatArray, rows: IntArray, *, overlap: float, least: float
) -> Iterator[Pick]:
    """(score, row) from the surest on, of segments above ``least`` that no surer one overlaps so much."""
    above = scores > np.float32(least)
    order = np.flatnonzero(above)[np.argsort(-scores[above], kind="stable")]
    while len(order):
        best, order = order[0], order[1:]
        yield float(scores[best]), int(rows[best])
        shared = _overlap(segments[best, 0], segments[best, 1], segments[order, 0], segments[order, 1])
        order = order[shared < np.float32(overlap)]


def _overlap(start: Any, end: Any, starts: FloatArray, ends: FloatArray) -> FloatArray:
    """IoU of one segment, or a column of them, with many."""
    shared = np.clip(np.minimum(end, ends) - np.maximum(start, starts), np.float32(0), None)
    found: FloatArray = shared / ((end - start + WIDENED) + (ends - starts + WIDENED) - shared)
    return found


def vote(
    kept: FloatArray, segments: FloatArray, scores: FloatArray, *, least: float, by_overlap: bool
) -> FloatArray:
    """Each of ``kept`` (k, 2) as the mean of all ``segments`` (n, 2) of overlap ``least`` and more, (k, 2).

    Weighted by the scores (n,) before suppression (report authors), times overlap with ``by_overlap``
    (original release). Every label votes. A segment that nothing overlaps by so much stays.
    """
    shared = _overlap(kept[:, :1], kept[:, 1:], segments[:, 0], segments[:, 1])
    weights = (shared >= np.float32(least)) * scores
    if by_overlap:
        weights = weights * shared
    total = weights.sum(axis=1, keepdims=True)
    found: FloatArray = np.where(total > 0, weights @ segments / np.where(total > 0, total, 1), kept)
    return found.astype(np.float32)
