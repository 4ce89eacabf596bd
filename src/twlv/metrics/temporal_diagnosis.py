"""What a detector does wrong: the kinds of its false detections, and how it does on short and long segments.

After Alwassel et al., "Diagnosing Error in Temporal Action Detectors", ECCV 2018 (DETAD). Their kinds, in the
order in which a detection is tested for them:

- ``true`` overlaps a free segment of its label by the threshold
- ``double`` overlaps one of its label by the threshold, which a surer detection has taken
- ``wrong_label`` overlaps a segment of another label by the threshold
- ``localization`` overlaps a segment of its label, by 0.1 or more but less than the threshold
- ``confusion`` the same with a segment of another label
- ``background`` overlaps nothing by 0.1
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from twlv.metrics.temporal_ap import detection_scores
from twlv.metrics.temporal_matching import by_score, match, overlapping
from twlv.metrics.temporal_segments import RULES, Segments, TruthRules, counted
from twlv.types import DoubleArray, IntArray

KINDS = ("true", "double", "wrong_label", "localization", "confusion", "background")
THUMOS14_LENGTHS = (3.0, 6.0, 12.0, 18.0)
ACTIVITYNET_LENGTHS = (30.0, 60.0, 120.0, 180.0)
"""Seconds between classes of length (DETAD)."""
SLIGHT = 0.1
"""The overlap below which a detection is of the background (DETAD)."""


def length_edges(thresholds: Sequence[float]) -> tuple[float, ...]:
    """Those of ActivityNet for overlaps from 0.5 on, else those of THUMOS14."""
    return ACTIVITYNET_LENGTHS if min(thresholds) >= 0.5 else THUMOS14_LENGTHS


def error_kinds(detections: Segments, truth: Segments, *, threshold: float = 0.5) -> tuple[IntArray, Segments]:
    """The kind of every detection as an index into ``KINDS``, (n,), and the detections from the surest on."""
    ranked = by_score(detections)
    own = overlapping(ranked, truth, least=SLIGHT)
    taken = match(own, threshold=threshold, num_detections=len(ranked), num_truth=len(truth))
    any_label = overlapping(_one_label(ranked), _one_label(truth), least=SLIGHT)
    best_own, best_any = (_largest(pairs.detection, pairs.overlap, len(ranked)) for pairs in (own, any_label))
    tests = (taken >= 0, best_own >= threshold, best_any >= threshold, best_own >= SLIGHT, best_any >= SLIGHT)
    return np.select(tests, range(5), default=5).astype(np.int64), ranked


def error_profile(
    detections: Segments, truth: Segments, *, threshold: float = 0.5, most: int = 10
) -> dict[str, list[float]]:
    """Shares of each kind among the surest k G detections of a label with G segments, k from 1 to ``most``.

    One list by kind. Labels without a segment have no detection among them.
    """
    kinds, ranked = error_kinds(detections, truth, threshold=threshold)
    amounts = np.bincount(truth.label, minlength=int(ranked.label.max(initial=0)) + 1)
    order = np.argsort(ranked.label, kind="stable")
    label = ranked.label[order]
    place = np.arange(len(label)) - np.searchsorted(label, label, side="left")
    shares = []
    for k in range(1, most + 1):
        chosen = kinds[order][place < k * amounts[label]]
        shares.append(np.bincount(chosen, minlength=len(KINDS)) / max(len(chosen), 1))
    return {kind: [float(share[index]) for share in shares] for index, kind in enumerate(KINDS)}


def by_length(
    detections: Segments,
    truth: Segments,
    *,
    edges_seconds: Sequence[float],
    thresholds: Sequence[float],
    rules: TruthRules = RULES["official"],
) -> list[dict[str, float]]:
    """Average mAP and the share of segments found, for segments between each two of the edges.

    Segments of other lengths are neither to be found nor false to find: a detection that overlaps one of its
    label by the smallest threshold, and none of the right length as much, is left out; so is one of another
    length that overlaps none (as COCO does for areas). ``num`` may be 0, then there is no mAP.
    """
    truth = counted(truth, rules)
    rules = replace(rules, unknown_labels="ignored")
    bounds = (0.0, *edges_seconds, np.inf)
    rows = []
    for low, high in pairwise(bounds):
        inside = _within(truth, low, high)
        row: dict[str, float] = {"from_seconds": low, "num": float(inside.sum())}
        if np.isfinite(high):
            row["to_seconds"] = high
        if inside.any():
            kept = _relevant(detections, truth, inside, low, high, least=min(thresholds))
            found = detection_scores(
                detections.keep(kept), truth.keep(inside), thresholds=thresholds, rules=rules, recall_at=(1,)
            )
            row |= {"map_avg": found.average, "found": _found(detections, truth.keep(inside), thresholds)}
        rows.append(row)
    return rows


def _found(detections: Segments, truth: Segments, thresholds: Sequence[float]) -> float:
    """Share of segments that any detection of their label overlaps by a threshold, the mean over thresholds."""
    pairs = overlapping(detections, truth, least=min(thresholds))
    best = _largest(pairs.truth, pairs.overlap, len(truth))
    return float(np.mean([(best >= threshold).mean() for threshold in thresholds]))


def _relevant(
    detections: Segments, truth: Segments, inside: np.ndarray, low: float, high: float, *, least: float
) -> np.ndarray:
    pairs = overlapping(detections, truth, least=least)
    right = inside[pairs.truth]
    of_right = _largest(pairs.detection[right], pairs.overlap[right], len(detections)) >= least
    of_other = _largest(pairs.detection[~right], pairs.overlap[~right], len(detections)) >= least
    return of_right | (~of_other & _within(detections, low, high))


def _within(segments: Segments, low: float, high: float) -> npt.NDArray[np.bool_]:
    length = segments.end - segments.start
    found: npt.NDArray[np.bool_] = (length > (low or -np.inf)) & (length <= high)
    return found


def _largest(rows: IntArray, overlap: DoubleArray, count: int) -> DoubleArray:
    """The largest overlap of each row, 0 for one that has none, (count,)."""
    found = np.zeros(count)
    np.maximum.at(found, rows, overlap)
    return found


def _one_label(segments: Segments) -> Segments:
    return replace(segments, label=np.zeros_like(segments.label))
