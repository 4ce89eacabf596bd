"""How far a prediction is from what was wanted, and the least that one prediction for all tokens can do.

Axes: B rows, Q tokens, n tokens of any clip, G groups with a weight of their own, k values of a group.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import distributed
from torch.nn import functional

Distance: TypeAlias = Literal["mse", "l1", "smooth_l1", "cosine", "cross_entropy"]

_ROUNDS = 12
"""Of reweighted least squares: the constant of an absolute loss is within 0.5 % on heavily skewed values."""


def distance(kind: Distance, predicted: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Over the last axis: the mean of the square, of the absolute difference, or of the smooth absolute
    difference (quadratic within 1); 2 - 2 cos; or the cross entropy of logits against a distribution.
    """
    if kind == "cosine":
        return 2 - 2 * functional.cosine_similarity(predicted, values, dim=-1, eps=1e-8)
    if kind == "cross_entropy":
        return -(values * predicted.log_softmax(dim=-1)).sum(dim=-1)
    if kind == "mse":
        return (predicted - values).square().mean(dim=-1)
    if kind == "l1":
        return (predicted - values).abs().mean(dim=-1)
    return functional.smooth_l1_loss(predicted, values, reduction="none").mean(dim=-1)


def best_constant(kind: Distance, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The loss (G,) of the best constant for values (n, G, k) of weight (n, G), over all processes.

    Exact for squares (the mean), cosines (the direction of the mean of unit vectors) and cross entropies (the
    mean distribution); for the absolute losses by reweighted least squares. 0 where nothing has a weight.
    """
    if kind == "cosine":
        values = functional.normalize(values, dim=-1)
    total = world_sum(weight.sum(dim=0)).clamp_min(1e-12)
    each = weight[..., None]
    constant = world_sum((each * values).sum(dim=0)) / total[:, None]
    if kind == "cross_entropy":
        return -torch.xlogy(constant, constant).sum(dim=-1)
    for _ in range(_ROUNDS if kind in ("l1", "smooth_l1") else 0):
        pull = each / (values - constant).abs().clamp_min(1e-3 if kind == "l1" else 1.0)
        constant = world_sum((pull * values).sum(dim=0)) / world_sum(pull.sum(dim=0)).clamp_min(1e-12)
    far = distance(kind, constant.expand_as(values), values)
    return world_sum((weight * far).sum(dim=0)) / total


def weighted_mean(loss: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """``sum(weight * loss) / sum(weight)`` per group (G,) of (B, Q, G); 0 where nothing has a weight.

    With several processes the sum of weights is that of all of them, over their number, so that the mean of the
    processes' losses (and of their gradients) is the loss of the whole batch.
    """
    share = world_sum(weight.sum(dim=(0, 1))) / world_size()
    return (weight * loss).sum(dim=(0, 1)) / share.clamp_min(1e-12)


def world_size() -> int:
    """Processes that train together."""
    return distributed.get_world_size() if _together() else 1


def world_sum(value: torch.Tensor) -> torch.Tensor:
    """The sum over all processes, without gradients; the value itself where there is one."""
    if not _together():
        return value
    summed = value.detach().clone()
    distributed.all_reduce(summed)
    return summed


def _together() -> bool:
    return distributed.is_available() and distributed.is_initialized()


class ByDistance:
    """What most open targets share: K = G * k values per token, judged by one distance."""

    metric: Distance = "mse"
    groups: int = 1
    is_network: bool = False

    def loss(self, predicted: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """(B, Q, G) of (B, Q, K)."""
        return distance(self.metric, self._grouped(predicted), self._grouped(values))

    def constant(self, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """(G,) of values (n, K) and weight (n, G)."""
        return best_constant(self.metric, self._grouped(values), weight)

    def _grouped(self, values: torch.Tensor) -> torch.Tensor:
        return values.float().reshape(*values.shape[:-1], self.groups, -1)
