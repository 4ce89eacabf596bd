"""Attention in a window along time, and the block around it.

A step sees the valid steps at most ``window // 2`` away. Computed in blocks of steps: the keys of a block are
its own and those of half a window on either side.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from twlv.heads.actionformer.layers import EPS, Branch, MaskedConvolution

BLOCK = 32
HIDDEN = -1e4
"""Added to the logits of steps out of reach: exp of it is 0 beside any valid step."""


class Projection(nn.Module):
    """Query, key or value: depthwise convolution, norm, linear."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        self.conv = MaskedConvolution(width, width, 3, stride=stride, groups=width)
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.linear = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` (B, T, C), ``mask`` (B, T / stride)."""
        return cast(Tensor, self.linear(self.norm(self.conv(x, mask))))


class WindowAttention(nn.Module):
    """Multi-head attention within ``window`` steps; -1 is the whole sequence."""

    def __init__(self, width: int, num_heads: int, window: int, stride: int) -> None:
        super().__init__()
        self.num_heads, self.window = num_heads, window
        self.query, self.key, self.value = (Projection(width, stride) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` (B, T, C), ``mask`` (B, T / stride); zero where the mask is false."""
        batch, length = mask.shape
        query, key, value = (
            part(x, mask).reshape(batch, length, self.num_heads, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        if self.window > 1:
            seen = windowed(query, key, value, mask=mask, reach=self.window // 2)
        else:
            hidden = torch.where(mask, 0.0, HIDDEN)[:, None, None].to(x.dtype)
            seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=hidden)
        seen = seen.transpose(1, 2).reshape(batch, length, -1)
        return cast(Tensor, self.out(seen * mask[..., None])) * mask[..., None]


def windowed(query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor, reach: int) -> Tensor:
    """Attention of each step to the valid steps at most ``reach`` away.

    ``query``, ``key``, ``value`` (B, H, T, D), ``mask`` (B, T); rows of invalid steps are of no use.
    """
    batch, heads, length, width = query.shape
    after = -length % BLOCK
    blocks = (length + after) // BLOCK
    span = BLOCK + 2 * reach

    def around(x: Tensor) -> Tensor:
        """Keys of each block: (B, blocks, H, span, D) from (B, H, T, D)."""
        padded = functional.pad(x, (0, 0, reach, reach + after))
        return padded.unfold(2, span, BLOCK).permute(0, 2, 1, 4, 3)

    valid = functional.pad(mask, (reach, reach + after)).unfold(1, span, BLOCK)
    near = torch.arange(span, device=mask.device) - torch.arange(BLOCK, device=mask.device)[:, None]
    allowed = ((near >= 0) & (near <= 2 * reach)) & valid[:, :, None]
    hidden = torch.where(allowed, 0.0, HIDDEN).to(query.dtype)[:, :, None]
    rows = functional.pad(query, (0, 0, 0, after)).reshape(batch, heads, blocks, BLOCK, width)
    shape = (batch * blocks, heads)
    seen = functional.scaled_dot_product_attention(
        rows.transpose(1, 2).reshape(*shape, BLOCK, width),
        around(key).reshape(*shape, span, width),
        around(value).reshape(*shape, span, width),
        attn_mask=hidden.reshape(batch * blocks, 1, BLOCK, span),
    )
    seen = seen.reshape(batch, blocks, heads, BLOCK, width).transpose(1, 2)
    return seen.reshape(batch, heads, blocks * BLOCK, width)[:, :, :length]


class Block(nn.Module):
    """Pre-norm transformer block; with stride 2 it halves the steps, and its skip is a maximum over 3."""

    def __init__(self, width: int, num_heads: int, window: int, *, stride: int, drop: float) -> None:
        super().__init__()
        self.stride = stride
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width, eps=EPS), nn.LayerNorm(width, eps=EPS)
        self.attention = WindowAttention(width, num_heads, window, stride)
        self.expand, self.contract = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.attention_branch, self.mlp_branch = Branch(width, drop), Branch(width, drop)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` (B, T, C), ``mask`` (B, T) to those of the level. The skip sees the zeros of padding."""
        valid = mask[:, :: self.stride]
        skip = x
        if self.stride > 1:
            skip = functional.max_pool1d(x.transpose(1, 2), 3, self.stride, 1).transpose(1, 2)
        x = skip * valid[..., None] + self.attention_branch(self.attention(self.norm_attention(x), valid))
        inner = self.contract(functional.gelu(self.expand(self.norm_mlp(x)))) * valid[..., None]
        return x + self.mlp_branch(inner), valid
