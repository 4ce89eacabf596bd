"""The Vision Transformer for video: every model of ours is a setting of this one class.

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, N = T'*H'*W' tokens, D width.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from twlv.errors import UsageError
from twlv.nn.attention import Packing
from twlv.nn.block import Block
from twlv.nn.init import initialise
from twlv.nn.mean_query_pool import MeanQueryPool
from twlv.nn.patch_embed import TubeletEmbed
from twlv.nn.position import Grid, check_grid, interpolate_table, position_table
from twlv.nn.vit_config import VitConfig

__all__ = ["SIZES", "VideoTransformer", "VitConfig", "sized"]

SIZES = {
    "t": VitConfig(width=192, depth=12, num_heads=3, mlp_width=768),
    "s": VitConfig(width=384, depth=12, num_heads=6, mlp_width=1536),
    "b": VitConfig(width=768, depth=12, num_heads=12, mlp_width=3072),
    "l": VitConfig(width=1024, depth=24, num_heads=16, mlp_width=4096),
    "h": VitConfig(width=1280, depth=32, num_heads=16, mlp_width=5120),
    "g": VitConfig(width=1408, depth=40, num_heads=16, mlp_width=6144, patch=(2, 14, 14)),
}
"""ViT sizes of the ViT and scaling papers; g is VideoMAE V2's (patch 14, MLP ratio 48/11)."""


def sized(size: str, **changes: object) -> VitConfig:
    """The configuration of a size (``t s b l h g``) with some fields changed."""
    if size not in SIZES:
        raise UsageError(f"size '{size}' is not one of {', '.join(SIZES)}")
    return replace(SIZES[size], **changes)  # type: ignore[arg-type]


class VideoTransformer(nn.Module):
    """Frames (B, T, C, H, W), float and normalised, to patch tokens (B, T', H', W', D).

    Its weights are drawn from ``seed`` (see ``nn.initialise``); with None, and on the meta device, they are
    left unset, for a caller who loads others.
    It accepts any frame count and size that the tubelet divides, by the policy ``other_grids``, and a
    single image (T = 1), which is repeated to fill one tubelet.
    """

    def __init__(self, config: VitConfig, *, seed: int | None = 0) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = TubeletEmbed(config.width, config.patch)
        self.blocks = nn.ModuleList(_block(config) for _ in range(config.depth))
        if config.final_norm != "none":
            self.norm = nn.LayerNorm(config.width, eps=config.final_norm_eps or config.norm_eps)
        self._add_positions()
        if config.pool_head == "norm":
            self.pool_norm = nn.LayerNorm(config.width)  # torch's own epsilon, as UMT builds it
        elif config.pool_head == "attention":
            self.pool_attention = MeanQueryPool(config.width, config.pool_num_heads, config.pool_width)
        if seed is not None:
            initialise(self, seed=seed)

    def _add_positions(self) -> None:
        """What is learned of the places: a row for each token of the grid, and for the class token."""
        config = self.config
        _, rows, columns = config.grid
        images = config.image_positions == "learned"
        if config.class_token:
            self.class_token = nn.Parameter(torch.empty(config.width))
        if config.position == "learned":
            self.position_table = nn.Parameter(torch.empty(config.grid[0] * rows * columns, config.width))
            if images:
                self.image_position_table = nn.Parameter(torch.empty(rows * columns, config.width))
        if config.position == "learned" and config.class_token:
            self.class_position = nn.Parameter(torch.empty(config.width))
            if images:
                self.image_class_position = nn.Parameter(torch.empty(config.width))

    def embed(self, frames: torch.Tensor) -> tuple[torch.Tensor, Grid]:
        """Tokens with their position codes, before the blocks, and the grid (T', H', W') of the patches.

        (B, N, D), or (B, 1 + N, D) with the class token first.
        """
        image = frames.ndim == 5 and frames.shape[1] == 1
        if image:
            frames = frames.expand(-1, self.config.patch[0], -1, -1, -1)
        patches = self.patch_embed(frames)
        grid = (patches.shape[1], patches.shape[2], patches.shape[3])
        tokens = patches.flatten(1, 3) + self.positions(grid, image=image).to(patches)
        if self.config.class_token:
            first = self._class_token(image).expand(tokens.shape[0], 1, -1)
            tokens = torch.cat([first.to(tokens), tokens], dim=1)
        return tokens, grid

    def _class_token(self, image: bool) -> torch.Tensor:
        """(D,), with its position where that is learned."""
        if self.config.position != "learned":
            return self.class_token
        own = image and self.config.image_positions == "learned"
        return self.class_token + (self.image_class_position if own else self.class_position)

    def encode(self, tokens: torch.Tensor) -> torch.Tensor:
        """Blocks and the final norm on any subset of tokens (B, N, D): a masked model keeps the visible."""
        return self.encode_blocks(tokens)[0]

    def encode_blocks(
        self,
        tokens: torch.Tensor,
        *,
        keep: Collection[int] = (),
        branches: torch.Tensor | None = None,
        packing: Packing | None = None,
        recompute: bool = False,
    ) -> tuple[torch.Tensor, dict[int, torch.Tensor]]:
        """As ``encode``, with the tokens after the blocks numbered in ``keep`` (from 1) beside the result.

        ``branches`` (depth, 2, B, 1 or N, 1) multiplies what each branch adds; ``packing`` is of rows that hold
        several sequences; ``recompute`` keeps no activations within a block for the backward pass.
        """
        kept = {}
        for number, block in enumerate(self.blocks, start=1):
            branch = None if branches is None else branches[number - 1]
            if recompute:
                tokens = checkpoint(block, tokens, branch=branch, packing=packing, use_reentrant=False)
            else:
                tokens = block(tokens, branch=branch, packing=packing)
            if number in keep:
                kept[number] = tokens
        return (self.norm(tokens) if self.config.final_norm == "tokens" else tokens), kept

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Patch tokens (B, T', H', W', D).

        Raises:
            UsageError: frames of a shape that cannot be cut into tubelets, or on a refused grid.
        """
        tokens, grid = self.embed(frames)
        return self.on_grid(self.encode(tokens), grid)

    def on_grid(self, tokens: torch.Tensor, grid: Grid) -> torch.Tensor:
        """The patch tokens (B, T', H', W', D) of a whole sequence, without the class token."""
        patches = tokens[:, 1:] if self.config.class_token else tokens
        return patches.reshape(tokens.shape[0], *grid, -1)

    def positions(self, grid: Grid, *, image: bool = False) -> torch.Tensor:
        """The position codes of a grid, (N, D) float32; on the CPU unless learned. Do not write to them.

        ``image``: the grid is that of a single picture (see ``VitConfig.image_positions``).
        """
        config, kind = self.config, self.config.image_positions if image else "as_video"
        made_for = config.grid if kind == "as_video" else (1, *config.grid[1:])
        if config.position == "learned":
            table = self.image_position_table if kind == "learned" else self.position_table
            check_grid(made_for, grid, config.other_grids)
            return table if grid == made_for else interpolate_table(table, made_for, grid)
        return position_table(
            config.position,
            width=config.width,
            made_for=made_for,
            grid=grid,
            other_grids=config.other_grids,
        )


def _block(config: VitConfig) -> Block:
    return Block(
        config.width,
        config.num_heads,
        config.mlp_width,
        norm_eps=config.norm_eps,
        qkv_bias=config.qkv_bias,
        approximate="tanh" if config.activation == "gelu_tanh" else "none",
        norm=config.norm,
        qk_norm=config.qk_norm,
        layer_scale=config.layer_scale,
    )
