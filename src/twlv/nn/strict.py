"""Strict loading: every tensor has its place, every place its tensor, and the shapes agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import nn

from twlv.errors import WeightsError

_SHOWN = 8


def load_strictly(module: nn.Module, state: Mapping[str, torch.Tensor], *, source: str) -> None:
    """Copy ``state`` into ``module``, in the module's precision.

    Raises:
        WeightsError: naming the tensors that are missing, left over or of another shape.
    """
    own = module.state_dict()
    require_places(state, own, source=source)
    module.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in state.items()}, strict=True)


def require_places(
    found: Mapping[str, torch.Tensor],
    wanted: Mapping[str, torch.Tensor],
    *,
    source: str,
    of: str = "the architecture",
) -> None:
    """Refuse tensors that are not those of ``wanted``, of which only names and shapes count (``meta`` will do).

    Raises:
        WeightsError: naming the tensors that are missing, left over or of another shape.
    """
    shapes = [
        f"{name}: expected {tuple(wanted[name].shape)}, found {tuple(found[name].shape)}"
        for name in sorted(wanted.keys() & found.keys())
        if wanted[name].shape != found[name].shape
    ]
    missing, left_over = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    refuse(source, missing=missing, left_over=left_over, shapes=shapes, of=of)


def refuse(
    source: str,
    *,
    missing: Collection[str] = (),
    left_over: Collection[str] = (),
    shapes: Collection[str] = (),
    of: str = "the architecture",
) -> None:
    """Raise WeightsError if anything is named; the message counts and names it, in order."""
    found = {"missing": missing, "left over": left_over, "of another shape": shapes}
    parts = [f"{len(names)} {what} ({few(names)})" for what, names in found.items() if names]
    if parts:
        raise WeightsError(f"{source}: the tensors do not fit {of}: {'; '.join(parts)}")


def few(names: Collection[str]) -> str:
    """The first names in order, and how many more there are."""
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(sorted(names)[:_SHOWN]) + more
