"""What flows back from a target into the encoder: scaled, stopped, or brought to one length."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import torch

_DECAY = 0.9
_LEAST = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Gate:
    """How the gradient of one use is treated.

    It is multiplied by ``scale``. Where ``length`` (a buffer of one number, 0 at first) is given, it is first
    divided by the running mean of its own length without the weight, so that every such use sends ``weight``.
    Its own length is written to ``seen`` under ``label``.
    """

    label: str
    scale: float
    weight: float
    length: torch.Tensor | None
    seen: MutableMapping[str, torch.Tensor]


def gated(features: torch.Tensor, gate: Gate) -> torch.Tensor:
    """The same features; what comes back through them is treated as the gate says."""
    if gate.scale == 0:
        return features.detach()
    passed: torch.Tensor = _Gated.apply(features, gate)  # type: ignore[no-untyped-call]
    return passed


class _Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, gate: Gate) -> torch.Tensor:
        ctx.gate = gate
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        gradient, gate = gradients[0], ctx.gate
        length = gradient.float().norm()
        gate.seen[gate.label] = length
        scale: float | torch.Tensor = gate.scale
        if gate.length is not None:
            own = length / max(gate.weight, _LEAST)
            gate.length.copy_(torch.where(gate.length > 0, gate.length.lerp(own, 1 - _DECAY), own))
            scale = gate.scale / gate.length.clamp_min(_LEAST)
        return gradient * scale, None
