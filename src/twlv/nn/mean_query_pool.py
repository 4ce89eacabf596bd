"""InternVideo2's attention pool: the mean of all tokens asks, every token answers.

Axes: B batch, N tokens, D width, E width of the result.
"""

from __future__ import annotations

import torch
from torch import nn

from twlv.nn.attention import attend
from twlv.nn.init import empty_linear

_EPS = 1e-5  # of its three norms, whatever the blocks have


class MeanQueryPool(nn.Module):
    """Tokens (B, N, D) to one vector (B, E): cross-attention whose one query is the mean of the tokens.

    Query, keys and values have a layer norm each. Nothing is added to what is read (InternVideo2's
    ``AttentionPoolingBlock``).
    """

    def __init__(self, width: int, num_heads: int, out_width: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm_q = nn.LayerNorm(width, eps=_EPS)
        self.norm_k = nn.LayerNorm(width, eps=_EPS)
        self.norm_v = nn.LayerNorm(width, eps=_EPS)
        self.q = empty_linear(width, width)
        self.k = empty_linear(width, width)
        self.v = empty_linear(width, width)
        self.proj = empty_linear(width, out_width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, N, D) to (B, E)."""
        q = self._heads(self.q(self.norm_q(tokens.mean(dim=1, keepdim=True))))
        k, v = self._heads(self.k(self.norm_k(tokens))), self._heads(self.v(self.norm_v(tokens)))
        pooled: torch.Tensor = self.proj(attend(q, k, v).transpose(1, 2).flatten(1))
        return pooled

    def each(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, N, D) to (B, N, E): what the pool of a token by itself would be, which needs no attention."""
        alone: torch.Tensor = self.proj(self.v(self.norm_v(tokens)))
        return alone

    def _heads(self, x: torch.Tensor) -> torch.Tensor:
        """(B, n, D) to (B, H, n, D / H)."""
        return x.reshape(*x.shape[:2], self.num_heads, -1).transpose(1, 2)
