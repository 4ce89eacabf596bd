"""Where the steps of each level are, on the grid of the first level.

Step j of level l stands at j 2^l, without half a stride. Points are made for the length at hand, so there is no
longest video.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from twlv.heads.actionformer.config import ActionFormerConfig


def points_of(config: ActionFormerConfig, lengths: Sequence[int], device: torch.device | str = "cpu") -> Tensor:
    """Rows of (place, shortest and longest distance, stride), (points, 4), the levels one after another.

    ``lengths`` steps of each level, as the network gave them.
    """
    levels = []
    for index, (length, (low, high)) in enumerate(zip(lengths, config.ranges, strict=True)):
        stride = 2 ** (index + config.first_level)
        place = torch.arange(length, dtype=torch.float32, device=device) * stride
        row = torch.tensor([low, high, stride], dtype=torch.float32, device=device)
        levels.append(torch.cat([place[:, None], row.expand(length, 3)], dim=1))
    return torch.cat(levels)
