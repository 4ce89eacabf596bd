"""What an attentive probe is trained with, and the training set that its hyper-parameters are chosen on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from twlv.codec import to_json
from twlv.errors import FeatureError
from twlv.metrics import Labels
from twlv.tasks.answers import metric_of
from twlv.tasks.probe_grid import Choice
from twlv.tasks.token_table import TokenTable
from twlv.tasks.tried import Point, tried_record
from twlv.types import IntArray, Json

if TYPE_CHECKING:
    import torch

    from twlv.heads.attentive import AttentiveHeads
    from twlv.heads.attentive_updates import AttentiveRecipe
    from twlv.heads.checkpoint import Checkpoint, Checkpoints

_WEIGHTS_AT_ONCE = 160_000_000  # of all probes that train side by side; 2.6 GB with gradients and moments
_MIN_STEPS = 300  # of a training whose length is not given, in at least 20 epochs
_SMALLEST_BATCH = 8


def usual_batch(num_videos: int, epochs: int | None) -> int:
    """256 videos, or so many fewer that 20 epochs have 300 steps; at least 8."""
    return max(_SMALLEST_BATCH, min(256, num_videos * (epochs or 20) // _MIN_STEPS))


def usual_epochs(num_videos: int, batch_size: int) -> int:
    """20 epochs, or as many as 300 steps need."""
    return max(20, math.ceil(_MIN_STEPS / math.ceil(num_videos / batch_size)))


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenTrainer:
    """A training set of tokens, and how probes are trained on part of it (``probe_grid.Candidates``).

    ``recipe`` makes the recipe for some points and a number of videos. Every fit starts from the same seeds,
    and keeps its state among ``checkpoints``; ``used`` collects where.
    """

    tokens: TokenTable
    num_classes: int
    recipe: Callable[[Sequence[Point], int], AttentiveRecipe]
    seeds: Mapping[str, int]
    device: torch.device
    checkpoints: Checkpoints
    used: list[Checkpoint] = field(default_factory=list)

    @property
    def labels(self) -> Labels:
        """Class of each video, (n,), or its classes, (n, C)."""
        return self.tokens.table.labels

    @property
    def groups(self) -> Sequence[str]:
        """Group of each video."""
        return self.tokens.table.groups

    def fit(self, videos: IntArray, points: Sequence[Point]) -> AttentiveHeads:
        """One probe for each point, trained side by side on these videos."""
        from twlv.heads.train_attentive import fit_attentive

        recipe = self.recipe(points, len(videos))
        checkpoint = self.checkpoints.stage(
            "attentive",
            recipe=to_json(recipe),
            videos=[int(i) for i in videos],
            num_classes=self.num_classes,
            seeds=dict(self.seeds),
        )
        self.used.append(checkpoint)
        return fit_attentive(
            self.tokens.bags,
            videos,
            self.labels[videos],
            self.num_classes,
            recipe,
            order_seed=self.seeds["order"],
            init_seed=self.seeds["init"],
            device=self.device,
            checkpoint=checkpoint,
        )

    def tried(self, points: Sequence[Point], fit: IntArray, held_out: IntArray) -> list[dict[str, Json]]:
        """Held-out numbers of every point; as many probes side by side as memory is meant for."""
        return [
            one for part in self.parts(points) for one in self._tried_together(part, fit, self.tokens, held_out)
        ]

    def parts(self, points: Sequence[Point]) -> list[Sequence[Point]]:
        """Points that are trained in one pass."""
        at_once = max(1, _WEIGHTS_AT_ONCE // self._weights())
        return [points[start : start + at_once] for start in range(0, len(points), at_once)]

    def best_on(self, test: TokenTable, points: Sequence[Point]) -> Choice:
        """The point that does best on the test set itself, after training on the whole training set.

        This is how V-JEPA 2's published numbers were chosen. Such a score is too high: the test set was looked
        at once for each point.
        """
        videos, asked = np.arange(len(self.tokens)), np.arange(len(test))
        tried = [one for part in self.parts(points) for one in self._tried_together(part, videos, test, asked)]
        usable = [i for i, one in enumerate(tried) if not one["diverged"]]
        if not usable:
            raise FeatureError(
                f"the probe diverged at every one of {len(points)} points; set lower learning_rates"
            )
        best = max(usable, key=lambda i: (float(str(tried[i][f"held_out_{metric_of(self.labels)}"])), -i))
        renamed: list[Json] = [
            {name.replace("held_out", "test"): value for name, value in one.items()} for one in tried
        ]
        said = (
            f"BEST ON TEST: of {len(points)} probes the one with the highest test score is reported; this "
            "number is biased upwards, and is only to be compared with numbers chosen likewise"
        )
        record: dict[str, Json] = {
            "split": "none: chosen on the test set",
            "best": renamed[best],
            "grid": renamed,
        }
        return Choice(point=points[best], record=record, notes=(said,))

    def record(self, choice: Choice, heads: AttentiveHeads) -> dict[str, Json]:
        """How the probe of ``choice`` was trained on all videos, for the details of an Outcome."""
        from twlv.contracts import in_epochs

        recipe, bags = self.recipe([choice.point], len(self.tokens)), self.tokens.bags
        features = bags.features
        return {
            "pooler": {**asdict(recipe.pooler)},
            "learning_rate": choice.point[0],
            "weight_decay": choice.point[1],
            "selection": dict(choice.record),
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "steps_per_epoch": recipe.steps_per_epoch(len(self.tokens)),
            "train_features": dict(features.training) if in_epochs(features) else {"kind": "fixed"},
            "train_tokens": bags.where,
            "spatial_views": bags.spatial_views,
            "train_loss_first_epoch": float(heads.first_loss[0]),
            "train_loss": float(heads.last_loss[0]),
        }

    def _tried_together(
        self, points: Sequence[Point], fit: IntArray, judged_on: TokenTable, videos: IntArray
    ) -> list[dict[str, Json]]:
        heads = self.fit(fit, points)
        good = np.flatnonzero(heads.finite)
        judged = None
        if len(good):
            judged = heads.only(good).judge(judged_on.bags, videos, judged_on.table.labels[videos])
        return tried_record(points, heads.finite, heads.last_loss, judged, judged_on.table.labels[videos])

    def _weights(self) -> int:
        from twlv.heads.attentive import num_weights

        return num_weights(self.recipe([(1e-3, 0.0)], 1).pooler, self.num_classes)
