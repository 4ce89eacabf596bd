"""One layer of the decoder: queries read one another, then across time, then the tokens.

Axis letters: B clips, T times, S queries, N tokens of a time, C width, H heads, d = C / H.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from twlv.heads.stal.config import DecoderConfig
from twlv.heads.stal.dropout import Noise
from twlv.nn.init import empty_linear


class Attention(nn.Module):
    """Multi-head attention with projections of its own for queries, keys and values."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query, self.key, self.value, self.out = (empty_linear(width, width) for _ in range(4))

    def forward(self, query: Tensor, key: Tensor, value: Tensor, noise: Noise | None = None) -> Tensor:
        """(R, Q, C) of queries, (R, K, C) of keys and values, to (R, Q, C)."""
        q, k, v = self._heads(self.query(query)), self._heads(self.key(key)), self._heads(self.value(value))
        weights = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-2, -1)).softmax(dim=-1)
        if noise is not None:
            weights = noise.thin(weights)
        read = torch.matmul(weights, v).transpose(1, 2).flatten(2)
        if noise is None:
            found: Tensor = self.out(read)
            return found
        return scaled_linear(self.out, read, noise.scale)

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.num_heads, -1).transpose(1, 2)


class DecoderLayer(nn.Module):
    """Attention over queries, over time, and to the tokens, then an MLP; each a residual branch with a norm."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        width, names = config.width, ["queries", "times", "tokens", "mlp"]
        if config.times == "key":
            names.remove("times")
        self.before = config.norm == "before"
        self.full = config.cross == "full" or config.times == "key"
        self.attention = nn.ModuleDict(
            {name: Attention(width, config.num_heads) for name in names if name != "mlp"}
        )
        self.norm = nn.ModuleDict({name: nn.LayerNorm(width) for name in names})
        self.expand, self.contract = (
            empty_linear(width, config.mlp_width),
            empty_linear(config.mlp_width, width),
        )

    def forward(self, x: Tensor, code: Tensor, keys: Tensor, values: Tensor, noise: Noise | None) -> Tensor:
        """Queries ``x`` (B, T, S, C), their position codes (T, S, C), tokens (B, T', N, C), to the next x."""
        x = self._branch("queries", x, lambda y: self._over_queries(y, code, noise), noise)
        if "times" in self.attention:
            x = self._branch("times", x, lambda y: self._over_times(y, code, noise), noise)
        x = self._branch("tokens", x, lambda y: self._to_tokens(y, code, keys, values, noise), noise)
        return self._branch("mlp", x, lambda y: self._mlp(y, noise), noise)

    def _branch(self, name: str, x: Tensor, f: Callable[[Tensor], Tensor], noise: Noise | None) -> Tensor:
        found = f(self.norm[name](x) if self.before else x)
        if noise is not None:
            found = noise.branch(found)
        x = x + found
        return x if self.before else self.norm[name](x)

    def _over_queries(self, x: Tensor, code: Tensor, noise: Noise | None) -> Tensor:
        placed = (x + code).flatten(0, 1)
        found: Tensor = self.attention["queries"](placed, placed, x.flatten(0, 1), noise)
        return found.view_as(x)

    def _over_times(self, x: Tensor, code: Tensor, noise: Noise | None) -> Tensor:
        turned = x.transpose(1, 2)
        placed = (turned + code.transpose(0, 1)).flatten(0, 1)
        found: Tensor = self.attention["times"](placed, placed, turned.flatten(0, 1), noise)
        return found.view_as(turned).transpose(1, 2)

    def _to_tokens(self, x: Tensor, code: Tensor, keys: Tensor, values: Tensor, noise: Noise | None) -> Tensor:
        start, end = (1, 2) if self.full else (0, 1)  # what is joined: times with tokens, or clips with times
        found: Tensor = self.attention["tokens"](
            (x + code).flatten(start, end), keys.flatten(start, end), values.flatten(start, end), noise
        )
        return found.reshape(x.shape)

    def _mlp(self, x: Tensor, noise: Noise | None) -> Tensor:
        hidden, last = self.expand(x), self.contract
        if noise is None:
            read: Tensor = last(torch.relu(hidden))
            return read
        return scaled_linear(last, noise.thin_relu(hidden), noise.scale)


def scaled_linear(layer: nn.Linear, x: Tensor, scale: float) -> Tensor:
    """``layer`` of ``scale`` times x, without a pass over x."""
    found = torch.addmm(layer.bias, x.flatten(0, -2), layer.weight.t(), alpha=scale)
    return found.view(*x.shape[:-1], -1)
