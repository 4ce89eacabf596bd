"""What each point should say: the classes of the segment that it answers for, and the distances to its ends.

A point answers for segments that it is in (within 1.5 strides of the middle, ``centre``) and whose farther end
lies in the range of its level, both ends of the range included. Of several it takes the shortest; segments of
the same length to 1e-3 steps give their labels together, as Diving and CliffDiving of THUMOS14 need.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from twlv.errors import FeatureError

SAME_LENGTH = 1e-3


def assign(
    points: Tensor, segments: Tensor, labels: Tensor, *, num_classes: int, centre: float | None = 1.5
) -> tuple[Tensor, Tensor]:
    """Targets of one video: classes (P, K) of 0 and 1, and distances (P, 2) in strides.

    ``points`` (P, 4), ``segments`` (N, 2) in steps, ``labels`` (N,). N may be 0: all points are background.
    ``centre`` None lets a point answer anywhere in a segment. Distances mean something where a class is 1.

    Raises:
        FeatureError: a label outside 0 .. K - 1.
    """
    if not len(segments):
        return points.new_zeros(len(points), num_classes), points.new_zeros(len(points), 2)
    if int(labels.min()) < 0 or int(labels.max()) >= num_classes:
        raise FeatureError(f"labels are 0 to {num_classes - 1}, got {int(labels.min())} to {int(labels.max())}")
    place, low, high, stride = (column[:, None] for column in points.T)
    start, end = segments[:, 0], segments[:, 1]
    distances = torch.stack([place - start, end - place], dim=-1)  # (P, N, 2)
    inside = distances
    if centre is not None:
        middle = 0.5 * (start + end)
        inside = torch.stack(
            [
                place - torch.maximum(middle - stride * centre, start),
                torch.minimum(middle + stride * centre, end) - place,
            ],
            dim=-1,
        )
    farther = distances.amax(dim=-1)
    answers = (inside.amin(dim=-1) > 0) & (farther >= low) & (farther <= high)
    length = torch.where(answers, end - start, torch.inf)
    shortest, chosen = length.min(dim=1)
    same = answers & (length <= shortest[:, None] + SAME_LENGTH)
    classes = same.to(points.dtype) @ functional.one_hot(labels.long(), num_classes).to(points.dtype)
    offsets = distances[torch.arange(len(points), device=points.device), chosen] / stride
    return classes.clamp(max=1), offsets
