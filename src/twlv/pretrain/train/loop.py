"""A run: from a recipe to an exported backbone, in one folder, by one process or many.

torchrun --nproc-per-node 8 -m twlv.cli.main pretrain RECIPE --out RUN
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from twlv.errors import TwlvError, UsageError
from twlv.nn.precision import fast_float32
from twlv.pretrain.batch import Batch
from twlv.pretrain.data.settings import DataSettings, open_loader
from twlv.pretrain.objective.config import ObjectiveConfig
from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.train import checkpoint
from twlv.pretrain.train.checkpoint import Saved
from twlv.pretrain.train.folder import RunFolder
from twlv.pretrain.train.interrupt import Request, polite
from twlv.pretrain.train.keeping import Keeper
from twlv.pretrain.train.recipe import Recipe, differences
from twlv.pretrain.train.trainer import Trainer
from twlv.pretrain.train.world import World, joined

Watch = Callable[[Mapping[str, Any]], None]


class Batches(Protocol):
    """Where batches come from; ``pretrain.data.Loader`` is one."""

    def batch(self, step: int) -> Batch:
        """The batch of one step on this process."""

    def close(self) -> None:
        """Stop reading."""


class MakeObjective(Protocol):
    """Builds the module to train; ``Objective`` is one."""

    def __call__(self, config: ObjectiveConfig, *, device: Any) -> nn.Module:
        """The module, on the device."""


class OpenBatches(Protocol):
    """Opens the data; ``open_loader`` is one."""

    def __call__(self, settings: DataSettings, *, seed: int, world: int, rank: int) -> Batches:
        """The batches of one process."""


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a run ended. ``stopped`` names the signal or the rule that ended it early, or is ""."""

    folder: RunFolder
    step: int
    steps: int
    stopped: str = ""
    backbone: Path | None = None


def train(
    recipe: Recipe,
    out: str | Path,
    *,
    resume: bool = False,
    watch: Watch = lambda row: None,
    objective: MakeObjective = Objective,
    batches: OpenBatches = open_loader,
    write: checkpoint.Writer = checkpoint.write,
) -> Finished:
    """Train, or go on with ``resume``; the log, checkpoints, picture and backbone are in the folder ``out``.

    On a CPU a resumed run has the losses of an uninterrupted one, bit for bit, on the same number of threads
    and processes. ``watch`` sees every line of the log.

    Raises:
        UsageError: the folder holds a run and ``resume`` is not asked, another run is writing there, or its
            checkpoint is of another recipe.
        NotFiniteError: a loss is no number.
        InputError: too much of the data cannot be read.
        TwlvError: a checkpoint could not be written.
    """
    folder = RunFolder(path=Path(out))
    with joined(recipe.train.device) as world, polite() as request, ExitStack() as held:
        _agreed(world, lambda: held.enter_context(folder.locked()) if world.is_first else None)
        saved = _agreed(world, lambda: _start(folder, recipe, resume=resume))
        micro_batches = _micro_batches(recipe, world)
        with fast_float32(world.device):
            trainer = Trainer(
                recipe, world, objective(recipe.objective, device=world.device), micro_batches=micro_batches
            )
            if saved is not None:
                trainer.restore(saved)
            step = saved.step if saved else 0
            reader = batches(recipe.data, seed=recipe.train.seed, world=world.size, rank=world.rank)
            held.callback(reader.close)
            keeper = Keeper(recipe, folder, world, after=step, watch=watch, write=write)
            held.callback(lambda: keeper.close(getattr(reader, "failures", None)))
            return _run(trainer, reader, keeper, request, step)


def _run(trainer: Trainer, reader: Batches, keeper: Keeper, request: Request, step: int) -> Finished:
    world, config = trainer.world, trainer.recipe.train
    stopped = ""
    while step < config.steps and not stopped:
        stepped = trainer.step(reader, step)
        step += 1
        stopped = _asked(request, world)
        stopped = keeper.after(trainer, stepped, step, stopping=stopped)
    backbone = None if step < config.steps else keeper.export(trainer, step)
    return Finished(folder=keeper.folder, step=step, steps=config.steps, stopped=stopped, backbone=backbone)


def _start(folder: RunFolder, recipe: Recipe, *, resume: bool) -> Saved | None:
    """The checkpoint to go on from, or None to begin. Raises UsageError."""
    newest = checkpoint.latest(folder.checkpoints)
    if not resume:
        if newest is not None or folder.log.exists():
            raise UsageError(
                f"{folder.path}: there is a run here already; go on with --resume, or name another folder"
            )
        return None
    if newest is None:
        return None
    saved = checkpoint.read(newest)
    other = differences(saved.recipe, recipe, step=saved.step)
    if other:
        raise UsageError(f"{newest}: a checkpoint of another recipe; {'; '.join(other)}")
    return saved


def _asked(request: Request, world: World) -> str:
    """The signal that some process was sent, for all of them."""
    flag = torch.tensor([float(bool(request.by))], device=world.device)
    if world.size == 1 or not bool(world.largest(flag)):
        return request.by
    return request.by or "a signal to another process"


def _agreed(world: World, action: Callable[[], Saved | None]) -> Saved | None:
    """What every process finds, or the first error that one of them met, on all of them."""
    problem: TwlvError | None = None
    found = None
    try:
        found = action()
    except TwlvError as error:
        problem = error
    said = next(filter(None, world.all(str(problem) if problem else "")), "")
    if problem is not None:
        raise problem
    if said:
        raise TwlvError(said)
    return found


def _micro_batches(recipe: Recipe, world: World) -> int:
    own, micro = recipe.data.num_clips // world.size, recipe.train.micro_clips
    if micro == 0 or own == 0:
        return 1
    if own % micro:
        raise UsageError(
            f"data.num_clips {recipe.data.num_clips} on {world.size} processes are {own} clips each, "
            f"no multiple of train.micro_clips {micro}"
        )
    return own // micro
