"""ASFormer: an encoder that labels every step, and decoders that correct the labels of the stage before.

Own code after the paper (Yi, Wen and Jiang, "ASFormer: Transformer for Action Segmentation", BMVC 2021); held
to the numbers of its released code.

Axis letters: B batch, D width, C channels, K classes, L steps, S stages.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from twlv.errors import FeatureError, UsageError
from twlv.heads.asformer.config import ASFormerConfig, attention_weight
from twlv.heads.asformer.layer import ASFormerLayer, empty_conv, masked


class Stage(nn.Module):
    """One stage: its input in C channels, its layers, and the scores of the K classes."""

    def __init__(self, config: ASFormerConfig, *, fan_in: int, weight: float) -> None:
        super().__init__()
        self.enter = empty_conv(fan_in, config.channels)
        self.layers = nn.ModuleList(ASFormerLayer(config, index) for index in range(config.layers))
        self.classify = empty_conv(config.channels, config.num_classes)
        self.weight = weight

    def forward(
        self, x: torch.Tensor, source: torch.Tensor | None, mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, fan_in, L) to scores (B, K, L) and the signal (B, C, L), of which the next stage reads values."""
        signal = self.enter(x)
        for layer in self.layers:
            signal = layer(signal, source, self.weight, mask)
        return masked(self.classify(signal), mask), signal


class ASFormer(nn.Module):
    """Scores of every step by every stage; the last stage is the answer.

    Weights are drawn from ``seed`` alone, uniform in +-1 / sqrt(fan-in), as torch draws those of convolutions.
    The global random state is read by dropout only.
    """

    def __init__(self, config: ASFormerConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.encoder = Stage(config, fan_in=config.width, weight=attention_weight(0))
        self.decoders = nn.ModuleList(
            Stage(config, fan_in=config.num_classes, weight=attention_weight(stage))
            for stage in range(1, config.stages)
        )
        _initialise(self, seed)

    def forward(self, features: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Features (B, D, L), the dimension first, to scores (S, B, K, L).

        ``mask`` (B, 1, L) is 1 on the steps of a video and 0 on padding; None: all are its own. Videos of a
        batch do not see one another as long as they are equally long.

        Raises:
            FeatureError: features that are not (B, D, L), or fewer than 2 steps (the instance norm of one
                step is undefined).
            UsageError: a mask with zeros, unless the configuration's ``padding`` is ``reference``.
        """
        self._check(features, mask)
        rate = self.config.channel_dropout
        x = functional.dropout1d(features, rate, self.training) if rate else features
        scores, signal = self.encoder(x, None, mask)
        found = [scores]
        for decoder in self.decoders:
            x = masked(torch.softmax(scores, dim=1), mask)
            scores, signal = decoder(x, masked(signal, mask), mask)
            found.append(scores)
        return torch.stack(found)

    def _check(self, features: torch.Tensor, mask: torch.Tensor | None) -> None:
        shape = tuple(features.shape)
        if len(shape) != 3 or shape[1] != self.config.width:
            raise FeatureError(
                f"ASFormer takes features (videos, {self.config.width}, steps), dimension first; got {shape}"
            )
        if shape[2] < 2:
            raise FeatureError(f"ASFormer needs at least 2 steps of a video, got {shape[2]}")
        if mask is None:
            return
        if tuple(mask.shape) != (shape[0], 1, shape[2]):
            raise FeatureError(f"the mask must be {(shape[0], 1, shape[2])}, got {tuple(mask.shape)}")
        if self.config.padding == "refuse" and not bool((mask == 1).all()):
            raise UsageError(
                "padded steps change the instance norms of real ones: give one video at a time, or ask for "
                "padding='reference'"
            )


def _initialise(model: nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv1d) and not module.weight.is_meta:
                bound = 1 / math.sqrt(module.in_channels * module.kernel_size[0])
                for parameter in module.parameters():
                    drawn = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
                    parameter.copy_(drawn)
