"""Many attentive probes on one pass of the tokens, by folding each query into its key projection.

One query q attends to normalised tokens x with keys ``Wk (gamma x + beta) + bk``. What depends on the token in
a score is ``x . (gamma Wk' q)``: one vector of width D for each attention head, so the scores of G probes of H
attention heads are one product of the tokens with a (D, G H) matrix; the rest is the same for every token and
falls out of the softmax. The weights of a reading sum to one, so the values need not be made of every token
either: ``Wv (gamma r + beta) + bv`` of the mean token r read by that head is the same. The normalisation
without its scale is common to all probes. What is left of a probe is small: its tokens are read once for all.

The biases of keys thus have a gradient of exactly zero; in the plain form it is rounding noise around zero.

Axes: B batch, N tokens, D width, G probes, H attention heads of each, d = D / H, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import torch
from torch.func import functional_call
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from twlv.nn.attentive_pool import PoolerConfig, self_attention_block

Parameters: TypeAlias = Mapping[str, torch.Tensor]
"""The tensors of ``nn.attentive_pool.AttentiveClassifier`` by name, each with a leading axis G."""


def folded_logits(
    parameters: Parameters,
    tokens: torch.Tensor,
    config: PoolerConfig,
    *,
    keep: torch.Tensor | None = None,
) -> torch.Tensor:
    """Logits (B, G, C) of tokens (B, N, D). ``keep`` (B, D) multiplies what is classified (dropout).

    Probes with self-attention blocks share nothing of the tokens' path, and run one after another.
    """
    if config.num_blocks:
        each = [_blocks(parameters, g, tokens, config) for g in range(len(parameters["pooler.query"]))]
        read = torch.cat([_read(_only(parameters, g), normed, config) for g, normed in enumerate(each)], dim=1)
    else:
        read = _read(parameters, normalised(tokens, config), config)
    pooled = _after_reading(parameters, read, config)
    if keep is not None:
        pooled = pooled * keep[:, None]
    weight, bias = parameters["linear.weight"], parameters["linear.bias"]
    return torch.einsum("bgd,gcd->bgc", pooled, weight) + bias


def normalised(tokens: torch.Tensor, config: PoolerConfig) -> torch.Tensor:
    """Tokens at mean 0 and variance 1 each, without scale and shift; as they are if the pooler has no norm."""
    if not config.token_norm:
        return tokens
    return functional.layer_norm(tokens, (config.width,), eps=config.norm_eps)


def _read(parameters: Parameters, tokens: torch.Tensor, config: PoolerConfig) -> torch.Tensor:
    """What the queries (G, 1, 1, D) read of normalised tokens: (B, G, D), before any output projection."""
    heads, width = config.num_heads, config.width
    query = parameters["pooler.query"]
    probes, per_head = len(query), width // heads
    kv = parameters["pooler.kv.weight"].view(probes, 2, heads, per_head, width)
    q = torch.einsum("gd,ged->ge", query.flatten(1), parameters["pooler.q.weight"])
    q = (q + parameters["pooler.q.bias"]).view(probes, heads, per_head) * per_head**-0.5
    folded = torch.einsum("ghe,ghed->ghd", q, kv[:, 0])
    if config.token_norm:
        folded = folded * parameters["pooler.norm.weight"][:, None]
    mean = attention_means(tokens, folded.flatten(0, 1)).view(-1, probes, heads, width)
    if config.token_norm:
        mean = mean * parameters["pooler.norm.weight"][:, None] + parameters["pooler.norm.bias"][:, None]
    bias = parameters["pooler.kv.bias"].view(probes, 2, width)[:, 1]
    return torch.einsum("bghd,ghed->bghe", mean, kv[:, 1]).flatten(2) + bias


def attention_means(tokens: torch.Tensor, queries: torch.Tensor) -> torch.Tensor:
    """Means (B, K, D) of tokens (B, N, D), weighted by the softmax over N of their products with K queries.

    The weights (K, B, N) are kept for the backward pass: linear in the number of tokens.
    """
    b, n, width = tokens.shape
    scores = torch.mm(queries, tokens.reshape(b * n, width).T).view(-1, b, n)
    return torch.bmm(scores.softmax(dim=-1).transpose(0, 1), tokens)


def _after_reading(parameters: Parameters, read: torch.Tensor, config: PoolerConfig) -> torch.Tensor:
    """Output projection, residual and MLP, as far as the pooler has them: (B, G, D) to (B, G, D)."""
    if config.out_proj:
        read = _linear(parameters, "pooler.proj", read)
    if not config.complete_block:
        return read
    read = parameters["pooler.query"].flatten(1) + read
    normed = functional.layer_norm(read, (config.width,), eps=config.norm_eps)
    normed = normed * parameters["pooler.mlp_norm.weight"] + parameters["pooler.mlp_norm.bias"]
    hidden = functional.gelu(_linear(parameters, "pooler.mlp.fc1", normed))
    return read + _linear(parameters, "pooler.mlp.fc2", hidden)


def _linear(parameters: Parameters, name: str, inputs: torch.Tensor) -> torch.Tensor:
    """A linear layer of every probe: (B, G, in) to (B, G, out)."""
    return torch.einsum("bgd,ged->bge", inputs, parameters[f"{name}.weight"]) + parameters[f"{name}.bias"]


def _blocks(parameters: Parameters, g: int, tokens: torch.Tensor, config: PoolerConfig) -> torch.Tensor:
    """Tokens after the blocks of probe g, normalised; activations are computed again going back."""
    with torch.device("meta"):
        block = self_attention_block(config)
    for i in range(config.num_blocks):
        prefix = f"pooler.blocks.{i}."
        own = {
            name.removeprefix(prefix): value[g] for name, value in parameters.items() if name.startswith(prefix)
        }
        tokens = checkpoint(
            functional_call, block, own, (tokens,), use_reentrant=False, preserve_rng_state=False
        )
    return normalised(tokens, config)


def _only(parameters: Parameters, g: int) -> dict[str, torch.Tensor]:
    return {name: value[g : g + 1] for name, value in parameters.items()}
