"""A model of torch and its optimiser as tensors by name, for a checkpoint, and back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_MODEL, _OPTIMIZER = "model.", "optimizer."


def state_of(model: nn.Module, optimizer: torch.optim.Optimizer | None) -> dict[str, Tensor]:
    """Weights and buffers, and what the optimiser keeps of each parameter (by its number). Not copied.

    Without an optimiser the weights alone, for a training that is at its end.
    """
    tensors = {f"{_MODEL}{name}": value for name, value in model.state_dict().items()}
    for index, kept in optimizer.state_dict()["state"].items() if optimizer else ():
        tensors |= {f"{_OPTIMIZER}{index}.{name}": value for name, value in kept.items()}
    return tensors


def restore(model: nn.Module, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Copy a ``state_of`` into a model and an optimiser of the same making; other names are left alone."""
    model.load_state_dict(
        {name.removeprefix(_MODEL): value for name, value in tensors.items() if name.startswith(_MODEL)}
    )
    kept: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(_OPTIMIZER):
            index, _, key = name.removeprefix(_OPTIMIZER).partition(".")
            kept.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({"state": kept, "param_groups": optimizer.state_dict()["param_groups"]})
