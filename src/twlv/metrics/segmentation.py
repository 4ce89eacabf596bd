"""Temporal action segmentation: frame accuracy, Edit, F1@10/25/50 and their mean (mF1).

``count_segmentation`` counts video by video, ``SegmentationCounts.pooled`` makes the scores of a split of it.
The rules are those of MS-TCN's and ASFormer's evaluation, and of the report's Table 12:

- accuracy is over all frames of all videos, background included; a longer prediction is cut for it only;
- Edit is the mean over videos of ``edit_scores``;
- F1@k pools hits, false alarms and misses over all videos before precision and recall;
- background classes (``background``) are no segments. Of the three usual sets only GTEA has one.

Fractions, not percent. The last segment's end is a choice (``EndRule``); the usual code ends it a frame early.
Where all of a true video is background and a prediction is not, that code stops; here its segments are false
alarms. Where neither has a segment, Edit is undefined: the video is left out of the mean, and counted.

Axis letters: V videos, K thresholds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from twlv.errors import InputError
from twlv.metrics.segmentation_edit import edit_scores
from twlv.metrics.segmentation_overlap import hits
from twlv.metrics.segmentation_runs import EndRule, runs_of
from twlv.types import DoubleArray, IntArray

THRESHOLDS: Final = (0.1, 0.25, 0.5)
"""Overlaps of F1@10, F1@25, F1@50 (Lea et al., CVPR 2017)."""


@dataclass(frozen=True, kw_only=True)
class SegmentationScores:
    """Scores of one split, fractions. ``f1`` has one value for each of ``thresholds``.

    ``num_edit`` of the ``num_videos`` are in the mean of ``edit``: those with a segment. NaN for no videos.
    """

    accuracy: float
    edit: float
    f1: tuple[float, ...]
    thresholds: tuple[float, ...]
    num_videos: int
    num_edit: int

    @property
    def mean_f1(self) -> float:
        """mF1: the mean over the thresholds."""
        return float(np.mean(self.f1))


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentationCounts:
    """What was counted in each video.

    ``correct`` and ``frames`` (V,); ``edit`` (V,), NaN where undefined; ``true_positives``,
    ``false_positives``, ``false_negatives`` (V, K) segments at each of ``thresholds``.
    """

    correct: IntArray
    frames: IntArray
    edit: DoubleArray
    true_positives: IntArray
    false_positives: IntArray
    false_negatives: IntArray
    thresholds: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.frames)

    def select(self, videos: Sequence[int]) -> SegmentationCounts:
        """The videos of these numbers, such as those of one split."""
        rows = np.asarray(videos, dtype=np.int64)
        return SegmentationCounts(
            correct=self.correct[rows],
            frames=self.frames[rows],
            edit=self.edit[rows],
            true_positives=self.true_positives[rows],
            false_positives=self.false_positives[rows],
            false_negatives=self.false_negatives[rows],
            thresholds=self.thresholds,
        )

    def followed_by(self, other: SegmentationCounts) -> SegmentationCounts:
        """These videos and then the others. The thresholds are the same."""
        names = ("correct", "frames", "edit", "true_positives", "false_positives", "false_negatives")
        both: dict[str, Any] = {n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in names}
        return replace(self, **both)

    def pooled(self) -> SegmentationScores:
        """The scores of all videos together. F1 without a single hit is 0."""
        accuracy, edit, *f1 = self.weighted(np.ones((1, len(self))))[0].tolist()
        return SegmentationScores(
            accuracy=accuracy,
            edit=edit,
            f1=tuple(f1),
            thresholds=self.thresholds,
            num_videos=len(self),
            num_edit=int((~np.isnan(self.edit)).sum()),
        )

    def weighted(self, times: DoubleArray) -> DoubleArray:
        """Accuracy, Edit, and F1 of each threshold, (R, 2 + K), where video v counts ``times`` (R, V) times.

        NaN where a row counts no video (for Edit: none with a segment).
        """
        defined = ~np.isnan(self.edit)
        edit = _share(times[:, defined] @ self.edit[defined], times[:, defined].sum(axis=1))
        accuracy = _share(times @ self.correct, times @ self.frames)
        hit, wrong, missed = (
            times @ counts for counts in (self.true_positives, self.false_positives, self.false_negatives)
        )
        f1 = 2 * hit / np.maximum(2 * hit + wrong + missed, 1)
        f1[times.sum(axis=1) == 0] = np.nan
        return np.column_stack([accuracy, edit, f1])


def _share(part: DoubleArray, whole: DoubleArray) -> DoubleArray:
    found: DoubleArray = np.full(len(whole), np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def count_segmentation(
    predicted: Sequence[IntArray],
    true: Sequence[IntArray],
    *,
    background: Iterable[int] = (),
    end: EndRule = "e0",
    thresholds: Sequence[float] = THRESHOLDS,
) -> SegmentationCounts:
    """Counts of every video from class indices of every frame, (frames,) each.

    A prediction may be longer than the truth (labels at half the rate, each written twice, of an odd number
    of frames): its other frames take part in Edit and F1, as in the usual code.

    Raises:
        InputError: not one prediction for each truth, an empty video, a prediction shorter than its truth,
            labels that are not integers, or a threshold outside (0, 1].
    """
    if len(predicted) != len(true):
        raise InputError(f"{len(predicted)} predictions for {len(true)} videos; there must be one for each")
    ignored = list(background)
    found, wanted = (runs_of(part, background=ignored, end=end) for part in (predicted, true))
    for index, (ours, theirs) in enumerate(zip(predicted, true, strict=True)):
        if len(ours) < len(theirs):
            raise InputError(f"video {index}: {len(ours)} predicted labels for {len(theirs)} frames")
    hit = hits(found, wanted, thresholds)
    return SegmentationCounts(
        correct=np.array(
            [np.count_nonzero(p[: len(t)] == t) for p, t in zip(predicted, true, strict=True)], dtype=np.int64
        ),
        frames=np.array([len(labels) for labels in true], dtype=np.int64),
        edit=edit_scores(found, wanted),
        true_positives=hit,
        false_positives=found.counts[:, None] - hit,
        false_negatives=wanted.counts[:, None] - hit,
        thresholds=tuple(thresholds),
    )


def count_unanswered(
    true: Sequence[IntArray],
    *,
    background: Iterable[int] = (),
    end: EndRule = "e0",
    thresholds: Sequence[float] = THRESHOLDS,
) -> SegmentationCounts:
    """Counts of videos that nothing was predicted for: every frame wrong, every segment missed, Edit 0.

    Edit is undefined, as ever, where a video has no segment.
    """
    wanted = runs_of(true, background=list(background), end=end)
    none = np.zeros((len(true), len(thresholds)), dtype=np.int64)
    return SegmentationCounts(
        correct=np.zeros(len(true), dtype=np.int64),
        frames=np.array([len(labels) for labels in true], dtype=np.int64),
        edit=np.where(wanted.counts > 0, 0.0, np.nan),
        true_positives=none,
        false_positives=none,
        false_negatives=none + wanted.counts[:, None],
        thresholds=tuple(thresholds),
    )
