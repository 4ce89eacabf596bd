"""Loss of ASFormer and MS-TCN: cross-entropy of every step, and a truncated penalty on changes between steps.

Both are summed over the stages. The penalty (Farha and Gall, MS-TCN, CVPR 2019): squared difference of the log
probability of a step and the one before, which counts as given (no gradient), cut at ``CUT``; its mean is over
all classes and steps, padded ones in the denominator too.

Axis letters: S stages, B batch, K classes, L steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional

from twlv.errors import InputError

SMOOTHING: Final = 0.15
"""Weight of the penalty, in both papers."""

CUT: Final = 16.0
"""The largest penalty of one class at one step: tau = 4, squared. Above it there is no gradient."""

IGNORED: Final = -100
"""The class of a step that has no label; it is left out of the cross-entropy."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentationLoss:
    """``total`` to minimise; ``cross_entropy`` and ``smoothness`` (before its weight) of each stage, (S,)."""

    total: torch.Tensor
    cross_entropy: torch.Tensor
    smoothness: torch.Tensor


def segmentation_loss(
    scores: torch.Tensor,
    target: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    smoothing: float = SMOOTHING,
) -> SegmentationLoss:
    """Loss of scores (S, B, K, L) for the classes ``target`` (B, L); ``mask`` (B, 1, L) of 0 and 1 or None.

    NaN if every step is ``IGNORED``.

    Raises:
        InputError: shapes that do not fit, or fewer than 2 steps.
    """
    stages, batch, classes, steps = scores.shape
    if tuple(target.shape) != (batch, steps) or steps < 2:
        raise InputError(
            f"scores {tuple(scores.shape)} need targets {(batch, steps)} of at least 2 steps, "
            f"got {tuple(target.shape)}"
        )
    logs = torch.log_softmax(scores, dim=2)
    flat = logs.transpose(2, 3).reshape(stages, batch * steps, classes)
    wanted = target.reshape(-1)
    cross_entropy = torch.stack([functional.nll_loss(stage, wanted, ignore_index=IGNORED) for stage in flat])
    change = (logs[..., 1:] - logs[..., :-1].detach()).square().clamp(max=CUT)
    if mask is not None:
        change = change * mask[:, :, 1:]
    smoothness = change.mean(dim=(1, 2, 3))
    total = (cross_entropy + smoothing * smoothness).sum()
    return SegmentationLoss(total=total, cross_entropy=cross_entropy, smoothness=smoothness)
