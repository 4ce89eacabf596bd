"""Boxes as tensors: (..., 4) in fractions of the picture, either centre and size or corners.

``cxcywh`` is centre x, centre y, width, height; ``xyxy`` is left, top, right, bottom. Decoder outputs, targets
and the L1 cost are ``cxcywh`` (Carion et al. 2020); overlap is of corners, whatever comes in.
"""

from __future__ import annotations

import torch
from torch import Tensor

SMALLEST = 1e-12
"""Least area to divide by: boxes without area overlap by 0, never by 0 / 0."""


def to_xyxy(boxes: Tensor) -> Tensor:
    """Corners (..., 4) of boxes given by centre and size."""
    x, y, width, height = boxes.unbind(-1)
    return torch.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], dim=-1)


def to_cxcywh(boxes: Tensor) -> Tensor:
    """Centre and size (..., 4) of boxes given by corners."""
    left, top, right, bottom = boxes.unbind(-1)
    return torch.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], dim=-1)


def area(xyxy: Tensor) -> Tensor:
    """Area (...,) of corners (..., 4); 0 where a side is negative."""
    sides = (xyxy[..., 2:] - xyxy[..., :2]).clamp(min=0)
    return sides[..., 0] * sides[..., 1]


def overlap(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU (Rezatofighi et al. 2019) of corners (..., 4), which broadcast.

    Two boxes without area have an IoU of 0, and of GIoU only the part that says how far apart they are: always
    finite, where the formula alone gives 0 / 0.
    """
    shared = area(torch.cat([torch.maximum(first[..., :2], second[..., :2]), _lower(first, second)], dim=-1))
    union = area(first) + area(second) - shared
    iou = shared / union.clamp(min=SMALLEST)
    outer = torch.cat(
        [torch.minimum(first[..., :2], second[..., :2]), torch.maximum(first[..., 2:], second[..., 2:])], dim=-1
    )
    hull = area(outer)
    return iou, iou - (hull - union) / hull.clamp(min=SMALLEST)


def _lower(first: Tensor, second: Tensor) -> Tensor:
    return torch.minimum(first[..., 2:], second[..., 2:])


def l1_between(first: Tensor, second: Tensor) -> Tensor:
    """Sum of the absolute differences (...,) of boxes (..., 4) in one form, which broadcast."""
    return (first - second).abs().sum(dim=-1)
