"""The learning rate that falls when the loss no longer does (torch's ``ReduceLROnPlateau``, mode ``min``)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

_GAIN = 1e-4
"""Relative to the best loss; less is no improvement. Torch's default, which is what both codes use."""
_SMALLEST = 1e-8
"""A change of the rate below this is not made; torch's default."""


@dataclass(frozen=True, kw_only=True)
class Plateau:
    """``rate`` for the next epoch; ``best`` loss so far; ``waited``: epochs in a row without a gain."""

    rate: float
    best: float = math.inf
    waited: int = 0

    def after(self, loss: float, *, patience: int = 3, factor: float = 0.5) -> Plateau:
        """The state after an epoch with this loss; ``patience`` epochs without a gain are waited for."""
        if loss < self.best * (1 - _GAIN):
            return replace(self, best=loss, waited=0)
        if self.waited < patience:
            return replace(self, waited=self.waited + 1)
        lower = self.rate * factor
        return replace(self, rate=lower if self.rate - lower > _SMALLEST else self.rate, waited=0)
