"""Where to look: weights with which visible tokens are drawn.

Axes: B clips, T frames, N tokens.
"""

from __future__ import annotations

import numpy as np
import torch

from twlv.pretrain.objective.records import Seen
from twlv.pretrain.objective.targets.luminance import luminance
from twlv.types import DoubleArray

_FLOOR = 0.25


def motion_weights(seen: Seen) -> DoubleArray:
    """(B, N): the mean absolute change of luminance to the next frame within each token, plus a quarter of the
    clip's mean, so that what stands still is drawn too (the balance is ours; the idea is TrackMAE's).
    """
    (t, p, q), (steps, rows, columns) = seen.patch, seen.grid
    grey = luminance(seen.frames)
    change = torch.cat([grey.diff(dim=1).abs(), grey.new_zeros(len(grey), 1, *grey.shape[2:])], dim=1)
    tokens = change.reshape(len(grey), steps, t, rows, p, columns, q).mean(dim=(2, 4, 6)).flatten(1)
    weights = tokens + _FLOOR * tokens.mean(dim=1, keepdim=True) + 1e-6
    found: DoubleArray = weights.cpu().numpy().astype(np.float64)
    return found
