"""One layer of ASFormer: a dilated convolution, then attention over what it found, added back.

Axis letters: B batch, C channels, L steps.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from twlv.heads.asformer.attention import full_attention, sliding_attention
from twlv.heads.asformer.config import ASFormerConfig


def empty_conv(fan_in: int, fan_out: int, *, kernel: int = 1, dilation: int = 1) -> nn.Conv1d:
    """A convolution that keeps the length, with its memory unset: torch's own draws from the global state."""
    conv = nn.Conv1d(
        fan_in, fan_out, kernel, dilation=dilation, padding=dilation * (kernel // 2), device="meta"
    )
    return conv.to_empty(device=torch.get_default_device())


class TimeAttention(nn.Module):
    """Single-head attention over time: queries and keys of one signal, values of the same or another."""

    def __init__(self, config: ASFormerConfig, window: int) -> None:
        super().__init__()
        inner = config.channels // config.reduction
        self.query = empty_conv(config.channels, inner)
        self.key = empty_conv(config.channels, inner)
        self.value = empty_conv(config.channels, inner)
        self.out = empty_conv(inner, config.channels)
        self.kind = config.attention
        self.rule = config.window
        self.window = window

    def forward(
        self, signal: torch.Tensor, source: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """``signal`` and ``source`` (B, C, L), ``mask`` (B, 1, L) or None, to (B, C, L)."""
        value = self.value(source)
        if self.kind == "full":
            read = full_attention(self.query(signal), self.key(signal), value, mask)
        elif self.window == 1:  # neither queries nor keys matter
            read = value if mask is None else value * mask
        else:
            query, key = self.query(signal), self.key(signal)
            read = sliding_attention(query, key, value, self.window, mask=mask, rule=self.rule)
        return masked(self.out(torch.relu(read)), mask)


class ASFormerLayer(nn.Module):
    """``f + dropout(mix(weight * attention(norm(a)) + a))``, with a the rectified dilated convolution of f."""

    def __init__(self, config: ASFormerConfig, index: int) -> None:
        super().__init__()
        window = 2**index
        self.dilated = empty_conv(config.channels, config.channels, kernel=3, dilation=window)
        self.attention = TimeAttention(config, window)
        self.mix = empty_conv(config.channels, config.channels)
        self.dropout = config.dropout

    def forward(
        self,
        signal: torch.Tensor,
        source: torch.Tensor | None,
        weight: float,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(B, C, L) to (B, C, L). ``source`` gives the values of the attention; None: the normed signal itself.

        The instance norm is over all L steps of one video, without parameters or running statistics, and the
        same in training and evaluation.
        """
        found = torch.relu(self.dilated(signal))
        normed = functional.instance_norm(found, eps=1e-5)
        read = self.attention(normed, normed if source is None else source, mask)
        mixed = self.mix(torch.add(found, read, alpha=weight))
        return masked(self._added(signal, mixed), mask)

    def _added(self, signal: torch.Tensor, mixed: torch.Tensor) -> torch.Tensor:
        """The sum, with dropout of ``mixed`` in training; torch's own draws four times as long on a CPU."""
        if not self.training or not self.dropout:
            return signal + mixed
        kept = torch.rand_like(mixed) >= self.dropout
        return torch.add(signal, mixed * kept, alpha=1 / (1 - self.dropout))


def masked(signal: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """The signal where the mask is 1, 0 elsewhere."""
    return signal if mask is None else signal * mask
