"""Sizes and choices of ASFormer (Yi, Wen and Jiang, BMVC 2021), and the two settings that are published."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from twlv.errors import UsageError

AttentionKind: TypeAlias = Literal["sliding", "full"]
WindowRule: TypeAlias = Literal["block", "query"]
PaddingRule: TypeAlias = Literal["refuse", "reference"]


@dataclass(frozen=True, kw_only=True)
class ASFormerConfig:
    """What decides the shape and the arithmetic of an ASFormer. Defaults are the report's (Table 7, its code).

    ``width`` D of the features and ``num_classes`` K; ``layers`` of each stage, the i-th with dilation and
    window 2^i; ``channels`` C; ``decoders`` after the encoder; ``reduction`` of queries, keys and values.

    ``attention``: ``sliding`` windows, or ``full`` (the report's for Breakfast). ``window``: in ``block`` all
    queries of a block see the same 2w - 1 keys, which is how the released code reads its window mask and how
    its weights were trained; in ``query`` query i of a block sees its own w keys, as was meant.

    ``channel_dropout`` of whole input channels, ``dropout`` at the end of each layer.

    ``padding``: a mask with zeros makes the instance norms see padding, so that a video's output depends on
    how long its batch is. It is refused, unless ``reference`` asks for exactly that.

    Raises:
        UsageError: a size below 1, channels that ``reduction`` does not divide, a rate outside [0, 1).
    """

    width: int
    num_classes: int
    layers: int = 8
    channels: int = 256
    decoders: int = 3
    reduction: int = 2
    attention: AttentionKind = "sliding"
    window: WindowRule = "block"
    channel_dropout: float = 0.3
    dropout: float = 0.5
    padding: PaddingRule = "refuse"

    def __post_init__(self) -> None:
        for name in ("width", "num_classes", "layers", "channels", "reduction"):
            if getattr(self, name) < 1:
                raise UsageError(f"ASFormer: {name} must be at least 1, got {getattr(self, name)}")
        if self.decoders < 0:
            raise UsageError(f"ASFormer: decoders must be 0 or more, got {self.decoders}")
        if self.channels % self.reduction:
            raise UsageError(f"ASFormer: {self.channels} channels do not divide by reduction {self.reduction}")
        for name in ("channel_dropout", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"ASFormer: {name} is a rate from 0 to below 1, got {getattr(self, name)}")

    @property
    def stages(self) -> int:
        """The encoder and its decoders."""
        return 1 + self.decoders


def original_config(width: int, num_classes: int, *, channel_dropout: float = 0.3) -> ASFormerConfig:
    """The size of ASFormer's own code: 10 layers of 64 channels (its channel dropout for GTEA is 0.5)."""
    small = ASFormerConfig(width=width, num_classes=num_classes, layers=10, channels=64)
    return dataclasses.replace(small, channel_dropout=channel_dropout)


def attention_weight(stage: int) -> float:
    """The factor of a stage's attention: 1 in the encoder (stage 0), exp(-3 s) in decoder s = 0, 1, ...

    A constant, not learned: 1, 1, 0.0498, 0.0025.
    """
    return 1.0 if stage == 0 else math.exp(-3.0 * (stage - 1))
