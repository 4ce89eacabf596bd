"""What turns features into predictions of one target. Axes: B rows, n tokens, D width, K values per token."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from twlv.nn.attentive_pool import AttentivePooler, pooler_config
from twlv.nn.init import empty_linear
from twlv.pretrain.objective.config import Use

_EPS = 1e-6


class Head(nn.Module):
    """(B, n, D) to (B, n, K); for a pooled target (B, n, D) to (B, 1, K). Weights unset until initialised."""

    def __init__(self, use: Use, width: int, num_values: int) -> None:
        super().__init__()
        self.pooled = use.place == "pooled"
        if self.pooled and use.pool == "attentive":
            settings = replace(pooler_config("vjepa", width), num_blocks=use.pool_blocks)
            self.pooler = AttentivePooler(settings)
        self.layers = nn.Sequential(*_layers(use.head, width, num_values))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Predictions, in the format of the tokens."""
        if self.pooled:
            attentive = hasattr(self, "pooler")
            tokens = self.pooler(tokens)[:, None] if attentive else tokens.mean(dim=1, keepdim=True)
        found: torch.Tensor = self.layers(tokens)
        return found


def _layers(kind: str, width: int, num_values: int) -> list[nn.Module]:
    if kind == "linear_norm":
        return [empty_linear(width, num_values), nn.LayerNorm(num_values, eps=_EPS)]
    if kind == "norm_linear":
        return [nn.LayerNorm(width, eps=_EPS), empty_linear(width, num_values)]
    if kind == "mlp":
        return [empty_linear(width, width), nn.GELU(), empty_linear(width, num_values)]
    return [empty_linear(width, num_values)]
