"""Attentive poolers: one learnable query reads a clip's tokens into one vector (plain form, one head).

Axes: B batch, N tokens, D width, H attention heads, C classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import nn
from torch.nn import functional

from twlv.errors import UsageError
from twlv.nn.attention import attend
from twlv.nn.block import Block, Mlp
from twlv.nn.init import empty_linear

PoolerName = Literal["vjepa", "vjepa2", "videoglue", "plain"]


@dataclass(frozen=True, kw_only=True)
class PoolerConfig:
    """What a pooler is made of. The query is never normalised, and nothing is normalised after the pooler.

    ``num_blocks`` self-attention blocks run over the tokens first. The query then attends to the tokens, which
    are normalised first if ``token_norm``. ``complete_block`` adds the query to what was read, and an MLP with
    its own norm and residual after that; without it the reading is the result. ``out_proj`` is a linear map of
    the reading. ``dropout`` is that before the classifier.
    """

    width: int
    num_heads: int
    num_blocks: int = 0
    token_norm: bool = True
    norm_eps: float = 1e-5
    complete_block: bool = True
    out_proj: bool = False
    mlp_ratio: float = 4.0
    dropout: float = 0.0
    init: Literal["truncated", "glorot"] = "truncated"

    def __post_init__(self) -> None:
        if self.num_heads < 1 or self.width % self.num_heads:
            raise UsageError(f"width {self.width} cannot be cut into {self.num_heads} attention heads")

    @property
    def mlp_width(self) -> int:
        """Hidden width of every MLP."""
        return int(self.width * self.mlp_ratio)


# V-JEPA: src/models/attentive_pooler.py at 51c59d5; its class holds an output projection that its forward pass
# does not use. V-JEPA 2: the same file at c2963a4, depth 4 as its evaluation configurations set it. VideoGLUE:
# official/projects/videoglue/modeling/heads/simple.py, dropout of its experiment files. Plain: the report's
# words (section 2.3), "a single attention layer with a learnable class token"; the norm is our choice.
_SETTINGS: dict[PoolerName, PoolerConfig] = {
    "vjepa": PoolerConfig(width=0, num_heads=1),
    "vjepa2": PoolerConfig(width=0, num_heads=1, num_blocks=3),
    "videoglue": PoolerConfig(
        width=0, num_heads=1, norm_eps=1e-6, complete_block=False, out_proj=True, dropout=0.5, init="glorot"
    ),
    "plain": PoolerConfig(width=0, num_heads=1, complete_block=False, out_proj=True),
}


def pooler_config(
    name: PoolerName,
    width: int,
    *,
    num_heads: int | None = None,
    out_proj: bool | None = None,
    complete_block: bool | None = None,
) -> PoolerConfig:
    """The pooler of that name for tokens of ``width``; what is None is the pooler's own.

    V-JEPA's without its complete block is the bare cross-attention: no norm of the tokens either.

    Raises:
        UsageError: no such pooler, or a width that the heads do not divide.
    """
    if name not in _SETTINGS:
        raise UsageError(f"pooler is one of {', '.join(get_args(PoolerName))}; got '{name}'")
    own = _SETTINGS[name]
    complete = own.complete_block if complete_block is None else complete_block
    return replace(
        own,
        width=width,
        num_heads=num_heads or usual_heads(width),
        complete_block=complete,
        token_norm=own.token_norm and (complete or not own.complete_block),
        out_proj=own.out_proj if out_proj is None else out_proj,
    )


def usual_heads(width: int) -> int:
    """As many heads as the encoders have: one for 64 channels, 16 at most; the next lower divisor of the width.

    12 for ViT-B; 16 for ViT-L, H and g (spec of V-JEPA's encoders), and for all of V-JEPA 2's probes.
    """
    most = min(16, max(1, width // 64))
    return next(heads for heads in range(most, 0, -1) if width % heads == 0)


class AttentivePooler(nn.Module):
    """Tokens (B, N, D) to (B, D). Weights are unset until ``initialise_probe`` or a state dict fills them."""

    def __init__(self, config: PoolerConfig) -> None:
        super().__init__()
        self.config, width = config, config.width
        self.query = nn.Parameter(torch.empty(1, 1, width))
        self.blocks = nn.ModuleList(self_attention_block(config) for _ in range(config.num_blocks))
        if config.token_norm:
            self.norm = nn.LayerNorm(width, eps=config.norm_eps)
        self.q = empty_linear(width, width)
        self.kv = empty_linear(width, 2 * width)
        if config.out_proj:
            self.proj = empty_linear(width, width)
        if config.complete_block:
            self.mlp_norm = nn.LayerNorm(width, eps=config.norm_eps)
            self.mlp = Mlp(width, config.mlp_width)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """The query reads all tokens; no matrix of scores is kept by the fused kernels."""
        for block in self.blocks:
            tokens = block(tokens)
        read = self._attention(self.norm(tokens) if self.config.token_norm else tokens)
        if self.config.out_proj:
            read = self.proj(read)
        if self.config.complete_block:
            read = self.query[:, 0] + read
            read = read + self.mlp(self.mlp_norm(read))
        return read

    def _attention(self, tokens: torch.Tensor) -> torch.Tensor:
        b, n, width = tokens.shape
        heads = self.config.num_heads
        kv = self.kv(tokens).view(b, n, 2, heads, width // heads)
        k, v = kv.permute(2, 0, 3, 1, 4).unbind(0)
        q = self.q(self.query).view(1, 1, heads, width // heads).transpose(1, 2).expand(b, -1, -1, -1)
        return attend(q, k, v).transpose(1, 2).reshape(b, width)


class AttentiveClassifier(nn.Module):
    """A pooler, dropout, and one linear layer to class scores: tokens (B, N, D) to logits (B, C)."""

    def __init__(self, config: PoolerConfig, num_classes: int) -> None:
        super().__init__()
        self.pooler = AttentivePooler(config)
        self.linear = empty_linear(config.width, num_classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits (B, C); dropout only while in training mode."""
        pooled = functional.dropout(self.pooler(tokens), self.pooler.config.dropout, self.training)
        logits: torch.Tensor = self.linear(pooled)
        return logits


def self_attention_block(config: PoolerConfig) -> Block:
    """One of the blocks that run over the tokens before they are read."""
    return Block(
        config.width,
        config.num_heads,
        config.mlp_width,
        norm_eps=config.norm_eps,
        qkv_bias=True,
        approximate="none",
    )


def initialise_probe(probe: AttentiveClassifier, *, seed: int) -> None:
    """Fill every parameter in place from ``seed``, tensor by tensor in the order of their names.

    ``truncated`` (V-JEPA): matrices and the query normal with deviation 0.02 cut at +-2, biases 0, norms 1;
    what ends a residual branch is divided by sqrt(2 i), i the number of its block. ``glorot`` (VideoGLUE):
    matrices Glorot-uniform, the token 0, and the classifier truncated He-normal. Other classifiers are uniform
    in +-1/sqrt(D), weights and biases, as torch makes a linear layer.
    """
    config = probe.pooler.config
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(probe.named_parameters()):
            if name.startswith("linear."):
                _fill_classifier(name, parameter, config, generator)
            elif parameter.ndim == 1:
                parameter.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
            elif config.init == "glorot":
                _fill_glorot(name, parameter, generator)
            else:
                nn.init.trunc_normal_(parameter, std=0.02, generator=generator)
                parameter.div_(math.sqrt(_branch_divisor(name, config)))


def _fill_classifier(
    name: str, parameter: nn.Parameter, config: PoolerConfig, generator: torch.Generator
) -> None:
    bound = 1 / math.sqrt(config.width)
    if config.init == "truncated":
        parameter.uniform_(-bound, bound, generator=generator)
    elif name.endswith("bias"):
        parameter.zero_()
    else:  # Keras' HeNormal: cut at two deviations, then brought back to variance 2 / fan-in
        std = math.sqrt(2.0) * bound / 0.87962566103423978
        nn.init.trunc_normal_(parameter, std=std, a=-2 * std, b=2 * std, generator=generator)


def _fill_glorot(name: str, parameter: nn.Parameter, generator: torch.Generator) -> None:
    if name.endswith("query"):
        parameter.zero_()
        return
    fan_out, fan_in = parameter.shape
    if name.endswith("kv.weight"):
        fan_out //= 2  # two matrices in one
    bound = math.sqrt(6.0 / (fan_in + fan_out))
    parameter.uniform_(-bound, bound, generator=generator)


def _branch_divisor(name: str, config: PoolerConfig) -> float:
    """2 i for the matrices that end a residual branch, else 1."""
    parts = name.split(".")
    if "blocks" in parts:
        ends = name.endswith(("attention.proj.weight", "mlp.fc2.weight"))
        return 2.0 * (int(parts[parts.index("blocks") + 1]) + 1) if ends else 1.0
    if name.endswith(("pooler.proj.weight", "pooler.mlp.fc2.weight")):
        return 2.0 * max(1, config.num_blocks)
    return 1.0
