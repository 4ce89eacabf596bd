"""Where to look: weights with which visible tokens are drawn.

Axes: B clips, T frames, T' H' W' token grid, N tokens, D width of a teacher.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from twlv.pretrain.objective.records import Seen
from twlv.pretrain.objective.targets.frozen import teacher, to_grid
from twlv.pretrain.objective.targets.image_teacher import chosen_steps
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


def saliency_weights(seen: Seen, name: str, steps: int | None, input_px: int | None = None) -> DoubleArray:
    """(B, N): how unlike its frame's mean token each token of an image teacher is, 1 - cos, plus a floor.

    UMT draws by its teacher's attention; a backbone by name gives none, so this stands for it (ours). The
    teacher looks at ``steps`` of the T' steps, at ``input_px`` (as for its targets: then it runs once); the
    others take the mean of these.
    """
    chosen = chosen_steps(seen.grid[0], steps)
    patches, _ = teacher(name, seen.frames.device, input_px).at_steps(seen, chosen)
    patches = to_grid(patches, (len(chosen), *seen.grid[1:])).float()
    mean = patches.mean(dim=(2, 3), keepdim=True)
    unlike = 1 - functional.cosine_similarity(patches, mean, dim=-1)
    every = unlike.mean(dim=1, keepdim=True).repeat(1, seen.grid[0], 1, 1)
    every[:, chosen] = unlike
    tokens = every.flatten(1)
    weights = tokens + _FLOOR * tokens.mean(dim=1, keepdim=True) + 1e-6
    found: DoubleArray = weights.cpu().numpy().astype(np.float64)
    return found
