"""The loss of ActionFormer: focal for classes, distance IoU for ends, over a running number of positives.

Axis letters: B videos, P points of all levels, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from twlv.heads.actionformer.network import LevelOutput

SMALLEST = 1e-8


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """``smoothing`` spreads over K + 1 classes; ``weight`` of the ends, 0 or less takes classes over ends.

    ``momentum`` of the running number of positives, which starts at 100 (THUMOS14) or 200 (ActivityNet).
    Defaults are the report authors'; the original release has smoothing 0 and, for THUMOS14, weight 1.
    """

    smoothing: float = 0.1
    weight: float = 2.0
    momentum: float = 0.9


@dataclass(frozen=True, kw_only=True)
class Losses:
    """``classes``, ``ends`` and their sum ``total``; ``normaliser`` is what to pass next time."""

    classes: Tensor
    ends: Tensor
    total: Tensor
    normaliser: float
    num_positive: int


def focal(logits: Tensor, targets: Tensor) -> Tensor:
    """Focal loss elementwise (Lin et al. 2017): alpha 0.25 for positives, gamma 2."""
    p = logits.sigmoid()
    entropy = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    right = p * targets + (1 - p) * (1 - targets)
    return (0.25 * targets + 0.75 * (1 - targets)) * (1 - right) ** 2 * entropy


def distance_iou(found: Tensor, wanted: Tensor) -> Tensor:
    """1 - IoU + (distance of middles over the span of both)^2 of distances (n, 2) around one point, (n,)."""
    left, right = found.unbind(-1)
    wanted_left, wanted_right = wanted.unbind(-1)
    shared = torch.minimum(left, wanted_left) + torch.minimum(right, wanted_right)
    union = left + right + wanted_left + wanted_right - shared
    span = torch.maximum(left, wanted_left) + torch.maximum(right, wanted_right)
    apart = 0.5 * ((right - left) - (wanted_right - wanted_left))
    return 1 - shared / union.clamp(min=SMALLEST) + (apart / span.clamp(min=SMALLEST)) ** 2


def losses(
    levels: Sequence[LevelOutput],
    classes: Tensor,
    offsets: Tensor,
    *,
    normaliser: float,
    settings: LossSettings,
    positives: int | None = None,
) -> Losses:
    """Losses of a batch. ``classes`` (B, P, K) and ``offsets`` (B, P, 2) are what ``assign`` gave each video.

    The number of positives moves the normaliser first; then the losses are divided by it. ``positives`` is that
    number where this is only a part of a batch: the losses of its parts then add up to those of the whole.
    """
    logits = torch.cat([level.logits for level in levels], dim=1)
    found = torch.cat([level.offsets for level in levels], dim=1)
    valid = torch.cat([level.mask for level in levels], dim=1)
    positive = (classes.sum(-1) > 0) & valid
    count = int(positive.sum())
    normaliser = settings.momentum * normaliser + (1 - settings.momentum) * max(
        count if positives is None else positives, 1
    )
    smooth = classes[valid] * (1 - settings.smoothing) + settings.smoothing / (classes.shape[-1] + 1)
    of_classes = focal(logits[valid], smooth).sum() / normaliser
    of_ends = 0 * found[positive].sum()
    if count:
        of_ends = distance_iou(found[positive], offsets[positive]).sum() / normaliser
    weight = settings.weight
    if weight <= 0:
        weight = float(of_classes.detach()) / max(float(of_ends.detach()), 0.01)
    total = of_classes + of_ends * weight
    return Losses(classes=of_classes, ends=of_ends, total=total, normaliser=normaliser, num_positive=count)
