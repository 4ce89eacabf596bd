"""Optimisers whose learning rate and weight decay differ by column: one for each classifier side by side.

The updates are those of ``torch.optim`` (AdamW of Loshchilov and Hutter; SGD with momentum), in place.

Axis letters: D rows of a parameter, K columns (all classes of all heads). A rate and a decay may have any shape
that broadcasts against the parameter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import torch

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_MOMENTUM = 0.9


class Optimizer(Protocol):
    """Changes one parameter (D, K) by its gradient; the parameter decides the shape of the state."""

    def step(
        self, parameter: torch.Tensor, gradient: torch.Tensor, rate: torch.Tensor, decay: torch.Tensor
    ) -> None:
        """One update in place. ``rate`` and ``decay`` are (K,). ``gradient`` may be overwritten."""

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """Everything that the next update depends on besides its arguments, not copied."""

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Go on from a ``state``."""


class AdamW:
    """Adam with decoupled weight decay; with decay 0 it is Adam. Betas 0.9 and 0.999, epsilon 1e-8."""

    def __init__(self, like: torch.Tensor) -> None:
        self._mean = torch.zeros_like(like)
        self._square = torch.zeros_like(like)
        self._count = 0

    def step(
        self, parameter: torch.Tensor, gradient: torch.Tensor, rate: torch.Tensor, decay: torch.Tensor
    ) -> None:
        """``p <- p (1 - rate decay) - rate m / (sqrt(v) + eps)`` with bias-corrected m and v."""
        self._count += 1
        self._mean.lerp_(gradient, 1 - _BETA1)
        self._square.mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        parameter.mul_(1 - rate * decay)
        divisor = torch.sqrt(self._square, out=gradient)
        divisor.div_(math.sqrt(1 - _BETA2**self._count)).add_(_EPSILON)
        update = torch.div(self._mean, divisor, out=gradient)
        parameter.sub_(update.mul_(rate / (1 - _BETA1**self._count)))

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """Both moments and the number of updates."""
        return {"mean": self._mean, "square": self._square, "count": torch.tensor(self._count)}

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Copy the moments and the number of updates."""
        self._mean.copy_(state["mean"])
        self._square.copy_(state["square"])
        self._count = int(state["count"])


class SGD:
    """Stochastic gradient descent, momentum 0.9; weight decay is added to the gradient, as in torch."""

    def __init__(self, like: torch.Tensor) -> None:
        self._velocity = torch.zeros_like(like)

    def step(
        self, parameter: torch.Tensor, gradient: torch.Tensor, rate: torch.Tensor, decay: torch.Tensor
    ) -> None:
        """``u <- 0.9 u + g + decay p; p <- p - rate u``."""
        gradient = gradient.add_(parameter * decay)
        self._velocity.mul_(_MOMENTUM).add_(gradient)
        parameter.sub_(self._velocity * rate)

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """The velocity."""
        return {"velocity": self._velocity}

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Copy the velocity."""
        self._velocity.copy_(state["velocity"])


OPTIMIZERS: dict[str, type[AdamW] | type[SGD]] = {"adamw": AdamW, "sgd": SGD}
