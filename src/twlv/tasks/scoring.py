"""From the rank of the true class of each test video to the scores of an Outcome, in percent.

A test video without an embedding is counted as wrong (``missing="wrong"``, the default), and the same scores
on the decoded videos stand beside, named ``..._decoded``. With ``missing="exclude"`` only decoded videos count.

Intervals: Wilson for top-k where every video stands for itself; where videos share a group, groups are drawn
(cluster bootstrap, 1000 draws). Mean per class always has the bootstrap. A bootstrap of zero width (all right,
all wrong, one group) says nothing, so it gives way to Wilson with as many trials as there are groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from twlv import metrics
from twlv.tasks.table import Table
from twlv.types import DoubleArray, IntArray, Json, Prediction, Score

Missing = Literal["wrong", "exclude"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """Of each test video with an embedding: ``rank`` of the true class (n,) and ``predicted`` class (n,)."""

    rank: IntArray
    predicted: IntArray


def top_scores(
    task: str, table: Table, answers: Answers, *, missing: Missing, seed: int, top: Sequence[int] = (1, 5)
) -> dict[str, Score]:
    """``task/top1``, ``task/top5`` and ``task/mean_per_class``, and these with ``_decoded`` if any is missing.

    ``seed`` is that of the bootstrap; equal seeds give equal intervals.
    """
    decoded = _scores(
        task, answers.rank, table.one_each, clusters_of(table.groups, table.video_ids), seed=seed, top=top
    )
    if missing == "exclude" or not table.missing:
        return decoded
    rank = np.concatenate([answers.rank, np.full(len(table.missing), metrics.NO_ANSWER)])
    truth = np.concatenate([table.one_each, table.missing_labels])
    whole = _scores(task, rank, truth, clusters_of_all(table), seed=seed, top=top)
    return whole | {f"{name}_decoded": score for name, score in decoded.items()}


def predictions(table: Table, answers: Answers) -> tuple[Prediction, ...]:
    """One for every test video, decoded or not, in the order of their ids."""
    found = [
        Prediction(video_id=video_id, truth=int(truth), predicted=int(predicted), group=group)
        for video_id, truth, predicted, group in zip(
            table.video_ids, table.one_each, answers.predicted, table.groups, strict=True
        )
    ]
    found += [
        Prediction(video_id=sample.video_id, truth=int(truth), predicted=None, group=sample.group)
        for sample, truth in zip(table.missing, table.missing_labels, strict=True)
    ]
    return tuple(sorted(found, key=lambda prediction: prediction.video_id))


def notes(train: Table | None, test: Table, missing: Missing) -> list[str]:
    """What a reader must know of the two sets: videos that are missing, shared videos, shared groups.

    ``train`` is None where nothing was trained.
    """
    said = []
    if train and train.missing:
        said.append(f"{len(train.missing)} training videos have no embedding and were not trained on")
    if test.missing:
        how = "counted as wrong" if missing == "wrong" else "left out of every score"
        said.append(f"{len(test.missing)} test videos have no embedding and are {how}")
    if train is None:
        return said
    if shared := set(train.video_ids) & set(test.video_ids):
        said.append(f"{len(shared)} videos stand in both train and test, for example '{min(shared)}'")
    if groups := (set(train.groups) & set(test.groups)) - {""}:
        said.append(f"{len(groups)} groups stand in both train and test, for example '{min(groups)}'")
    return said


def baselines(train: Table | None, test: Table, num_classes: int) -> dict[str, Json]:
    """What no skill reaches, in percent: guessing, and always the commonest training class."""
    return {
        "num_classes": num_classes,
        **(_chance_map(test) if test.labels.ndim == 2 else _chance_top1(train, test, num_classes)),
        **({"train_videos": len(train), "train_missing": len(train.missing)} if train else {}),
        "test_videos": len(test),
        "test_missing": len(test.missing),
    }


def _chance_top1(train: Table | None, test: Table, num_classes: int) -> dict[str, Json]:
    if train is None:
        return {"chance_top1": 100.0 / num_classes}
    commonest = int(np.bincount(train.one_each, minlength=num_classes).argmax())
    truth = np.concatenate([test.one_each, test.missing_labels])
    return {
        "chance_top1": 100.0 / num_classes,
        "commonest_class_top1": 100.0 * float(np.mean(truth == commonest)),
    }


def _chance_map(test: Table) -> dict[str, Json]:
    """Equal answers for all videos have as precision the share of videos that have the class."""
    truth = np.concatenate([test.labels, test.missing_labels])
    shares = truth.mean(axis=0)
    return {
        "chance_map": 100.0 * float(shares[shares > 0].mean()) if shares.any() else 0.0,
        "labels_per_video": float(truth.sum(axis=1).mean()),
        "classes_in_test": int((shares > 0).sum()),
    }


def _scores(
    task: str, rank: IntArray, truth: IntArray, clusters: Clusters, *, seed: int, top: Sequence[int]
) -> dict[str, Score]:
    found = {}
    for k in top:
        correct = rank < k
        interval = _proportion_interval(correct, clusters, seed)
        found[f"{task}/top{k}"] = percent(metrics.accuracy(rank, k), interval, len(rank))
    correct = rank < 1
    value = metrics.mean_per_class(correct, truth)
    interval = bootstrap(value, _mean_per_class(correct, truth), clusters, seed)
    found[f"{task}/mean_per_class"] = percent(value, interval, len(rank))
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Which videos share their luck."""

    member: npt.NDArray[Any]  # (n,) the group of each video; a video without one is its own
    grouped: bool

    @property
    def count(self) -> int:
        """Number of groups, a video without one counted as a group."""
        return len(np.unique(self.member))


def clusters_of_all(table: Table) -> Clusters:
    """Of the videos with an embedding, then of the missing ones."""
    groups = table.groups + tuple(sample.group for sample in table.missing)
    return clusters_of(groups, table.video_ids + tuple(sample.video_id for sample in table.missing))


def clusters_of(groups: Sequence[str], video_ids: Sequence[str]) -> Clusters:
    """Videos by group; one without a group stands for itself."""
    names = [
        ("group", group) if group else ("video", f"{i} {own}")
        for i, (group, own) in enumerate(zip(groups, video_ids, strict=True))
    ]
    numbers: Mapping[tuple[str, str], int] = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return Clusters(member=np.array([numbers[name] for name in names]), grouped=any(groups))


def _proportion_interval(correct: npt.NDArray[np.bool_], clusters: Clusters, seed: int) -> tuple[float, float]:
    if not clusters.grouped:
        return metrics.wilson(int(correct.sum()), len(correct))

    def weighted(weight: DoubleArray) -> float:
        return float(weight @ correct / weight.sum())

    return bootstrap(float(correct.mean()), weighted, clusters, seed)


def _mean_per_class(correct: npt.NDArray[np.bool_], truth: IntArray) -> Callable[[DoubleArray], float]:
    def weighted(weight: DoubleArray) -> float:
        count = np.bincount(truth, weights=weight)
        right = np.bincount(truth, weights=weight * correct)
        return float((right[count > 0] / count[count > 0]).mean())

    return weighted


def bootstrap(
    value: float, statistic: Callable[[DoubleArray], float], clusters: Clusters, seed: int
) -> tuple[float, float]:
    """The interval of ``value`` over draws of groups; Wilson's where that has no width."""
    low, high = metrics.cluster_bootstrap(statistic, clusters.member, seed=seed)
    if high - low > 1e-12:
        return low, high
    return metrics.wilson(value * clusters.count, clusters.count)


def percent(value: float, interval: tuple[float, float], n: int) -> Score:
    """A Score in percent from fractions."""
    return Score(value=100.0 * value, unit="%", n=n, ci95=(100.0 * interval[0], 100.0 * interval[1]))
