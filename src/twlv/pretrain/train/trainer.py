"""What changes during a run: the objective, its optimisers, the average, and how a step goes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from twlv.nn.block import Block
from twlv.nn.vit import VideoTransformer
from twlv.pretrain.train.average import Average
from twlv.pretrain.train.checkpoint import Saved
from twlv.pretrain.train.optimizers import make
from twlv.pretrain.train.recipe import Recipe
from twlv.pretrain.train.stages import Stages
from twlv.pretrain.train.state import Tensors, gathered, restore
from twlv.pretrain.train.step import Called, Precision, Summed, clipped, gradients, refuse_gradient
from twlv.pretrain.train.world import World, share, whole

if TYPE_CHECKING:
    from twlv.pretrain.train.loop import Batches


@dataclass(frozen=True, kw_only=True, eq=False)
class Stepped:
    """One step's numbers, on the device: losses, the norm of the gradient before clipping, and the rate."""

    summed: Summed
    norm: torch.Tensor
    rate: float


class Trainer:
    """An objective in training, on one process of a world.

    ``objective`` is the module itself, ``stages`` the clock of the steps since they were last looked at.
    """

    def __init__(self, recipe: Recipe, world: World, objective: nn.Module, *, micro_batches: int = 1) -> None:
        self.recipe, self.world, self.objective = recipe, world, objective
        self.stages = Stages(world.device)
        self._micro_batches = micro_batches
        config = recipe.train
        if config.compile == "on" or (config.compile == "auto" and world.device.type == "cuda"):
            _compile(objective)
        objective.train()
        self._called = share(Called(objective), world, config.parallel, unused=_may_be_unused(recipe))
        self._learning = [p for p in objective.parameters() if p.requires_grad]
        self.optimizers = make(objective, config)
        self.average = Average(self.encoder, config.ema) if config.ema else None
        self._precision = Precision(device=world.device, bfloat16=_bfloat16(recipe, world))

    @property
    def encoder(self) -> nn.Module:
        """What is exported."""
        return cast(nn.Module, self.objective.encoder)

    def step(self, reader: Batches, step: int) -> Stepped:
        """One optimiser step (counted from 0). Raises NotFiniteError, before anything is changed."""
        config, stages = self.recipe.train, self.stages
        stages.exact = self.world.device.type == "cpu" or (step + 1) % config.log_every == 0
        with stages.stage("data"):
            batches = reader.batch(step).split(self._micro_batches)
        for parameter in self._learning:
            parameter.grad = None
        summed = gradients(
            self._called,
            batches,
            seed=config.seed,
            step=step,
            world=self.world,
            precision=self._precision,
            stages=stages,
        )
        with stages.stage("optimizer"):
            norm = clipped(self._learning, config.clip_norm)
            refuse_gradient(norm, batches, step, self.world)
            rate = self.optimizers.step(config, step)
            if self.average is not None:
                self.average.update(self.encoder, step)
            cast(Any, self.objective).after_step(step, config.steps)
        stages.count(self.recipe.data.num_clips + self.recipe.data.num_images)
        return Stepped(summed=summed, norm=norm, rate=rate)

    def state(self) -> Tensors:
        """All that the run goes on from; every process must ask."""
        return gathered(self.objective, self.optimizers, self.average)

    def restore(self, saved: Saved) -> None:
        """Go on from a checkpoint. Raises InputError."""
        restore(self.objective, self.optimizers, self.average, saved.tensors)

    def export_weights(self) -> dict[str, torch.Tensor]:
        """The averaged encoder, or the encoder as it is, full and on the CPU; every process must ask."""
        source = self.average.weights if self.average else dict(self.encoder.named_parameters())
        return {name: whole(value).detach().cpu() for name, value in source.items()}

    def export_encoder(self, weights: Mapping[str, torch.Tensor]) -> VideoTransformer:
        """A plain encoder of these weights, on the device, in evaluation mode."""
        encoder = VideoTransformer(dataclasses.replace(self.recipe.objective.encoder), seed=None)
        encoder.load_state_dict(dict(weights))
        return encoder.to(self.world.device).eval().requires_grad_(False)


def _compile(objective: nn.Module) -> None:
    """Compile every block in place: their shapes never change, since exactly so many tokens are visible."""
    for module in objective.modules():
        if isinstance(module, Block):
            module.compile(dynamic=False)


def _may_be_unused(recipe: Recipe) -> bool:
    """Whether some parameters get no gradient in some steps: of targets that begin or end, of unread parts."""
    objective = recipe.objective
    read = {use.predictor for use in objective.uses if use.place == "queries"}
    ends = [use.reads.block for use in objective.uses if use.place != "queries"]
    ends += [predictor.reads.block for predictor in objective.predictors if predictor.name in read]
    timed = any(use.weight_at(0) == 0 or use.end_step is not None for use in objective.uses)
    return timed or None not in ends or len(read) < len(objective.predictors)


def _bfloat16(recipe: Recipe, world: World) -> bool:
    asked = recipe.train.precision
    return asked == "bfloat16" or (asked == "auto" and world.device.type == "cuda")
