"""The network: embeddings to a pyramid of features, and at every step of it class logits and two distances.

Axis letters: B videos, T steps, D input width, C width, K classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from twlv.errors import FeatureError
from twlv.heads.actionformer.attention import Block
from twlv.heads.actionformer.config import ActionFormerConfig
from twlv.heads.actionformer.layers import EPS, ConvolutionNormRelu, MaskedConvolution, sine_positions


@dataclass(frozen=True, kw_only=True)
class LevelOutput:
    """One level: ``logits`` (B, T, K), ``offsets`` (B, T, 2) in strides of the level, ``mask`` (B, T).

    ``offsets`` are the distances to start and end, not negative. Logits of padding are 0: a probability of one
    half, so the mask must be applied before any is used.
    """

    logits: Tensor
    offsets: Tensor
    mask: Tensor


class Neck(nn.Module):
    """A norm for each level, or lateral convolutions added from the top down (original release)."""

    def __init__(self, config: ActionFormerConfig) -> None:
        super().__init__()
        width, count = config.width, len(config.ranges)
        convolution = config.neck == "convolution"
        self.lateral = nn.ModuleList(MaskedConvolution(width, width, 1) for _ in range(count * convolution))
        self.smooth = nn.ModuleList(
            MaskedConvolution(width, width, 3, groups=width) for _ in range(count * convolution)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width, eps=EPS) for _ in range(count))

    def forward(self, levels: list[Tensor], masks: list[Tensor]) -> list[Tensor]:
        """Features of each level (B, T, C). Not masked afterwards: padding is the norm's bias."""
        if len(self.lateral):
            levels = [conv(x, mask) for conv, x, mask in zip(self.lateral, levels, masks, strict=True)]
            for index in range(len(levels) - 1, 0, -1):
                levels[index - 1] = levels[index - 1] + levels[index].repeat_interleave(2, dim=1)
            levels = [conv(x, mask) for conv, x, mask in zip(self.smooth, levels, masks, strict=True)]
        return [norm(x) for norm, x in zip(self.norms, levels, strict=True)]


class Predictor(nn.Module):
    """Two convolutions with norm, and one to the outputs; shared over levels."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.hidden = nn.ModuleList(ConvolutionNormRelu(width, width) for _ in range(2))
        self.last = MaskedConvolution(width, outputs, 3, bias=True)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, outputs), zero in padding."""
        for layer in self.hidden:
            x = layer(x, mask)
        found: Tensor = self.last(x, mask)
        return found


class ActionFormer(nn.Module):
    """ActionFormer on embeddings (B, T, D) that ``pad`` has padded."""

    def __init__(self, config: ActionFormerConfig) -> None:
        super().__init__()
        self.config = config
        self.project = nn.ModuleList(
            MaskedConvolution(width, out, 1, bias=True)
            for width, out in zip(config.input_width, config.projected, strict=False)
        )
        entry = sum(config.projected) or config.input_width[0]
        self.embed = nn.ModuleList(ConvolutionNormRelu(width, config.width) for width in (entry, config.width))

        def block(window: int, stride: int) -> Block:
            return Block(config.width, config.num_heads, window, stride=stride, drop=config.drop_path)

        self.stem = nn.ModuleList(block(config.windows[0], 1) for _ in range(config.num_stem))
        self.branch = nn.ModuleList(block(window, 2) for window in config.windows[1:])
        self.neck = Neck(config)
        self.classes = Predictor(config.width, config.num_classes)
        self.distances = Predictor(config.width, 2)
        self.distance_scales = nn.Parameter(torch.ones(len(config.ranges)))
        table = sine_positions(config.max_length, config.width) if config.positions else torch.zeros(0)
        self.positions: Tensor
        self.register_buffer("positions", table, persistent=False)
        self._start()

    def _start(self) -> None:
        """Biases of convolutions and linears are 0, that of the classes the logit of the prior."""
        for module in self.modules():
            if isinstance(module, nn.Conv1d | nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        bias = self.classes.last.bias
        if bias is not None:
            nn.init.constant_(bias, -math.log((1 - self.config.prior) / self.config.prior))

    def pyramid(self, x: Tensor, mask: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Features (B, T, C) and mask (B, T) of every level, before the neck."""
        if x.ndim != 3 or x.shape[-1] != sum(self.config.input_width):
            raise FeatureError(
                f"embeddings must be (B, T, {sum(self.config.input_width)}), got {tuple(x.shape)}"
            )
        if self.project:
            parts = torch.split(x, list(self.config.input_width), dim=-1)
            x = torch.cat([conv(part, mask) for conv, part in zip(self.project, parts, strict=True)], dim=-1)
        for layer in self.embed:
            x = layer(x, mask)
        if self.config.positions:
            x = x + self._positions(x.shape[1]) * mask[..., None]
        for block in self.stem:
            x, mask = block(x, mask)
        levels, masks = [x], [mask]
        for block in self.branch:
            x, mask = block(x, mask)
            levels.append(x)
            masks.append(mask)
        first = self.config.first_level
        return levels[first:], masks[first:]

    def _positions(self, length: int) -> Tensor:
        if length <= len(self.positions):
            return self.positions[:length]
        table = self.positions.T[None]
        return functional.interpolate(table, size=length, mode="linear", align_corners=False)[0].T

    def forward(self, x: Tensor, mask: Tensor) -> tuple[LevelOutput, ...]:
        """``x`` (B, T, D) and ``mask`` (B, T), bool. FeatureError for another width."""
        levels, masks = self.pyramid(x, mask)
        found = []
        scales = self.distance_scales
        for index, (level, valid) in enumerate(zip(self.neck(levels, masks), masks, strict=True)):
            offsets = functional.relu(self.distances(level, valid) * scales[index])
            found.append(LevelOutput(logits=self.classes(level, valid), offsets=offsets, mask=valid))
        return tuple(found)


def pad(
    embeddings: list[Tensor], config: ActionFormerConfig, *, training: bool, tight: bool = False
) -> tuple[Tensor, Tensor]:
    """Embeddings of videos, each (T, D), as (B, T', D) with a mask (B, T').

    T' is ``max_length``; outside training a longer video takes the next multiple that the levels allow.
    ``tight`` takes less where that changes no output of a real step: enough padding for every level to have
    some.

    Raises:
        FeatureError: no video or no step, a value that is not finite, or in training more than ``max_length``.
    """
    longest = max((len(rows) for rows in embeddings), default=0)
    if not embeddings or not all(len(rows) and rows.isfinite().all() for rows in embeddings):
        raise FeatureError("every video needs at least one embedding, and finite values")
    if training and longest > config.max_length:
        raise FeatureError(f"{longest} steps are more than max_length {config.max_length}: crop them first")
    length = tight_length(longest, config) if tight else full_length(longest, config)
    x = torch.stack([functional.pad(rows, (0, 0, 0, length - len(rows))) for rows in embeddings])
    sizes = torch.tensor([len(rows) for rows in embeddings], device=x.device)
    return x, torch.arange(length, device=x.device) < sizes[:, None]


def full_length(longest: int, config: ActionFormerConfig) -> int:
    """Steps that the reference pads to: ``max_length``, or the next multiple that the levels allow."""
    if longest <= config.max_length:
        return config.max_length
    return -(-longest // config.multiple) * config.multiple


def tight_length(longest: int, config: ActionFormerConfig) -> int:
    """The fewest steps with the same outputs as ``full_length``: a little padding is left on every level."""
    full = full_length(longest, config)
    if config.positions and longest > config.max_length:  # the table of positions is stretched to the length
        return full
    unit: int = 2 ** (config.num_levels - 1)
    return min(full, (-(-longest // unit) + 2) * unit)
