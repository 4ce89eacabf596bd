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
from typing import Any, TypeAlias

import torch
from torch.func import functional_call
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from twlv.heads.product_into import product_into
from twlv.nn.attentive_pool import PoolerConfig, self_attention_block

Parameters: TypeAlias = Mapping[str, torch.Tensor]
"""The tensors of ``nn.attentive_pool.AttentiveClassifier`` by name, each with a leading axis G."""


def folded_logits(
    parameters: Parameters,
    tokens: torch.Tensor,
    config: PoolerConfig,
    *,
    keep: torch.Tensor | None = None,
    sinks: Parameters | None = None,
) -> torch.Tensor:
    """Logits (B, G, C) of tokens (B, N, D). ``keep`` (B, D) multiplies what is classified (dropout).

    The gradients of the matrices named in ``sinks`` (``sunk_names``) are added there, and are not autograd's.
    Probes with self-attention blocks share nothing of the tokens' path, and run one after another.
    """
    if config.num_blocks:
        each = [_blocks(parameters, g, tokens, config) for g in range(len(parameters["pooler.query"]))]
        own = [(_only(parameters, g), _only(sinks or {}, g)) for g in range(len(each))]
        read = torch.cat([_read(*own[g], mixed, config) for g, mixed in enumerate(each)], dim=1)
    else:
        read = _read(parameters, sinks or {}, tokens, config)
    pooled = _after_reading(parameters, sinks or {}, read, config)
    if keep is not None:
        pooled = pooled * keep[:, None]
    return _linear(parameters, sinks or {}, "linear", pooled)


def sunk_names(parameters: Parameters) -> tuple[str, ...]:
    """The matrices whose gradients ``folded_logits`` can add to sinks: nearly all weights of a probe."""
    names = ("pooler.q", "pooler.kv", "pooler.proj", "pooler.mlp.fc1", "pooler.mlp.fc2", "linear")
    return tuple(f"{name}.weight" for name in names if f"{name}.weight" in parameters)


def _normalised(tokens: torch.Tensor, eps: float | None) -> torch.Tensor:
    """Tokens at mean 0 and variance 1 each, without scale and shift; as they are without ``eps``."""
    return tokens if eps is None else functional.layer_norm(tokens, tokens.shape[-1:], eps=eps)


def _read(
    parameters: Parameters, sinks: Parameters, tokens: torch.Tensor, config: PoolerConfig
) -> torch.Tensor:
    """What the queries (G, 1, 1, D) read of tokens (B, N, D): (B, G, D), before any output projection."""
    heads, width = config.num_heads, config.width
    query = parameters["pooler.query"]
    probes, per_head = len(query), width // heads
    shape = (probes, 2, heads, per_head, width)
    keys, values = parameters["pooler.kv.weight"].view(shape).unbind(1)
    sunk = sinks["pooler.kv.weight"].view(shape).unbind(1) if "pooler.kv.weight" in sinks else None
    q = _linear(parameters, sinks, "pooler.q", query[:, 0, 0][None])[0] * per_head**-0.5
    q = q.view(probes, heads, 1, per_head)
    if sunk:
        folded = product_into(keys.transpose(2, 3), q, sunk[0].transpose(2, 3))[:, :, 0]
    else:
        folded = torch.matmul(q, keys)[:, :, 0]
    if config.token_norm:
        folded = folded * parameters["pooler.norm.weight"][:, None]
    eps = config.norm_eps if config.token_norm else None
    mean = attention_means(tokens, folded.flatten(0, 1), eps).view(-1, probes, heads, width)
    if config.token_norm:
        mean = mean * parameters["pooler.norm.weight"][:, None] + parameters["pooler.norm.bias"][:, None]
    if sunk:
        read = product_into(values, mean.permute(1, 2, 0, 3), sunk[1]).permute(2, 0, 1, 3).flatten(2)
    else:
        read = _product(values.reshape(-1, per_head, width), mean.flatten(1, 2)).view(-1, probes, width)
    return read + parameters["pooler.kv.bias"].view(probes, 2, width)[:, 1]


def attention_means(tokens: torch.Tensor, queries: torch.Tensor, eps: float | None = None) -> torch.Tensor:
    """Means (B, K, D) of tokens (B, N, D), weighted by the softmax over N of their products with K queries.

    ``eps`` normalises the tokens first (None: they are taken as they are). The weights are kept for the way
    back: linear in the number of tokens.
    """
    if tokens.requires_grad or tokens.device.type != "cpu":
        tokens = _normalised(tokens, eps)
        b, n, width = tokens.shape
        scores = torch.mm(queries, tokens.reshape(b * n, width).T).view(-1, b, n)
        return torch.bmm(scores.softmax(dim=-1).transpose(0, 1), tokens)
    means: torch.Tensor = _ClipByClip.apply(tokens, queries, eps)  # type: ignore[no-untyped-call]
    return means


class _ClipByClip(torch.autograd.Function):
    """The same, a clip at a time, so that its tokens are read from memory once; for a CPU.

    Tokens are constants: they are normalised again going back, which is cheaper than keeping them.
    """

    @staticmethod
    def forward(ctx: Any, tokens: torch.Tensor, queries: torch.Tensor, eps: float | None) -> torch.Tensor:
        means = queries.new_empty(len(tokens), *queries.shape)
        weights = []
        for clip, mean in zip(tokens, means, strict=True):
            normed = _normalised(clip, eps)
            weights.append(torch.mm(queries, normed.T).softmax(dim=-1))
            torch.mm(weights[-1], normed, out=mean)
        ctx.eps = eps
        ctx.save_for_backward(tokens, *weights)
        return means

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, torch.Tensor, None]:
        tokens, *weights = ctx.saved_tensors
        total = torch.zeros_like(gradient[0])
        for clip, weight, by_mean in zip(tokens, weights, gradient, strict=True):
            normed = _normalised(clip, ctx.eps)
            by_weight = torch.mm(by_mean, normed.T)
            by_score = by_weight.sub_((by_weight * weight).sum(dim=-1, keepdim=True)).mul_(weight)
            total.addmm_(by_score, normed)
        return None, total, None


def _after_reading(
    parameters: Parameters, sinks: Parameters, read: torch.Tensor, config: PoolerConfig
) -> torch.Tensor:
    """Output projection, residual and MLP, as far as the pooler has them: (B, G, D) to (B, G, D)."""
    if config.out_proj:
        read = _linear(parameters, sinks, "pooler.proj", read)
    if not config.complete_block:
        return read
    read = parameters["pooler.query"].flatten(1) + read
    normed = functional.layer_norm(read, (config.width,), eps=config.norm_eps)
    normed = normed * parameters["pooler.mlp_norm.weight"] + parameters["pooler.mlp_norm.bias"]
    hidden = functional.gelu(_linear(parameters, sinks, "pooler.mlp.fc1", normed))
    return read + _linear(parameters, sinks, "pooler.mlp.fc2", hidden)


def _linear(parameters: Parameters, sinks: Parameters, name: str, inputs: torch.Tensor) -> torch.Tensor:
    """A linear layer of every probe: (B, G, in) to (B, G, out)."""
    sink = sinks.get(f"{name}.weight")
    if sink is not None:
        weights = parameters[f"{name}.weight"]
        found = product_into(weights[:, None], inputs.transpose(0, 1)[:, None], sink[:, None])
        return found[:, 0].transpose(0, 1) + parameters[f"{name}.bias"]
    return _product(parameters[f"{name}.weight"], inputs) + parameters[f"{name}.bias"]


def _product(weights: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
    """Products (B, G, out) of matrices (G, out, in) with (B, G, in); their gradients come out contiguous."""
    return torch.bmm(weights, inputs.permute(1, 2, 0)).permute(2, 0, 1)


def _blocks(parameters: Parameters, g: int, tokens: torch.Tensor, config: PoolerConfig) -> torch.Tensor:
    """Tokens after the blocks of probe g; activations are computed again going back."""
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
    return tokens


def _only(parameters: Parameters, g: int) -> dict[str, torch.Tensor]:
    return {name: value[g : g + 1] for name, value in parameters.items()}
