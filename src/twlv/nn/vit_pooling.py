"""From the tokens of a Vision Transformer to one vector of the clip, in every way that its weights allow.

Axes: B batch, T' H' W' token grid, D width, E width of an attention pool.
"""

from __future__ import annotations

import torch

from twlv.errors import UsageError
from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.types import Pool


def own_pool(config: VitConfig) -> Pool:
    """What is taken where nobody says: the mean of the patch tokens, or what the final norm is for."""
    return "mean_norm" if config.final_norm == "pooled" else "mean"


def possible_pools(config: VitConfig) -> tuple[Pool, ...]:
    """Every pooling that this architecture has the weights for, its own first."""
    offers: dict[Pool, bool] = {
        "mean": True,
        "mean_norm": config.final_norm != "none" or config.pool_head == "norm",
        "cls": config.class_token,
        "attention": config.pool_head == "attention",
    }
    own = own_pool(config)
    return (own, *(pool for pool, there in offers.items() if there and pool != own))


def pool_width(config: VitConfig, pool: Pool) -> int:
    """The width of tokens and vector under a pooling: an attention pool may have one of its own."""
    return config.pool_width if pool == "attention" else config.width


def encode_pooled(
    network: VideoTransformer, frames: torch.Tensor, pool: Pool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Patch tokens (B, T', H', W', D), and the clip's vector (B, D), None for their plain mean.

    ``mean_norm`` takes the mean first and normalises it: by the norm that is there for it (fine-tuned
    VideoMAE; UMT's second stage, whose tokens are normalised before), else by the final norm, which the tokens
    then have not passed (OmniMAE's classifier). ``attention`` gives E-wide patch tokens too, each as the pool
    would read it alone, so that both have one width; the pool reads the class token with the rest.

    Raises:
        UsageError: there are no weights for this pooling.
    """
    config = network.config
    if pool not in possible_pools(config):
        raise UsageError(f"this network can be pooled by {', '.join(possible_pools(config))}, not by {pool}")
    if pool == "mean":
        return network(frames), None
    tokens, grid = network.embed(frames)
    last, kept = network.encode_blocks(tokens, keep=(config.depth,))
    patches = network.on_grid(last, grid)
    if pool == "cls":
        return patches, last[:, 0]
    if pool == "attention":
        return network.on_grid(network.pool_attention.each(last), grid), network.pool_attention(last)
    if config.pool_head == "norm":
        return patches, network.pool_norm(patches.mean(dim=(1, 2, 3)))
    raw = network.on_grid(kept.get(config.depth, tokens), grid)
    return patches, network.norm(raw.mean(dim=(1, 2, 3)))
