"""What is dropped in training, drawn from a generator of its own: no global state, equal seeds, equal draws."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

_LANES = 4
_LEVELS = 2**16


class Noise:
    """Draws of one training step. ``dropout`` and ``drop_path`` are probabilities; 0 draws nothing."""

    def __init__(self, generator: torch.Generator, *, dropout: float, drop_path: float) -> None:
        self._generator = generator
        self.dropout, self.drop_path = dropout, drop_path

    @property
    def scale(self) -> float:
        """What is left after dropout is multiplied by this, to keep the mean."""
        return 1 / (1 - self.dropout)

    def drop(self, x: Tensor) -> Tensor:
        """Dropout: elements at random become 0, the others are multiplied by ``scale``."""
        return self.thin(x) * self.scale if self.dropout else x

    def thin(self, x: Tensor) -> Tensor:
        """Dropout without the scale, which costs less where less is left of ``x`` later."""
        return x * self._kept(x) if self.dropout else x

    def thin_relu(self, x: Tensor) -> Tensor:
        """``thin`` of the positive part of ``x``, in one pass backwards. ``x`` is overwritten."""
        if not self.dropout:
            return torch.relu(x)
        found: Tensor = _ThinRelu.apply(x, self._kept(x))  # type: ignore[no-untyped-call]
        return found

    def branch(self, x: Tensor) -> Tensor:
        """Dropout and drop path of a residual branch, in one pass."""
        if not self.dropout:
            return self.path(x)
        kept = self._kept(x).mul_(self.scale)
        return x * (kept.mul_(self._whole(x)) if self.drop_path else kept)

    def path(self, x: Tensor) -> Tensor:
        """Drop path: the branch of whole clips, the first axis of ``x``."""
        return x * self._whole(x) if self.drop_path else x

    def _whole(self, x: Tensor) -> Tensor:
        """A factor for each clip, to be multiplied with ``x``."""
        kept = torch.rand(len(x), generator=self._generator, device=x.device) >= self.drop_path
        return (kept / (1 - self.drop_path)).to(x.dtype).view(-1, *[1] * (x.ndim - 1))

    def _kept(self, x: Tensor) -> Tensor:
        """1 for elements that stay, else 0. A draw gives four 16-bit numbers: on a CPU draws are dear."""
        words = torch.empty(math.ceil(x.numel() / _LANES), dtype=torch.int64, device=x.device)
        words.random_(-(2**63), None, generator=self._generator)
        lanes = words.view(torch.int16)[: x.numel()].view(x.shape)
        return lanes.to(x.dtype).ge_(round(self.dropout * _LEVELS) - _LEVELS // 2)


class _ThinRelu(torch.autograd.Function):
    """What is 0 afterwards had no part in it, whether it was negative or dropped."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kept: Tensor) -> Tensor:
        found = x.clamp_(min=0).mul_(kept)
        ctx.mark_dirty(x)
        ctx.save_for_backward(found)
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (found,) = ctx.saved_tensors
        return torch.ops.aten.threshold_backward(gradient, found, 0), None
