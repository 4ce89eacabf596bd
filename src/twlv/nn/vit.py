"""The Vision Transformer for video: every model of ours is a setting of this one class.

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, N = T'*H'*W' tokens, D width.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, get_args, get_origin, get_type_hints

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from twlv.errors import UsageError
from twlv.nn.attention import Packing
from twlv.nn.block import Block
from twlv.nn.init import initialise
from twlv.nn.patch_embed import TubeletEmbed
from twlv.nn.position import Grid, OtherGrids, PositionCode, position_table


@dataclass(frozen=True, kw_only=True)
class VitConfig:
    """An architecture. The defaults are TWLV-I's as we infer it (the report gives ViT-B and ViT-L only).

    ``patch`` is the tubelet (t, rows, columns). ``num_frames`` and ``image_size_px`` set the grid that
    the position code is made for; ``other_grids`` says what becomes of it on another one.
    ``final_norm``: ``tokens`` normalises every token; ``pooled`` normalises their mean instead, which
    then is the embedding (fine-tuned VideoMAE); ``none`` does neither. ``final_norm_eps`` None means
    ``norm_eps``.
    """

    width: int
    depth: int
    num_heads: int
    mlp_width: int
    patch: tuple[int, int, int] = (2, 16, 16)
    num_frames: int = 16
    image_size_px: int = 224
    position: PositionCode = "sincos_3d"
    other_grids: OtherGrids = "interpolate"
    activation: Literal["gelu", "gelu_tanh"] = "gelu"
    norm: Literal["layer_norm"] = "layer_norm"
    norm_eps: float = 1e-6
    final_norm_eps: float | None = None
    final_norm: Literal["tokens", "pooled", "none"] = "tokens"
    qkv_bias: bool = True

    def __post_init__(self) -> None:
        if self.width % self.num_heads:
            raise UsageError(f"width {self.width} is not a multiple of num_heads {self.num_heads}")
        if self.num_frames % self.patch[0] or any(self.image_size_px % side for side in self.patch[1:]):
            raise UsageError(
                f"{self.num_frames} frames of {self.image_size_px} px cannot be cut into tubelets {self.patch}"
            )
        for field, hint in get_type_hints(VitConfig).items():
            legal = get_args(hint) if get_origin(hint) is Literal else ()
            if legal and getattr(self, field) not in legal:
                raise UsageError(f"{field} '{getattr(self, field)}' is not one of {', '.join(legal)}")

    @property
    def grid(self) -> Grid:
        """(T', H', W') of the clip that the model was made for."""
        t, p, q = self.patch
        return self.num_frames // t, self.image_size_px // p, self.image_size_px // q


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
        approximate = "tanh" if config.activation == "gelu_tanh" else "none"
        self.patch_embed = TubeletEmbed(config.width, config.patch)
        self.blocks = nn.ModuleList(
            Block(
                config.width,
                config.num_heads,
                config.mlp_width,
                norm_eps=config.norm_eps,
                qkv_bias=config.qkv_bias,
                approximate=approximate,
            )
            for _ in range(config.depth)
        )
        if config.final_norm != "none":
            self.norm = nn.LayerNorm(config.width, eps=config.final_norm_eps or config.norm_eps)
        if seed is not None:
            initialise(self, seed=seed)

    def embed(self, frames: torch.Tensor) -> tuple[torch.Tensor, Grid]:
        """Tokens (B, N, D) with their position codes, before the blocks, and their grid (T', H', W')."""
        if frames.ndim == 5 and frames.shape[1] == 1:
            frames = frames.expand(-1, self.config.patch[0], -1, -1, -1)
        tokens = self.patch_embed(frames)
        grid = (tokens.shape[1], tokens.shape[2], tokens.shape[3])
        return tokens.flatten(1, 3) + self.positions(grid).to(tokens), grid

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
        return self.encode(tokens).reshape(tokens.shape[0], *grid, -1)

    def pool(self, patches: torch.Tensor) -> torch.Tensor | None:
        """The normalised mean (B, D) of tokens (B, T', H', W', D) where ``final_norm`` is ``pooled``."""
        if self.config.final_norm != "pooled":
            return None
        pooled: torch.Tensor = self.norm(patches.flatten(1, 3).mean(dim=1))
        return pooled

    def positions(self, grid: Grid) -> torch.Tensor:
        """The position codes of a grid, (N, D) float32 on the CPU. Do not write to them."""
        config = self.config
        return position_table(
            config.position,
            width=config.width,
            made_for=config.grid,
            grid=grid,
            other_grids=config.other_grids,
        )
