"""Choosing a probe's hyper-parameters on a held-out part of the training set."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from twlv.errors import FeatureError
from twlv.metrics import Labels
from twlv.tasks.seeds import derive
from twlv.tasks.split import Split, hold_out
from twlv.tasks.table import Table
from twlv.tasks.tried import Point, mean_of_splits, number, tried_record
from twlv.types import IntArray, Json

if TYPE_CHECKING:
    import torch

    from twlv.heads import LinearHeads, LinearRecipe, Places

_WEIGHTS_AT_ONCE = 200_000_000  # of all heads that train side by side; 2.4 GB with their optimiser's state
_ENOUGH_HELD_OUT = 300  # videos judged in all splits together, if five splits give that many
MAX_SPLITS = 5


class Candidates(Protocol):
    """A training set whose hyper-parameters are to be chosen: n videos, numbered from 0."""

    @property
    def labels(self) -> Labels:
        """Class of each video, (n,), or its classes, (n, C)."""

    @property
    def groups(self) -> Sequence[str]:
        """Group of each video, n of them."""

    @property
    def seeds(self) -> Mapping[str, int]:
        """Seeds by purpose; ``split`` is used here."""

    def tried(self, points: Sequence[Point], fit: IntArray, held_out: IntArray) -> list[dict[str, Json]]:
        """``tried_record`` of one head for each point, trained on ``fit`` and judged on ``held_out``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trainer:
    """A training set on its device, and how linear heads are trained on part of it.

    ``recipe`` makes the recipe for some points and a number of videos. Every fit starts from the same seeds.
    At most ``max_splits`` parts are held out in turn; ``record`` is for the details of an Outcome.
    """

    rows: torch.Tensor
    table: Table
    num_classes: int
    recipe: Callable[[Sequence[Point], int], LinearRecipe]
    seeds: Mapping[str, int]
    max_splits: int = MAX_SPLITS
    record: Mapping[str, Json] = field(default_factory=dict)

    @property
    def labels(self) -> Labels:
        """Class of each video, (n,), or its classes, (n, C)."""
        return self.table.labels

    @property
    def groups(self) -> Sequence[str]:
        """Group of each video."""
        return self.table.groups

    def tried(self, points: Sequence[Point], fit: IntArray, held_out: IntArray) -> list[dict[str, Json]]:
        """Held-out numbers of every point; as many heads side by side as memory is meant for."""
        at_once = max(1, _WEIGHTS_AT_ONCE // (self.rows.shape[1] * self.num_classes))
        parts = [points[start : start + at_once] for start in range(0, len(points), at_once)]
        return [one for part in parts for one in self._tried_together(part, fit, held_out)]

    def _tried_together(
        self, points: Sequence[Point], fit: IntArray, held_out: IntArray
    ) -> list[dict[str, Json]]:
        heads = self.fit(fit, points)
        good = np.flatnonzero(heads.finite)
        judged = None
        if len(good):
            judged = heads.only(good).judge(self.rows, places(self.table, held_out), self.labels[held_out])
        return tried_record(points, heads.finite, heads.last_loss, judged, self.labels[held_out])

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


def select(
    trainer: Candidates, points: Sequence[Point], fraction: float, *, max_splits: int = MAX_SPLITS
) -> Choice:
    """The point that does best on held-out training videos, by the rule of one standard error.

    Of all points whose held-out top-1 is within one standard error of the best one's, the lowest held-out loss
    is taken, then the first in the grid (Breiman et al., Classification and Regression Trees, 1984, section
    3.4.3). On a few dozen videos the largest top-1 is often luck of a rate so high that its loss explodes; on
    many the error is small and the rule is the plain maximum. Of several labels a video it is the highest
    held-out mAP. Where a split holds out few videos, several random ones are averaged. A single point is taken
    as it is. Where no video can be held out the middle point is taken, and a note says so.

    Raises:
        FeatureError: every head diverged.
    """
    if len(points) == 1:
        return Choice(point=points[0], record={"split": "none: one point"})
    split = hold_out(trainer.labels, trainer.groups, fraction, seed=trainer.seeds["split"])
    if not len(split.held_out):
        middle = points[len(points) // 2]
        said = (
            f"{len(trainer.labels)} training videos are too few to hold any out; learning rate {middle[0]:g} "
            f"and weight decay {middle[1]:g} were taken unseen"
        )
        return Choice(point=middle, record={"split": "none: too few training videos"}, notes=(said,))
    splits = [split, *_more_splits(trainer, fraction, len(split.held_out), max_splits)]
    tried = mean_of_splits([trainer.tried(points, one.fit, one.held_out) for one in splits])
    usable = [i for i, one in enumerate(tried) if not one["diverged"]]
    if not usable:
        raise FeatureError(f"the probe diverged at every one of {len(points)} points; set lower learning_rates")
    judged = sum(len(one.held_out) for one in splits)
    choose = _highest_map if trainer.labels.ndim == 2 else _within_one_error
    best = usable[choose([tried[i] for i in usable], judged)]
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


def _more_splits(trainer: Candidates, fraction: float, num_held_out: int, most: int) -> list[Split]:
    """Further random splits where one holds out few videos: ``most`` in all."""
    repeats = min(most, math.ceil(_ENOUGH_HELD_OUT / num_held_out))
    return [
        hold_out(trainer.labels, trainer.groups, fraction, seed=derive(trainer.seeds["split"], f"split {n}"))
        for n in range(1, repeats)
    ]


def _within_one_error(tried: Sequence[Mapping[str, Json]], num_videos: int) -> int:
    """The one of lowest loss among those within a standard error (of a proportion) of the best top-1."""
    top1 = [number(one["held_out_top1"]) / 100 for one in tried]
    highest = max(top1)
    least = highest - math.sqrt(highest * (1 - highest) / num_videos)
    near = [i for i, value in enumerate(top1) if value >= least - 1e-12]
    return min(near, key=lambda i: (number(tried[i]["held_out_loss"]), i))


def _highest_map(tried: Sequence[Mapping[str, Json]], num_videos: int) -> int:
    """The one of highest held-out mAP, then of lowest loss: no binomial says how far an mAP may be off."""
    keys = [(-number(one["held_out_map"]), number(one["held_out_loss"])) for one in tried]
    return min(range(len(keys)), key=lambda i: (*keys[i], i))


def _edge(points: Sequence[Point], best: int, tried: Sequence[Mapping[str, Json]]) -> tuple[str, ...]:
    """A note if the best learning rate is the smallest or largest tried, and a better one may lie beyond."""
    rates = sorted({rate for rate, _ in points})
    chosen = points[best][0]
    if len(rates) < 3 or chosen not in (rates[0], rates[-1]):
        return ()
    metric = "held_out_map" if "held_out_map" in tried[best] else "held_out_top1"
    inside = [number(one[metric]) for one in tried if one["learning_rate"] in rates[1:-1]]
    if max(inside) >= number(tried[best][metric]):
        return ()
    return (f"the chosen learning rate {chosen:g} is at the edge of the grid; a wider one may do better",)
