"""The light transformer that fills in tokens from the visible ones.

Axes: B rows, N tokens of the grid, V visible, Q queried, D width of the encoder, d width of the predictor.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import nn

from twlv.nn.block import Block
from twlv.nn.init import empty_linear
from twlv.nn.position import Grid, PositionCode, position_table
from twlv.pretrain.objective.config import PredictorConfig, Reading


class Predictor(nn.Module):
    """Visible tokens (B, V, D) and queried places to features (B, Q, d). Weights unset until initialised."""

    def __init__(self, config: PredictorConfig, *, encoder_width: int, grid: Grid, num_masks: int) -> None:
        super().__init__()
        self.config, self.grid = config, grid
        width = read_width(config.reads, encoder_width)
        if config.reads.block is not None:
            self.norm_in = nn.LayerNorm(width, eps=1e-6)
        self.embed = empty_linear(width, config.width)
        self.mask_tokens = nn.Parameter(
            torch.empty(num_masks if config.mask_tokens == "per_mask" else 1, config.width)
        )
        hidden = int(config.width * config.mlp_ratio)
        self.blocks = nn.ModuleList(
            Block(config.width, config.num_heads, hidden, norm_eps=1e-6, qkv_bias=True, approximate="none")
            for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width, eps=1e-6)

    def forward(
        self,
        tokens: torch.Tensor,
        visible: torch.Tensor,
        queries: torch.Tensor,
        *,
        mask_number: torch.Tensor,
        shuffle: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(B, Q, d). ``tokens`` (B, V, D) stand at ``visible`` (B, V), and ``queries`` (B, Q) are asked for.

        ``mask_number`` (B,) says which of the objective's masks a row has. ``shuffle`` (B, V) permutes the
        visible tokens before positions are added, where the configuration asks for it.
        """
        if self.config.reads.block is not None:
            tokens = self.norm_in(tokens)
        tokens = self.embed(tokens)
        if self.config.shuffle_visible and shuffle is not None:
            tokens = take(tokens, shuffle)
        table = positions_on("sincos_3d", self.config.width, self.grid, tokens)
        kinds = self.mask_tokens[mask_number] if len(self.mask_tokens) > 1 else self.mask_tokens
        asked = table[queries] + kinds[:, None].to(tokens)
        mixed = torch.cat([tokens + table[visible], asked], dim=1)
        for block in self.blocks:
            mixed = block(mixed)
        found: torch.Tensor = self.norm(mixed[:, visible.shape[1] :])
        return found


def positions_on(code: PositionCode, width: int, grid: Grid, like: torch.Tensor) -> torch.Tensor:
    """The position codes (N, width) of a grid, where and in the format that ``like`` is; not to be written."""
    return _table(code, width, grid, like.device, like.dtype)


@lru_cache(maxsize=16)
def _table(
    code: PositionCode, width: int, grid: Grid, device: torch.device, dtype: torch.dtype
) -> torch.Tensor:
    with torch.inference_mode(mode=False):
        table = position_table(code, width=width, made_for=grid, grid=grid, other_grids="refuse")
        return table.to(device, dtype)


def take(tokens: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """The tokens (B, n, D) of (B, N, D) at indices (B, n)."""
    return tokens.gather(1, indices[..., None].expand(-1, -1, tokens.shape[-1]))


def read_width(reads: Reading, encoder_width: int) -> int:
    """How many channels a reading has."""
    start, end = channel_range(reads, encoder_width)
    return end - start


def channel_range(reads: Reading, encoder_width: int) -> tuple[int, int]:
    """[start, end) of the channels that are read; at least one."""
    low, high = reads.channels or (0.0, 1.0)
    start = min(round(low * encoder_width), encoder_width - 1)
    return start, max(start + 1, round(high * encoder_width))
