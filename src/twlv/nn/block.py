"""One pre-norm transformer block. Axes: B batch, N tokens, D width."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from twlv.nn.attention import Packing, SelfAttention
from twlv.nn.init import empty_linear


class Mlp(nn.Module):
    """Two linear maps with a GELU between (``approximate``: ``none`` is the erf form, or ``tanh``)."""

    def __init__(self, width: int, hidden: int, *, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate
        self.fc1 = empty_linear(width, hidden)
        self.fc2 = empty_linear(hidden, width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, N, D) to (B, N, D)."""
        out: torch.Tensor = self.fc2(functional.gelu(self.fc1(tokens), approximate=self.approximate))
        return out


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``."""

    def __init__(
        self, width: int, num_heads: int, mlp_width: int, *, norm_eps: float, qkv_bias: bool, approximate: str
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=norm_eps)
        self.attention = SelfAttention(width, num_heads, qkv_bias=qkv_bias)
        self.norm2 = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = Mlp(width, mlp_width, approximate=approximate)

    def forward(
        self, tokens: torch.Tensor, *, branch: torch.Tensor | None = None, packing: Packing | None = None
    ) -> torch.Tensor:
        """(B, N, D) to (B, N, D). ``branch`` (2, B, 1 or N, 1) multiplies what the branches add (drop path)."""
        read = self.attention(self.norm1(tokens), packing)
        tokens = tokens + (read if branch is None else read * branch[0])
        thought = self.mlp(self.norm2(tokens))
        mixed: torch.Tensor = tokens + (thought if branch is None else thought * branch[1])
        return mixed
