"""Exact displacements as distributions over offsets: each pixel of a token adds its own.

Axes: B clips, T frames, H W pixels or the cells of coarser displacements, s steps, P places,
O = (2R+1)^2 offsets, row by row.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from twlv.pretrain.objective.records import Seen


def exact_offsets(seen: Seen, gap: int, radius: int, downsample: int) -> torch.Tensor:
    """(B, s, P, O): shares of the pixels of each token that go by each offset, in units of ``downsample``
    pixels.

    A displacement between offsets is shared by the four around it; one beyond the radius counts as the radius.
    Clips without truth give zeros. Steps whose later frame lies beyond the clip are left out.
    """
    moved = _over_gap(seen, gap) / downsample
    b, s, _, height, width = moved.shape
    known = moved.isfinite().all(dim=2, keepdim=True)
    moved = torch.where(known, moved, torch.zeros_like(moved)).clamp(-radius, radius) + radius
    side = 2 * radius + 1
    steps = torch.arange(side, device=moved.device, dtype=moved.dtype)
    near = (1 - (moved[:, :, :, None] - steps[:, None, None]).abs()).clamp_min_(0) * known[:, :, :, None]
    windows = (b, s, side, seen.grid[1], height // seen.grid[1], seen.grid[2], width // seen.grid[2])
    across, down = near[:, :, 0].reshape(windows), near[:, :, 1].reshape(windows)
    shares = torch.einsum("bsyhiwj,bsxhiwj->bshwyx", down, across)
    return functional.normalize(shares.flatten(4).flatten(2, 3), p=1, dim=-1)


def _over_gap(seen: Seen, gap: int) -> torch.Tensor:
    """(B, s, 2, H, W): from the first frame of each tubelet, ``gap`` frames on; x and y in pixels."""
    flow = seen.displacement
    if flow is None:
        raise ValueError("no truth came with these clips")
    starts = torch.arange(0, flow.shape[1] - gap + 1, seen.patch[0], device=flow.device)
    moved, cell_px = flow[:, starts], seen.frames.shape[-1] / flow.shape[-1]
    for later in range(1, gap):
        moved = moved + _looked_up(flow[:, starts + later], moved / cell_px)
    return moved


def _looked_up(flow: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """The flow (B, s, 2, H, W) at the cell that ``at`` (counted in cells) leads to; the nearest inside."""
    height, width = flow.shape[-2:]
    rows = torch.arange(height, device=flow.device)[:, None] + at[:, :, 1].nan_to_num().round().long()
    columns = torch.arange(width, device=flow.device) + at[:, :, 0].nan_to_num().round().long()
    place = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1)
    return flow.flatten(3).gather(3, place.flatten(2)[:, :, None].expand(-1, -1, 2, -1)).reshape(flow.shape)
