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


class LayerScale(nn.Module):
    """A learned factor for every channel of what a branch adds."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.empty(width))

    def forward(self, added: torch.Tensor) -> torch.Tensor:
        """(B, N, D) to (B, N, D)."""
        return added * self.gamma


class Block(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``.

    ``norm`` is ``layer_norm`` or ``rms_norm``; ``qk_norm`` and ``layer_scale`` as ``VitConfig`` has them.
    """

    def __init__(
        self,
        width: int,
        num_heads: int,
        mlp_width: int,
        *,
        norm_eps: float,
        qkv_bias: bool,
        approximate: str,
        norm: str = "layer_norm",
        qk_norm: bool = False,
        layer_scale: bool = False,
    ) -> None:
        super().__init__()
        make_norm = nn.RMSNorm if norm == "rms_norm" else nn.LayerNorm
        self.norm1 = make_norm(width, eps=norm_eps)
        self.attention = SelfAttention(
            width, num_heads, qkv_bias=qkv_bias, qk_norm_eps=norm_eps if qk_norm else None
        )
        self.norm2 = make_norm(width, eps=norm_eps)
        self.mlp = Mlp(width, mlp_width, approximate=approximate)
        self.scale1 = LayerScale(width) if layer_scale else nn.Identity()
        self.scale2 = LayerScale(width) if layer_scale else nn.Identity()

    def forward(
        self, tokens: torch.Tensor, *, branch: torch.Tensor | None = None, packing: Packing | None = None
    ) -> torch.Tensor:
        """(B, N, D) to (B, N, D). ``branch`` (2, B, 1 or N, 1) multiplies what the branches add (drop path)."""
        read = self.scale1(self.attention(self.norm1(tokens), packing))
        tokens = tokens + (read if branch is None else read * branch[0])
        thought = self.scale2(self.mlp(self.norm2(tokens)))
        mixed: torch.Tensor = tokens + (thought if branch is None else thought * branch[1])
        return mixed
