"""Linear probing on embeddings: how well one linear layer reads the classes off them (report, Table 3)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from twlv.errors import FeatureError, UsageError
from twlv.tasks.answers import scored
from twlv.tasks.choices import require_choice
from twlv.tasks.live_probe import EpochTrainer, standardiser, unchanged
from twlv.tasks.probe_grid import Trainer, places, select
from twlv.tasks.probe_recipe import CONSTANTS, Optimizer, ProbeRecipe, Recipe, recipe_of
from twlv.tasks.scoring import Missing, baselines, notes
from twlv.tasks.seeds import derive
from twlv.tasks.table import Rows, check_pair, class_count, gather
from twlv.types import Json, Level, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from twlv.contracts import Features

_PURPOSES = ("order", "init", "split", "interval")


@dataclass(frozen=True, kw_only=True)
class LinearProbe:
    """One linear layer with bias, trained with cross-entropy on frozen embeddings.

    ``recipe="authors"`` is the report authors' published script (linear_probing/main.py): Adam at 1e-3
    without weight decay, batches of 1024, 150 epochs of which 10 warm up, cosine to 0, initial weights uniform
    in +-1/sqrt(D), features as they are, nothing selected.

    ``recipe="table4"`` is the frame-level probe of the report's Table 4, as printed for Kinetics-400: rate 0.1
    without weight decay, batches of 1024, 150 epochs of which 10 warm up. The table names no optimiser, initial
    weights or normalisation; SGD, zeros and standardised features are ours (``tasks.recipes_linear``, which has
    every data set's values and the augmentation of the training clips).

    ``recipe="grid"`` trains every pair of ``learning_rates`` and ``weight_decays`` side by side in one pass
    over standardised features from zero weights (SGD, cosine to 0, 30 epochs and at least 300 steps; the
    report's rates, its Table 4, have the size of SGD's), on the training set less a held-out part (whole
    groups; by class where videos have none). Of the pairs whose held-out top-1 is within one standard error of
    the best, the one of lowest held-out loss is trained again on the whole training set. Where the held-out
    part is small, several random ones are averaged. The test set is not looked at. ``details`` holds every
    pair's held-out numbers and the one chosen.

    Training features that differ from epoch to epoch (``contracts.EpochFeatures``) are asked for each epoch's
    rows anew; the held-out videos are then judged by the rows they have outside epochs, on one split.

    Videos with several labels (``types.ClassLabels``) are trained on with the binary cross-entropy of each
    class, summed over classes, and scored by mean average precision; a pair is then chosen by held-out mAP.

    A field that is None takes the recipe's value, which is what a Result records. The probe depends on the
    seed alone, not on the order in which videos are listed, and touches no global random state; on a CPU,
    equal seeds give equal bits.

    Attributes:
        recipe: ``grid``, ``authors`` or ``table4``.
        rows: ``clip``: a video is trained on by one of its clips or views, drawn anew at each visit, and
            tested by the mean of its rows' probabilities (never of their logits). ``video``: by the mean of its
            vectors in both. The same where a video has one row.
        epochs: Passes over the training videos: 150 for ``authors`` and ``table4``, at least 30 for ``grid``.
        min_steps: More epochs are made where fewer than these steps would be: 300 for ``grid``, so that small
            sets are trained long enough; 0 for the others, and wherever ``epochs`` is given.
        warmup_epochs: Of these, with a linearly rising learning rate: 0 for ``grid``, 10 for the others.
        batch_size: Videos in a step, in all; the learning rate does not depend on it.
        learning_rates: Peak learning rates. Several for ``grid`` only.
        weight_decays: Of the weights, not the biases; decoupled from the gradient in AdamW.
        optimizer: ``adamw``, or ``sgd`` (momentum 0.9): None is AdamW for ``authors``, SGD for ``grid``. On
            standardised features from zero weights SGD stays near the smallest weights that fit, and tests
            better than AdamW where videos are few.
        standardise: Bring each feature to mean 0 and deviation 1 over all training rows; the test rows go
            through the same map.
        held_out: Fraction of the training videos that the grid is judged on.
        drop_last: Leave the incomplete last batch of an epoch out, as the authors' script does. A defect,
            here to reproduce its numbers.
        missing: Whether a test video without an embedding is ``wrong`` or ``exclude``d from the scores.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:0``.
    """

    recipe: Recipe = "grid"
    rows: Rows = "clip"
    epochs: int | None = None
    min_steps: int | None = None
    warmup_epochs: int | None = None
    batch_size: int = 1024
    learning_rates: tuple[float, ...] | None = None
    weight_decays: tuple[float, ...] | None = None
    optimizer: Optimizer | None = None
    standardise: bool | None = None
    held_out: float = 0.2
    drop_last: bool = False
    missing: Missing = "wrong"
    device: str = "auto"

    def __post_init__(self) -> None:
        require_choice("recipe", self.recipe, Recipe)
        require_choice("rows", self.rows, Rows)
        require_choice("optimizer", self.optimizer or "sgd", Optimizer)
        require_choice("missing", self.missing, Missing)
        if self.batch_size < 1 or (self.epochs is not None and self.epochs < 1):
            raise UsageError(f"batch_size and epochs start at 1, got {self.batch_size} and {self.epochs}")
        if not 0 < self.held_out < 1:
            raise UsageError(f"held_out is a fraction between 0 and 1, got {self.held_out}")
        if (self.min_steps or 0) < 0 or (self.warmup_epochs or 0) < 0:
            raise UsageError(
                f"min_steps and warmup_epochs start at 0, got {self.min_steps} and {self.warmup_epochs}"
            )
        points = self.points
        if not points or min(rate for rate, _ in points) <= 0 or min(decay for _, decay in points) < 0:
            raise UsageError("learning_rates need one or more values above 0, weight_decays from 0 up")
        if self.recipe != "grid" and len(points) > 1:
            raise UsageError(
                f"recipe={self.recipe} selects nothing: give one learning rate and one weight decay"
            )

    @property
    def name(self) -> str:
        """Prefix of the scores."""
        return "linear_probe"

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""
        return "1"

    @property
    def level(self) -> Level:
        """One vector for each clip."""
        return "clip"

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Every (learning rate, weight decay) that is tried, in order."""
        return self.training.points

    @property
    def training(self) -> ProbeRecipe:
        """The recipe with the fields that are set in place of its own."""
        recipe = recipe_of(self.recipe, self.optimizer)
        if self.epochs is not None:
            recipe = replace(recipe, min_steps=0)
        given = {name: getattr(self, name) for name in asdict(recipe) if getattr(self, name, None) is not None}
        return replace(recipe, **given)

    def resolved(self) -> dict[str, Json]:
        """What stands for the fields that are None, and what the recipe sets besides, for a Result.

        ``held_out`` is None where a single point leaves nothing to choose.
        """
        training = self.training
        held_out = self.held_out if len(training.points) > 1 else None
        return {**asdict(training), "held_out": held_out, **CONSTANTS[training.optimizer]}

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Scores ``linear_probe/top1``, ``/top5``, ``/mean_per_class`` in percent, or ``/map``.

        Raises:
            FeatureError: embeddings or labels that cannot be used (names the video), or a probe that diverged.
            UsageError: ``drop_last`` with fewer training videos than a batch.
        """
        return self.run_from(None, train, test, seed=seed)

    def run_from(self, checkpoints: Path | None, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """As ``run``; on features that have epochs the training is kept after each in ``checkpoints``."""
        import torch

        from twlv.contracts import in_epochs
        from twlv.heads import full_float32
        from twlv.nn.precision import resolve_device

        check_pair(train, test)
        table = gather(train, self.rows, role="train", several=True)
        asked = gather(test, self.rows, role="test", several=True)
        num_classes = class_count(test.dataset.classes, table, asked)
        said = notes(table, asked, self.missing)
        seeds = {purpose: derive(seed, f"linear_probe/{purpose}") for purpose in _PURPOSES}
        training = self.training
        prepare = standardiser(table.rows) if training.standardise else unchanged
        prepare(table.rows)
        prepare(asked.rows)
        make = partial(training.training, batch_size=self.batch_size, drop_last=self.drop_last)
        device = resolve_device(self.device)
        with full_float32(device):
            trainer = Trainer(
                rows=torch.from_numpy(table.rows).to(device),
                table=table,
                num_classes=num_classes,
                recipe=make,
                seeds=seeds,
            )
            if in_epochs(train):
                trainer = EpochTrainer.of(
                    trainer, train, self.rows, training.points, fraction=self.held_out, prepare=prepare,
                    checkpoints=checkpoints,
                )  # fmt: skip
            choice = select(trainer, training.points, self.held_out, max_splits=trainer.max_splits)
            said += choice.notes
            heads = trainer.fit(np.arange(len(table)), [choice.point])
            if not heads.finite[0]:
                raise FeatureError(f"the probe diverged at learning rate {choice.point[0]:g}; set a lower one")
            judged = heads.judge(torch.from_numpy(asked.rows).to(device), places(asked), asked.labels)
        scores, answered = scored(self.name, asked, judged, missing=self.missing, seed=seeds["interval"])
        recipe = make([choice.point], len(table))
        return Outcome(
            scores=scores,
            notes=tuple(said),
            details={
                **baselines(table, asked, num_classes),
                **trainer.record,
                "recipe": self.recipe,
                "optimizer": training.optimizer,
                "learning_rate": choice.point[0],
                "weight_decay": choice.point[1],
                "selection": dict(choice.record),
                "epochs": recipe.epochs,
                "steps_per_epoch": recipe.steps_per_epoch(len(table)),
                "train_loss_first_epoch": float(heads.first_loss[0]),
                "train_loss": float(heads.last_loss[0]),
                "test_loss": float(judged.loss.mean()),
            },
            predictions=answered,
            seeds={"run": seed, **seeds},
        )
