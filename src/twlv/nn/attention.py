"""Self-attention, with the kernel that is fastest for the device and the length.

Axes: B batch, H heads, N tokens, D width, d = D / H.

Measured at 12 heads x 1568 tokens x 64 on a CPU with bfloat16 instructions, one thread: torch's fused
kernel gains nothing from bfloat16; one head and 392 queries at a time, in bfloat16, take half its time.
In float32 the fused kernel is the fastest at any length. Where gradients are wanted, its backward pass is
3 to 30 times slower than the plain form below some 300 tokens, and wins above.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from twlv.nn.init import empty_linear

PLAIN_TOKENS = 320
QUERY_CHUNK = 392


@dataclass(frozen=True, kw_only=True)
class Packing:
    """Rows that hold several short sequences. The first ``whole`` rows hold one each; the first
    ``per_row * length`` tokens of every other row are ``per_row`` sequences, which do not see one another; what
    is left of such a row is padding.
    """

    whole: int
    per_row: int
    length: int


class SelfAttention(nn.Module):
    """Multi-head self-attention of tokens (B, N, D), all to all, or within the sequences of packed rows.

    With ``qk_norm_eps``, the queries of a token pass an RMS norm over its whole width before they are cut into
    heads, and so do its keys (InternVideo2).
    """

    def __init__(
        self, width: int, num_heads: int, *, qkv_bias: bool = True, qk_norm_eps: float | None = None
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qk_norm = qk_norm_eps is not None
        if self.qk_norm:
            self.q_norm = nn.RMSNorm(width, eps=qk_norm_eps)
            self.k_norm = nn.RMSNorm(width, eps=qk_norm_eps)
        self.qkv = empty_linear(width, 3 * width, bias=qkv_bias)
        self.proj = empty_linear(width, width)

    def forward(self, tokens: torch.Tensor, packing: Packing | None = None) -> torch.Tensor:
        """(B, N, D) to (B, N, D)."""
        b, n, width = tokens.shape
        qkv = self.qkv(tokens)
        if self.qk_norm:
            q, k, v = qkv.chunk(3, dim=-1)
            qkv = torch.cat([self.q_norm(q), self.k_norm(k), v], dim=-1)
        qkv = qkv.view(b, n, 3, self.num_heads, width // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        read = attend(q, k, v) if packing is None else attend_packed(q, k, v, packing)
        mixed: torch.Tensor = self.proj(read.transpose(1, 2).reshape(b, n, width))
        return mixed


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """``softmax(q k' / sqrt(d)) v`` of (B, H, N, d) tensors, by the fastest kernel for where they are."""
    if q.device.type != "cpu":
        return functional.scaled_dot_product_attention(q, k, v)
    learning = torch.is_grad_enabled() and (q.requires_grad or k.requires_grad or v.requires_grad)
    if k.shape[-2] <= PLAIN_TOKENS and (learning or q.dtype != torch.float32):
        return _plain(q, k, v)
    if learning or q.dtype == torch.float32:
        return functional.scaled_dot_product_attention(q, k, v)
    return _chunked(q, k, v)


def attend_packed(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, packing: Packing) -> torch.Tensor:
    """``attend`` within every sequence of packed rows (B, H, N, d); padding reads nothing and gives zeros."""
    whole, used, count = packing.whole, packing.per_row * packing.length, packing.per_row
    rows, heads, n, width = q.shape[0] - packing.whole, *q.shape[1:]

    def apart(x: torch.Tensor) -> torch.Tensor:
        cut = x[whole:, :, :used].reshape(rows, heads, count, packing.length, width)
        return cut.transpose(1, 2).reshape(rows * count, heads, packing.length, width)

    short = attend(apart(q), apart(k), apart(v)).reshape(rows, count, heads, packing.length, width)
    together = functional.pad(short.transpose(1, 2).reshape(rows, heads, used, width), (0, 0, 0, n - used))
    return torch.cat([attend(q[:whole], k[:whole], v[:whole]), together]) if whole else together


def _plain(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-2, -1))
    return torch.matmul(scores.softmax(dim=-1), v)


def _chunked(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """One head and a few hundred queries at a time, so that the scores stay in the cache.

    The softmax of a bfloat16 tensor is summed in float32 by torch's kernel and rounded once.
    """
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    for clip in range(q.shape[0]):
        for head in range(q.shape[1]):
            queries = q[clip, head] * q.shape[-1] ** -0.5
            keys, values = k[clip, head].contiguous().t(), v[clip, head].contiguous()
            for start in range(0, q.shape[-2], QUERY_CHUNK):
                part = slice(start, start + QUERY_CHUNK)
                out[clip, head, part] = torch.mm(torch.mm(queries[part], keys).softmax(dim=-1), values)
    return out
