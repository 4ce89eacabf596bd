"""Attention over time in ASFormer, in time and memory linear in the length (full: memory only).

A key that a query must not see has log(1e-6) added to its energy, keeps its part in the softmax's sum, and is
multiplied by 0 afterwards. That is not the same as an energy of minus infinity: where all other energies are
very low, hidden keys take most of the sum. Released weights were trained so.

Sliding windows of w: block j of w queries sees the 2w keys from j w - w/2 on. Cut in blocks of w, the padded
keys are P_0, P_1, ..., and those of block j are P_j and P_j+1, two views of one tensor.

Axis letters: B batch, c channels of a head, L steps, w window, J blocks.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from twlv.heads.asformer.config import WindowRule

_HIDDEN = 1e-6


def full_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Every step sees every step. (B, c, L) each, ``mask`` (B, 1, L) of 0 and 1. No score matrix is kept."""
    bias = None
    if mask is not None:
        v = v * mask  # a hidden key counts in the sum, its value does not
        bias = torch.log(mask + _HIDDEN)[:, None]
    read = functional.scaled_dot_product_attention(_rows(q), _rows(k), _rows(v), attn_mask=bias)
    return read[:, 0].transpose(1, 2)


def sliding_attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    window: int,
    *,
    mask: torch.Tensor | None = None,
    rule: WindowRule = "block",
) -> torch.Tensor:
    """Every step sees the windows around it. (B, c, L) each, ``mask`` (B, 1, L) of 0 and 1.

    A window of 1 is a step by itself: its softmax is 1 and the result is its value. Queries and keys then get
    no gradient (zero in the published code).
    """
    if window == 1:
        return v if mask is None else v * mask
    length = q.shape[-1]
    blocks = -(-length // window)
    queries = _blocks(q * (1 / math.sqrt(q.shape[1])), 0, blocks, window)
    keys, values = (_blocks(part, window // 2, blocks + 1, window) for part in (k, v))
    visible = _visible(q, window, blocks, mask, rule)
    energy = torch.cat([queries @ keys[:, i : blocks + i].transpose(-1, -2) for i in (0, 1)], dim=-1)
    weight = torch.softmax(energy + torch.log(visible + _HIDDEN), dim=-1) * visible
    read = weight[..., :window] @ values[:, :-1] + weight[..., window:] @ values[:, 1:]
    return read.flatten(1, 2)[:, :length].transpose(1, 2)


def _rows(part: torch.Tensor) -> torch.Tensor:
    """(B, c, L) as one head of rows, (B, 1, L, c). Contiguous: else the fused kernel is not taken."""
    return part.transpose(1, 2).contiguous()[:, None]


def _blocks(part: torch.Tensor, before: int, blocks: int, window: int) -> torch.Tensor:
    """(B, c, L) with zeros before and after it, as (B, J, w, c)."""
    after = blocks * window - before - part.shape[-1]
    padded = functional.pad(part.transpose(1, 2), (0, 0, before, after))
    return padded.view(len(part), blocks, window, part.shape[1])


def _visible(
    like: torch.Tensor, window: int, blocks: int, mask: torch.Tensor | None, rule: WindowRule
) -> torch.Tensor:
    """1 where a query of a block may see a key of its window, (B or 1, J, 1 or w, 2w)."""
    steps = like.new_ones(1, 1, like.shape[-1]) if mask is None else mask
    real = _blocks(steps, window // 2, blocks + 1, window)[..., 0]
    real = torch.cat([real[:, :-1], real[:, 1:]], dim=-1)[:, :, None]
    column = torch.arange(2 * window, device=like.device)
    if rule == "block":
        opened = (column < 2 * window - 1)[None]
    else:
        behind = column - torch.arange(window, device=like.device)[:, None]
        opened = (behind >= 0) & (behind < window)
    return real * opened.to(like.dtype)
