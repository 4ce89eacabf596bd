"""What is dropped in training, drawn from a generator of its own: no global state, equal seeds, equal draws."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_LANES = 4
_LEVELS = 2**16


class Noise:
    """Draws of one training step. ``dropout`` and ``drop_path`` are probabilities; 0 draws nothing."""

    def __init__(self, generator: torch.Generator, *, dropout: float, drop_path: float) -> None:
        self._generator = generator
        self.dropout, self.drop_path = dropout, drop_path

    def drop(self, x: Tensor) -> Tensor:
        """Dropout: elements at random become 0, the others are divided by their probability."""
        if not self.dropout:
            return x
        return x * self._kept(x) * (1 / (1 - self.dropout))

    def path(self, x: Tensor) -> Tensor:
        """Drop path: the branch of whole clips, the first axis of ``x``."""
        if not self.drop_path:
            return x
        kept = torch.rand(len(x), generator=self._generator, device=x.device) >= self.drop_path
        return x * (kept / (1 - self.drop_path)).to(x.dtype).view(-1, *[1] * (x.ndim - 1))

    def _kept(self, x: Tensor) -> Tensor:
        """Which elements stay. Each draw gives four 16-bit numbers: on a CPU draws cost more than products."""
        words = torch.empty(math.ceil(x.numel() / _LANES), dtype=torch.int64, device=x.device)
        words.random_(-(2**63), None, generator=self._generator)
        lanes = words.view(torch.int16)[: x.numel()].view(x.shape)
        return lanes >= round(self.dropout * _LEVELS) - _LEVELS // 2
