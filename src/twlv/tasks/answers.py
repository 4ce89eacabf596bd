"""From what a head answered to the scores of an Outcome: of one class a video, or of several (mAP)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlv import metrics
from twlv.tasks.scoring import (
    Answers,
    Clusters,
    Missing,
    bootstrap,
    clusters_of,
    clusters_of_all,
    percent,
    predictions,
    top_scores,
)
from twlv.tasks.table import Table
from twlv.types import DoubleArray, Prediction, Score

if TYPE_CHECKING:
    from twlv.heads.judged import AnyJudged
    from twlv.metrics import Labels


def scored(
    task: str, table: Table, judged: AnyJudged, *, missing: Missing, seed: int
) -> tuple[dict[str, Score], tuple[Prediction, ...]]:
    """Scores and answers of the first head. Several labels have a ranking of videos, and no answer for each."""
    from twlv.heads.judged import JudgedSeveral

    if isinstance(judged, JudgedSeveral):
        return map_scores(task, table, judged.scores[:, 0], missing=missing, seed=seed), ()
    answers = Answers(rank=judged.rank[:, 0], predicted=judged.predicted[:, 0])
    return top_scores(task, table, answers, missing=missing, seed=seed), predictions(table, answers)


def map_scores(
    task: str, table: Table, scores: DoubleArray, *, missing: Missing, seed: int
) -> dict[str, Score]:
    """``task/map`` in percent: the mean over classes of how well ``scores`` (n, C) rank their videos.

    A video without an embedding ranks last in every class, and ``task/map_decoded`` is of the others. The
    interval is that of 1000 draws of groups (of videos, where these have none).
    """
    groups = clusters_of(table.groups, table.video_ids)
    truth = table.labels.astype(bool)
    decoded = _map(metrics.Ranking(scores, truth), groups, seed)
    if missing == "exclude" or not table.missing:
        return {f"{task}/map": decoded}
    absent = np.full((len(table.missing), scores.shape[1]), -np.inf)
    every = metrics.Ranking(
        np.concatenate([scores, absent]), np.concatenate([truth, table.missing_labels.astype(bool)])
    )
    return {f"{task}/map": _map(every, clusters_of_all(table), seed), f"{task}/map_decoded": decoded}


def _map(ranking: metrics.Ranking, groups: Clusters, seed: int) -> Score:
    value = ranking.mean()
    return percent(value, bootstrap(value, ranking.mean, groups, seed), len(groups.member))


def metric_of(labels: Labels) -> str:
    """The metric that hyper-parameters are chosen by: ``top1``, or ``map`` of several labels."""
    return "map" if labels.ndim == 2 else "top1"


def quality(judged: AnyJudged, head: int, labels: Labels) -> float:
    """That metric of one head, in percent."""
    from twlv.heads.judged import JudgedSeveral

    if isinstance(judged, JudgedSeveral):
        return 100 * metrics.mean_average_precision(judged.scores[:, head], labels.astype(bool))
    return 100 * metrics.accuracy(judged.rank[:, head])
