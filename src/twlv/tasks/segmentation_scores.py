"""From the predicted labels of every split to the scores of an Outcome, in percent, and how far to trust them.

A score is the mean over the splits, as published. Its interval is a bootstrap over videos (over groups, where
there are groups), through all splits at once. A test video without an embedding counts as one that nothing was
predicted for; the same scores without such videos stand beside, named ``..._decoded``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twlv import metrics
from twlv.metrics.segmentation import SegmentationCounts, SegmentationScores
from twlv.metrics.segmentation_runs import EndRule
from twlv.tasks.segmentation_table import LabelledVideos
from twlv.types import DoubleArray, IntArray, Sample, Score

Missing = Literal["wrong", "exclude"]
METRICS = ("mf1", "edit", "accuracy", "f1_10", "f1_25", "f1_50")
"""In order of importance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """What one split came to: its halves, what was predicted for each test video, and the counts.

    ``predicted`` (F,) a video, or a little longer (see ``metrics.segmentation``). ``decoded`` counts those
    videos, ``absent`` the missing ones. ``losses`` and ``rates`` of the training by epoch.
    """

    name: str
    train: LabelledVideos
    test: LabelledVideos
    predicted: tuple[IntArray, ...]
    decoded: SegmentationCounts
    absent: SegmentationCounts
    losses: tuple[float, ...]
    rates: tuple[float, ...]

    def counts(self, missing: Missing) -> SegmentationCounts:
        """Of all test videos, those without an embedding last, or only of those with one."""
        return self.decoded.followed_by(self.absent) if missing == "wrong" else self.decoded

    def samples(self, missing: Missing) -> tuple[Sample, ...]:
        """The videos of ``counts``."""
        own = tuple(video.sample for video in self.test.videos)
        return own + self.test.missing if missing == "wrong" else own


@dataclass(frozen=True, kw_only=True)
class Counting:
    """How segments are counted: class numbers of the background, and where the last segment ends."""

    background: tuple[int, ...]
    rules: EndRule


def split_scores(task: str, splits: Sequence[Answered], *, missing: Missing, seed: int) -> dict[str, Score]:
    """``task/mf1`` and the others of ``METRICS``; these with ``_decoded`` too if any video is missing."""
    found = _scores(task, splits, missing, seed)
    if missing == "exclude" or not any(split.test.missing for split in splits):
        return found
    decoded = _scores(task, splits, "exclude", seed)
    return found | {f"{name}_decoded": score for name, score in decoded.items()}


def values(scores: SegmentationScores) -> dict[str, float]:
    """The scores of one split by name, in percent."""
    f1 = {f"f1_{100 * k:g}": value for k, value in zip(scores.thresholds, scores.f1, strict=True)}
    named = {"mf1": scores.mean_f1, "edit": scores.edit, "accuracy": scores.accuracy, **f1}
    return {name: 100 * value for name, value in named.items()}


def spread(splits: Sequence[Answered], missing: Missing) -> dict[str, float]:
    """The standard deviation over the splits of each score (of a sample: n - 1); empty for one split."""
    rows = [values(split.counts(missing).pooled()) for split in splits]
    if len(rows) < 2:
        return {}
    return {name: float(np.std([row[name] for row in rows], ddof=1)) for name in METRICS}


def _scores(task: str, splits: Sequence[Answered], missing: Missing, seed: int) -> dict[str, Score]:
    counts = [split.counts(missing) for split in splits]
    samples = [sample for split in splits for sample in split.samples(missing)]
    ends = np.cumsum([len(part) for part in counts])
    clusters = np.array([sample.group or f"\0{sample.video_id}" for sample in samples])

    def means(times: DoubleArray) -> DoubleArray:
        """The mean over the splits for each way of counting the videos, (R, metrics).

        A split counts as often as its videos on average: one that a draw has left out does not.
        """
        parts = np.split(times, ends[:-1], axis=1)
        shares = np.array([own.mean(axis=1) for own in parts])[..., None]
        rows = np.array([part.weighted(own) for part, own in zip(counts, parts, strict=True)])
        total = np.where(shares > 0, shares * rows, 0.0).sum(axis=0) / shares.sum(axis=0)
        accuracy, edit, *f1 = 100 * total.T
        return np.column_stack([np.mean(f1, axis=0), edit, accuracy, *f1])

    whole, draws = means(np.ones((1, len(samples))))[0], means(_drawn(clusters, seed))
    return {
        f"{task}/{name}": Score(
            value=float(whole[i]),
            unit="%",
            n=len(samples),
            ci95=_interval(float(whole[i]), draws[:, i], len(np.unique(clusters))),
        )
        for i, name in enumerate(METRICS)
    }


def _drawn(clusters: np.ndarray, seed: int) -> DoubleArray:
    """How often each video is drawn in each of 1000 draws: what ``cluster_bootstrap`` gives its statistic."""
    found: list[DoubleArray] = []

    def kept(times: DoubleArray) -> float:
        found.append(times)
        return 0.0

    metrics.cluster_bootstrap(kept, clusters, seed=seed)
    return np.stack(found)


def _interval(value: float, draws: DoubleArray, clusters: int) -> tuple[float, float] | None:
    """The middle 95 % of the draws; where they do not differ, Wilson's for as many trials as clusters."""
    if np.isnan(value) or np.isnan(draws).all():
        return None
    low, high = (float(end) for end in np.nanquantile(draws, [0.025, 0.975]))
    if high - low > 1e-9:
        return low, high
    low, high = metrics.wilson(value / 100 * clusters, clusters)
    return 100 * low, 100 * high
