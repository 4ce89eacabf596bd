"""One optimiser step: micro-batches, their losses, clipping, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from twlv.errors import TwlvError
from twlv.pretrain.batch import Batch
from twlv.pretrain.train.stages import Stages
from twlv.pretrain.train.world import World, accumulating, whole


class NotFiniteError(TwlvError):
    """A loss or gradient that is no number. ``ids`` are the clips and images of the micro-batches it was in."""

    def __init__(self, step: int, what: Sequence[str], ids: Sequence[str]) -> None:
        shown = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
        super().__init__(
            f"step {step}: not finite: {', '.join(what)}; batch: {shown}; the weights are those of the last "
            "checkpoint. Look at these clips; a lower train.lr, a longer train.warmup_steps or train.precision "
            "float32 help where the clips are sound"
        )
        self.step, self.what, self.ids = step, tuple(what), tuple(ids)


class Called(nn.Module):
    """The objective as modules that wrap others want it: its total first, as a tensor of its own."""

    def __init__(self, objective: nn.Module) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, batch: Batch, *, seed: int, step: int) -> tuple[torch.Tensor, Any]:
        """The total to differentiate, and the Losses that it belongs to."""
        losses = self.objective(batch, seed=seed, step=step)
        return losses.total, losses


@dataclass(frozen=True, kw_only=True, eq=False)
class Summed:
    """What the micro-batches of a step gave: means over them, on this process, still on the device."""

    total: torch.Tensor
    parts: Mapping[str, torch.Tensor]
    raw: Mapping[str, torch.Tensor]
    weights: Mapping[str, float]
    gradients: Mapping[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Whether the network runs in bfloat16 under autocast; weights, losses and gradients are float32."""

    device: torch.device
    bfloat16: bool

    def scope(self) -> torch.autocast:
        """The context of a forward pass."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16)


def gradients(
    called: nn.Module,
    batches: Sequence[Batch],
    *,
    seed: int,
    step: int,
    world: World,
    precision: Precision,
    stages: Stages,
) -> Summed:
    """Gradients of the mean loss of all micro-batches, in ``.grad``.

    Raises:
        NotFiniteError: on every process, if the loss of one of them is no number.
    """
    found = []
    for number, batch in enumerate(batches):
        with stages.stage("forward_backward"), accumulating(called, last=number == len(batches) - 1):
            with precision.scope():
                total, losses = called(batch.to(world.device), seed=seed, step=step)
            total = total.float() / len(batches)
            total.backward()
        stages.move(losses.seconds.get("targets", 0.0), origin="forward_backward", to="teacher")
        found.append(losses)
    _refuse_odd([losses.parts | {"total": losses.total.detach()} for losses in found], batches, step, world)
    return Summed(
        total=_mean([losses.total.detach().float() for losses in found]),
        parts={name: _mean([losses.parts[name].float() for losses in found]) for name in found[0].parts},
        raw={name: _mean([losses.raw[name].float() for losses in found]) for name in found[0].raw},
        weights=found[0].weights,
        gradients={name: torch.as_tensor(value) for name, value in found[-1].gradients.items()},
    )


def clipped(parameters: Sequence[nn.Parameter], most: float) -> torch.Tensor:
    """The norm of all gradients before they are scaled down to ``most`` (0: never)."""
    norm = torch.nn.utils.clip_grad_norm_(parameters, most or float("inf"))
    return whole(norm).detach()


def refuse_gradient(norm: torch.Tensor, batches: Sequence[Batch], step: int, world: World) -> None:
    """Raise NotFiniteError where the norm (the same on all processes) is no number."""
    if not bool(torch.isfinite(norm)):
        ids = [name for batch in batches for name in (*batch.ids, *batch.image_ids)]
        raise NotFiniteError(step, ["the gradient"], [name for part in world.all(ids) for name in part])


def _refuse_odd(
    losses: Sequence[Mapping[str, torch.Tensor]], batches: Sequence[Batch], step: int, world: World
) -> None:
    table = torch.stack([torch.stack([value.float() for value in row.values()]) for row in losses])
    odd = ~torch.isfinite(table)
    if not bool(world.largest(odd.any().float()[None])):
        return
    names: list[str] = []
    ids: list[str] = []
    for row, batch, flags in zip(losses, batches, odd.tolist(), strict=True):
        names += [name for name, flag in zip(row, flags, strict=True) if flag]
        ids += [*batch.ids, *batch.image_ids] if any(flags) else []
    everywhere = world.all((names, ids))
    raise NotFiniteError(
        step,
        sorted({name for part, _ in everywhere for name in part}),
        [i for _, part in everywhere for i in part],
    )


def _mean(values: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(values)).mean()
