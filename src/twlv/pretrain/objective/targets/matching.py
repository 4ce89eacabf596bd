"""Soft block matching: how well each window of a picture fits every offset of a later one.

Axes: B clips, s steps, h w pixels, P windows, O = (2R+1)^2 offsets, row by row.
"""

from __future__ import annotations

import torch
from torch.nn import functional

_NOISE = 1e-5
"""Squared difference per pixel that counts as none: about one grey level of 256, squared."""
_LEAST_OVERLAP = 0.25
"""An offset that leaves less of the window inside the picture is not considered."""


def match(
    first: torch.Tensor, later: torch.Tensor, windows: tuple[int, int], radius: int, temperature: float
) -> torch.Tensor:
    """(B, s, P, O): the distribution ``softmax(-(ssd - min) / (temperature * mean ssd))`` over offsets.

    ``first`` and ``later`` (B, s, h, w) are cut into ``windows`` (rows, columns). An offset (dy, dx) compares
    what stands at (y, x) with what stands later at (y + dy, x + dx); differences are means over the pixels of
    the window that stay inside the picture.
    """
    height, width = first.shape[-2:]
    size = (height // windows[0], width // windows[1])
    padded = functional.pad(later, (radius,) * 4)
    inside = functional.pad(first.new_ones(1, 1, height, width), (radius,) * 4)
    found, overlaps = [], []
    for dy in range(2 * radius + 1):
        for dx in range(2 * radius + 1):
            part = (..., slice(dy, dy + height), slice(dx, dx + width))
            apart = (first - padded[part]).square_().mul_(inside[part])
            found.append(functional.avg_pool2d(apart, size).flatten(2))
            overlaps.append(functional.avg_pool2d(inside[part], size).flatten())
    overlap = torch.stack(overlaps, dim=-1)
    ssd = torch.stack(found, dim=-1) / overlap.clamp_min(1e-6)
    return _shares(ssd, overlap >= _LEAST_OVERLAP, temperature)


def _shares(ssd: torch.Tensor, allowed: torch.Tensor, temperature: float) -> torch.Tensor:
    mean = (ssd * allowed).sum(dim=-1, keepdim=True) / allowed.sum(dim=-1, keepdim=True)
    scores = -ssd / (temperature * (mean + _NOISE))
    return scores.masked_fill(~allowed, float("-inf")).softmax(dim=-1)
