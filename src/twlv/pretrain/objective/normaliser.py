"""Running means of what the best constant predictor loses, by which losses are divided.

Axes: U uses; 2: clips, images.
"""

from __future__ import annotations

import torch
from torch import nn

_LEAST = 1e-6


class Normaliser(nn.Module):
    """State of ``uses`` running means. A step divides by the mean of the steps before it.

    The first step divides by its own constants. ``commit`` ends a step, so that its micro-batches count as one.
    Over the first steps it is the plain mean, later it forgets with ``decay``.
    """

    mean: torch.Tensor
    count: torch.Tensor
    pending: torch.Tensor
    pending_count: torch.Tensor

    def __init__(self, uses: int, decay: float) -> None:
        super().__init__()
        self.decay = decay
        for name in ("mean", "count", "pending", "pending_count"):
            self.register_buffer(name, torch.zeros(uses, 2))

    @torch.no_grad()
    def divisor(self, use: int, kind: int, fresh: torch.Tensor) -> torch.Tensor:
        """What to divide by. ``fresh``, this batch's constant, counts in training, unless there was nothing to
        learn (it is 0: all clips stand still, say); until there is, losses are divided by 1.
        """
        told = fresh > _LEAST
        total, number = torch.where(told, fresh, 0), told.to(fresh)
        if self.training:
            total = self.pending[use, kind].add_(total)
            number = self.pending_count[use, kind].add_(number)
        own = torch.where(number > 0, total / number.clamp_min(1), 1)
        return torch.where(self.count[use, kind] > 0, self.mean[use, kind], own)

    @torch.no_grad()
    def commit(self) -> None:
        """Take what has come since the last call into the running means."""
        new = self.pending_count > 0
        fresh = self.pending / self.pending_count.clamp_min(1)
        keep = torch.minimum(self.count / (self.count + 1), torch.full_like(self.count, self.decay))
        self.mean.copy_(torch.where(new, self.mean * keep + fresh * (1 - keep), self.mean))
        self.count.add_(new)
        self.pending.zero_()
        self.pending_count.zero_()
