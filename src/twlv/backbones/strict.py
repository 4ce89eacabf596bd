"""Strict loading: every tensor has its place, every place its tensor, and the shapes agree."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from twlv.errors import WeightsError

_SHOWN = 8


def load_strictly(module: nn.Module, state: Mapping[str, torch.Tensor], *, source: str) -> None:
    """Copy ``state`` into ``module`` as float32.

    Raises:
        WeightsError: naming the tensors that are missing, unexpected or of another shape.
    """
    own = module.state_dict()
    missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    shapes = [
        f"{name}: expected {tuple(own[name].shape)}, found {tuple(state[name].shape)}"
        for name in sorted(own.keys() & state.keys())
        if own[name].shape != state[name].shape
    ]
    refuse(source, missing=missing, unexpected=unexpected, shapes=shapes)
    module.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in state.items()}, strict=True)


def refuse(source: str, *, missing: list[str], unexpected: list[str], shapes: list[str]) -> None:
    """Raise WeightsError if any list is not empty; the message counts and names the tensors."""
    found = {"missing": missing, "unexpected": unexpected, "of another shape": shapes}
    parts = [f"{len(names)} {what} ({_few(names)})" for what, names in found.items() if names]
    if parts:
        raise WeightsError(f"{source}: the tensors do not fit the architecture: {'; '.join(parts)}")


def _few(names: list[str]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
