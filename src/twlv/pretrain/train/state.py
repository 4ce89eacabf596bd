"""The state of a run as tensors by name, and back: the same for one process, copies, and shared-out weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from twlv.errors import InputError
from twlv.nn.strict import require_places
from twlv.pretrain.train.average import Average
from twlv.pretrain.train.optimizers import Optimizers
from twlv.pretrain.train.world import whole, write_into

Tensors = dict[str, dict[str, torch.Tensor]]


def gathered(objective: nn.Module, optimizers: Optimizers, average: Average | None) -> Tensors:
    """All tensors that a run goes on from, full and on the CPU; every process must ask."""
    parts: dict[str, Mapping[str, torch.Tensor]] = {
        "model": objective.state_dict(),
        "optimizer": optimizers.state(),
        "average": average.weights if average else {},
    }
    return {
        part: {name: whole(value).detach().cpu() for name, value in tensors.items()}
        for part, tensors in parts.items()
        if tensors
    }


def restore(
    objective: nn.Module,
    optimizers: Optimizers,
    average: Average | None,
    tensors: Mapping[str, Mapping[str, torch.Tensor]],
) -> None:
    """Write the tensors of a checkpoint into a run that has just been made.

    Raises:
        WeightsError: a tensor is missing, left over or of another shape.
        InputError: the optimiser's state is of another run.
    """
    _fill("model", dict(objective.state_dict()), tensors.get("model", {}))
    if average:
        _fill("average", average.weights, tensors.get("average", {}))
    slots = optimizers.slots()
    for name, value in tensors.get("optimizer", {}).items():
        slot, _, key = name.rpartition("/")
        if slot not in slots:
            raise InputError(f"the checkpoint's optimiser holds '{name}', of which this run knows nothing")
        optimizer, parameter = slots[slot]
        optimizer.state.setdefault(parameter, {})[key] = _like(value, parameter, key)


def _fill(part: str, targets: Mapping[str, torch.Tensor], values: Mapping[str, torch.Tensor]) -> None:
    require_places(values, targets, source="the checkpoint", of=f"the run's {part}")
    for name, target in targets.items():
        write_into(target, values[name])


def _like(value: torch.Tensor, parameter: torch.Tensor, key: str) -> torch.Tensor:
    """A state's tensor where and as the optimiser would have it; counts of steps stay on the CPU."""
    if key == "step" or value.shape != parameter.shape:
        return value.clone()
    made = torch.empty_like(parameter, requires_grad=False)
    write_into(made, value)
    return made
