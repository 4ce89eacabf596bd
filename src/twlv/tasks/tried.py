"""The record of a grid: what each point's head reached on the videos that were held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from twlv.metrics import Labels
from twlv.tasks.answers import metric_of, quality
from twlv.types import DoubleArray, Json

if TYPE_CHECKING:
    from twlv.heads.judged import AnyJudged

Point: TypeAlias = tuple[float, float]
"""Learning rate and weight decay."""


def mean_of_splits(splits: Sequence[Sequence[Mapping[str, Json]]]) -> list[dict[str, Json]]:
    """The mean over splits of every point's numbers; a point that diverged on one of them has none."""
    means: list[dict[str, Json]] = []
    for runs in zip(*splits, strict=True):
        diverged = any(run["diverged"] for run in runs)
        numbers = {
            name: None if diverged else float(np.mean([number(run[name]) for run in runs]))
            for name in runs[0]
            if name.startswith("held_out_") or name == "train_loss"
        }
        means.append({**runs[0], "diverged": diverged, **numbers})
    return means


def tried_record(
    points: Sequence[Point],
    finite: Sequence[bool],
    last_loss: DoubleArray,
    judged: AnyJudged | None,
    labels: Labels,
) -> list[dict[str, Json]]:
    """Held-out numbers of one head for each point; ``judged`` is of the ``finite`` ones alone, in order."""
    metric = metric_of(labels)
    column = np.cumsum(finite) - 1
    records: list[dict[str, Json]] = []
    for i, (rate, decay) in enumerate(points):
        own = judged if finite[i] else None
        records.append(
            {
                "learning_rate": rate,
                "weight_decay": decay,
                "diverged": not finite[i],
                f"held_out_{metric}": quality(own, int(column[i]), labels) if own else None,
                "held_out_loss": float(own.loss[:, column[i]].mean()) if own else None,
                "train_loss": float(last_loss[i]) if own else None,
            }
        )
    return records


def number(value: Json) -> float:
    """A value that is a number; NaN for others."""
    return float(value) if isinstance(value, (int, float)) else float("nan")
