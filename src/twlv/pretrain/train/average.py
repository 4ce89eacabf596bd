"""The averaged weights that are exported."""

from __future__ import annotations

import torch
from torch import nn


class Average:
    """A moving average of a module's parameters: ``decay`` of the old, the rest of the new, after every step.

    In the first steps the decay is (1 + step) / (10 + step) where that is less, so that the random weights of
    the start are soon forgotten.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in module.named_parameters()}

    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights after a step (counted from 0)."""
        keep = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in module.named_parameters():
                self.weights[name].mul_(keep).add_(value.detach(), alpha=1 - keep)
