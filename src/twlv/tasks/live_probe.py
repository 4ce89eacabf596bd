"""A linear probe on features that change from epoch to epoch: every head is trained on one pass of the epochs.

Encoding is what costs, so the heads of the choice (without the held-out videos) and those of the result (on all
videos) are trained side by side, each on its own videos of the same rows.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from twlv.codec import to_json
from twlv.errors import FeatureError
from twlv.tasks.probe_grid import Trainer, places
from twlv.tasks.split import hold_out
from twlv.tasks.table import Rows, Table, gather
from twlv.tasks.tried import Point
from twlv.types import FloatArray, IntArray, Json

if TYPE_CHECKING:
    from pathlib import Path

    from twlv.contracts import EpochFeatures
    from twlv.heads import LinearHeads, LinearTraining
    from twlv.heads.checkpoint import Checkpoint

    _Running: TypeAlias = Sequence[tuple[IntArray, LinearTraining]]
    """Trainings side by side, each with the videos that it sees."""

Prepare = Callable[[FloatArray], None]
"""Changes rows (R, D) in place."""


def unchanged(rows: FloatArray) -> None:
    """Leave rows as they are."""


def standardiser(rows: FloatArray) -> Prepare:
    """Brings any rows to where these have mean 0 and deviation 1 in every feature."""
    from twlv.heads import mean_and_scale, standardise

    mean, scale = mean_and_scale(rows)

    def prepare(others: FloatArray) -> None:
        standardise(others, mean, scale)

    return prepare


@dataclass(frozen=True, kw_only=True, eq=False)
class EpochTrainer(Trainer):
    """A Trainer whose heads are trained already. ``fits`` maps the videos' bytes to one head for each point."""

    points: tuple[Point, ...]
    fits: Mapping[bytes, LinearHeads] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        trainer: Trainer,
        train: EpochFeatures,
        rows: Rows,
        points: Sequence[Point],
        *,
        fraction: float,
        prepare: Prepare,
        checkpoints: Path | None = None,
    ) -> EpochTrainer:
        """Train on every epoch of ``train`` the heads that ``select`` and the final fit will ask for.

        The state is kept after each epoch in the folder ``checkpoints`` until the last one is done.

        Raises:
            FeatureError: an epoch has other videos than the features outside epochs.
        """
        parts = [np.arange(len(trainer.table))]
        if len(points) > 1:
            split = hold_out(trainer.labels, trainer.groups, fraction, seed=trainer.seeds["split"])
            parts += [split.fit] if len(split.held_out) else []
        running = [(part, _training(trainer, part, points)) for part in parts]
        kept = _checkpoint(trainer, train, rows, points, checkpoints)
        for epoch in range(_resumed(kept, running), max(one.recipe.epochs for _, one in running)):
            table = _gathered(train, epoch, rows, trainer.table)
            prepare(table.rows)
            _one_epoch(trainer, table, epoch, running)
            _keep(kept, epoch + 1, running)
        if kept.path is not None:
            kept.path.unlink(missing_ok=True)
        given = {f.name: getattr(trainer, f.name) for f in dataclasses.fields(Trainer)}
        given |= {"max_splits": 1, "record": {"training_features": dict(train.training)}}
        return cls(
            **given,
            points=tuple(points),
            fits={part.tobytes(): training.heads() for part, training in running},
        )

    def fit(self, videos: IntArray, points: Sequence[Point]) -> LinearHeads:
        """The heads of these points that were trained on these videos."""
        wanted = np.array([self.points.index(point) for point in points])
        return self.fits[videos.tobytes()].only(wanted)


def _training(trainer: Trainer, videos: IntArray, points: Sequence[Point]) -> LinearTraining:
    from twlv.heads import LinearTraining

    return LinearTraining(
        trainer.labels[videos],
        trainer.num_classes,
        trainer.recipe(points, len(videos)),
        dim=trainer.rows.shape[1],
        device=trainer.rows.device,
        order_seed=trainer.seeds["order"],
        init_seed=trainer.seeds["init"],
    )


def _checkpoint(
    trainer: Trainer, train: EpochFeatures, rows: Rows, points: Sequence[Point], folder: Path | None
) -> Checkpoint:
    """Where this training is kept: a name of all that decides it. The plain rows stand for data and model."""
    from twlv.heads.checkpoint import Checkpoint, Checkpoints

    if folder is None:
        return Checkpoint()
    table, recipe = trainer.table, trainer.recipe(points, len(trainer.table))
    digest = hashlib.sha256(np.ascontiguousarray(table.rows).data)
    digest.update(table.labels.tobytes() + "\0".join(table.video_ids).encode())
    return Checkpoints(folder=folder).stage(
        "linear-epochs",
        rows=rows,
        data=digest.hexdigest(),
        training=dict(train.training),
        recipe=cast("dict[str, Json]", to_json(recipe)),
        seeds=dict(trainer.seeds),
    )


def _resumed(kept: Checkpoint, running: _Running) -> int:
    """Restore the trainings from the state that was kept, and how many epochs are done."""
    state = kept.load()
    if state is None:
        return 0
    for number, (_, training) in enumerate(running):
        own = f"{number}."
        training.restore({key.removeprefix(own): v for key, v in state.tensors.items() if key.startswith(own)})
    return state.epochs


def _keep(kept: Checkpoint, epochs: int, running: _Running) -> None:
    from twlv.heads.checkpoint import State

    tensors = {
        f"{number}.{key}": value
        for number, (_, training) in enumerate(running)
        for key, value in training.state.items()
    }
    kept.save(State(epochs=epochs, tensors=tensors))


def _gathered(train: EpochFeatures, epoch: int, rows: Rows, plain: Table) -> Table:
    table = gather(train.for_epoch(epoch), rows, role="train", several=True)
    if table.video_ids != plain.video_ids:
        different = sorted(set(table.video_ids) ^ set(plain.video_ids))
        raise FeatureError(
            f"epoch {epoch} of the training features has other videos than the features outside epochs: "
            f"{len(different)} differ, for example '{different[0]}'"
        )
    return table


def _one_epoch(trainer: Trainer, table: Table, epoch: int, running: _Running) -> None:
    import torch

    rows = torch.from_numpy(table.rows).to(trainer.rows.device)
    for videos, training in running:
        if epoch < training.recipe.epochs:
            training.epoch(rows, places(table, videos))
