"""Choosing a linear probe's hyper-parameters on a held-out part of the training set."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from twlv import metrics
from twlv.errors import FeatureError
from twlv.tasks.seeds import derive
from twlv.tasks.split import Split, hold_out
from twlv.tasks.table import Table
from twlv.types import DoubleArray, IntArray, Json

if TYPE_CHECKING:
    import torch

    from twlv.heads import LinearHeads, LinearRecipe, Places

Point: TypeAlias = tuple[float, float]
"""Learning rate and weight decay."""

_WEIGHTS_AT_ONCE = 200_000_000  # of all heads that train side by side; 2.4 GB with their optimiser's state
_ENOUGH_HELD_OUT = 300  # videos judged in all splits together, if five splits give that many
_MAX_SPLITS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Trainer:
    """A training set on its device, and how heads are trained on part of it.

    ``recipe`` makes the recipe for some points and a number of videos. Every fit starts from the same seeds.
    """

    rows: torch.Tensor
    table: Table
    num_classes: int
    recipe: Callable[[Sequence[Point], int], LinearRecipe]
    seeds: Mapping[str, int]

    def fit(self, videos: IntArray, points: Sequence[Point]) -> LinearHeads:
        """One head for each point, trained side by side on these videos."""
        from twlv.heads import fit_linear

        return fit_linear(
            self.rows,
            places(self.table, videos),
            self.table.labels[videos],
            self.num_classes,
            self.recipe(points, len(videos)),
            order_seed=self.seeds["order"],
            init_seed=self.seeds["init"],
        )


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The point to train with, the JSON-able record of how it was found, and what a reader must know."""

    point: Point
    record: Mapping[str, Json]
    notes: tuple[str, ...] = ()


def places(table: Table, videos: IntArray | None = None) -> Places:
    """Where the rows of these videos (default: all) stand in the table."""
    from twlv.heads import Places

    chosen = np.arange(len(table)) if videos is None else videos
    return Places(starts=table.offsets[:-1][chosen], counts=np.diff(table.offsets)[chosen])


def select(trainer: Trainer, points: Sequence[Point], fraction: float) -> Choice:
    """The point that does best on held-out training videos, by the rule of one standard error.

    Of all points whose held-out top-1 is within one standard error of the best one's, the lowest held-out loss
    is taken, then the first in the grid (Breiman et al., Classification and Regression Trees, 1984, section
    3.4.3). On a few dozen videos the largest top-1 is often luck of a rate so high that its loss explodes; on
    many the error is small and the rule is the plain maximum. Where a split holds out few videos, several
    random ones are averaged. A single point is taken as it is. Where no video
    can be held out the middle point is taken, and a note says so.

    Raises:
        FeatureError: every head diverged.
    """
    if len(points) == 1:
        return Choice(point=points[0], record={"split": "none: one point"})
    split = hold_out(trainer.table.labels, trainer.table.groups, fraction, seed=trainer.seeds["split"])
    if not len(split.held_out):
        middle = points[len(points) // 2]
        said = (
            f"{len(trainer.table)} training videos are too few to hold any out; learning rate {middle[0]:g} "
            f"and weight decay {middle[1]:g} were taken unseen"
        )
        return Choice(point=middle, record={"split": "none: too few training videos"}, notes=(said,))
    splits = [split, *_more_splits(trainer, fraction, len(split.held_out))]
    tried = _mean([_tried(trainer, points, one.fit, one.held_out) for one in splits])
    usable = [i for i, one in enumerate(tried) if not one["diverged"]]
    if not usable:
        raise FeatureError(f"the probe diverged at every one of {len(points)} points; set lower learning_rates")
    judged = sum(len(one.held_out) for one in splits)
    best = usable[_within_one_error([tried[i] for i in usable], judged)]
    record: dict[str, Json] = {
        "split": f"held out of train, {split.rule}",
        "fit_videos": len(split.fit),
        "held_out_videos": len(split.held_out),
        "splits": len(splits),
        "best": dict(tried[best]),
        "grid": list(tried),
    }
    times = "" if len(splits) == 1 else f", {len(splits)} times over"
    said = (
        f"learning rate and weight decay were chosen on {len(split.held_out)} training videos "
        f"held out {split.rule}{times}"
    )
    return Choice(point=points[best], record=record, notes=(said, *_edge(points, best, tried)))


def _more_splits(trainer: Trainer, fraction: float, num_held_out: int) -> list[Split]:
    """Further random splits where one holds out few videos: at most five in all."""
    repeats = min(_MAX_SPLITS, math.ceil(_ENOUGH_HELD_OUT / num_held_out))
    table = trainer.table
    return [
        hold_out(table.labels, table.groups, fraction, seed=derive(trainer.seeds["split"], f"split {n}"))
        for n in range(1, repeats)
    ]


def _within_one_error(tried: Sequence[Mapping[str, Json]], num_videos: int) -> int:
    """The one of lowest loss among those within a standard error (of a proportion) of the best top-1."""
    top1 = [_number(one["held_out_top1"]) / 100 for one in tried]
    highest = max(top1)
    least = highest - math.sqrt(highest * (1 - highest) / num_videos)
    near = [i for i, value in enumerate(top1) if value >= least - 1e-12]
    return min(near, key=lambda i: (_number(tried[i]["held_out_loss"]), i))


def _tried(
    trainer: Trainer, points: Sequence[Point], fit: IntArray, held_out: IntArray
) -> list[dict[str, Json]]:
    """Held-out numbers of every point on one split; as many heads side by side as memory is meant for."""
    at_once = max(1, _WEIGHTS_AT_ONCE // (trainer.rows.shape[1] * trainer.num_classes))
    parts = [points[start : start + at_once] for start in range(0, len(points), at_once)]
    return [one for part in parts for one in _tried_together(trainer, part, fit, held_out)]


def _mean(splits: Sequence[Sequence[Mapping[str, Json]]]) -> list[dict[str, Json]]:
    """The mean over splits of every point's numbers; a point that diverged on one of them has none."""
    means: list[dict[str, Json]] = []
    for runs in zip(*splits, strict=True):
        diverged = any(run["diverged"] for run in runs)
        numbers = {
            name: None if diverged else float(np.mean([_number(run[name]) for run in runs]))
            for name in ("held_out_top1", "held_out_loss", "train_loss")
        }
        means.append({**runs[0], "diverged": diverged, **numbers})
    return means


def _tried_together(
    trainer: Trainer, points: Sequence[Point], fit: IntArray, held_out: IntArray
) -> list[dict[str, Json]]:
    heads = trainer.fit(fit, points)
    finite = heads.finite
    rank: IntArray = np.full((len(held_out), len(points)), metrics.NO_ANSWER)
    loss: DoubleArray = np.full(rank.shape, np.nan)
    good = np.flatnonzero(finite)
    if len(good):
        judged = heads.only(good).judge(
            trainer.rows, places(trainer.table, held_out), trainer.table.labels[held_out]
        )
        rank[:, good], loss[:, good] = judged.rank, judged.loss
    return [
        {
            "learning_rate": rate,
            "weight_decay": decay,
            "diverged": not finite[i],
            "held_out_top1": 100 * metrics.accuracy(rank[:, i]) if finite[i] else None,
            "held_out_loss": float(loss[:, i].mean()) if finite[i] else None,
            "train_loss": float(heads.last_loss[i]) if finite[i] else None,
        }
        for i, (rate, decay) in enumerate(points)
    ]


def _number(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _edge(points: Sequence[Point], best: int, tried: Sequence[Mapping[str, Json]]) -> tuple[str, ...]:
    """A note if the best learning rate is the smallest or largest tried, and a better one may lie beyond."""
    rates = sorted({rate for rate, _ in points})
    chosen = points[best][0]
    if len(rates) < 3 or chosen not in (rates[0], rates[-1]):
        return ()
    inside = [_number(one["held_out_top1"]) for one in tried if one["learning_rate"] in rates[1:-1]]
    if max(inside) >= _number(tried[best]["held_out_top1"]):
        return ()
    return (f"the chosen learning rate {chosen:g} is at the edge of the grid; a wider one may do better",)
