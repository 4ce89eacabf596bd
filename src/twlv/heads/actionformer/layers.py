"""Convolutions, norms and residual branches over (B, T, C) with a mask of the steps that are there.

The reference masks before the norm, so steps of padding are not zero after it and reach the last real steps
through the next convolution. Kept, because it changes logits there by up to 0.1.

Axis letters: B videos, T steps, C width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from twlv.heads.actionformer.convolution import TAPS, Depthwise, Full

EPS = 1e-5


class MaskedConvolution(nn.Conv1d):
    """A convolution along time, then zero where the mask is false; the input is not masked."""

    def __init__(
        self, width: int, out: int, kernel: int, *, stride: int = 1, groups: int = 1, bias: bool = False
    ) -> None:
        super().__init__(width, out, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # type: ignore[override]
        """``x`` (B, T, C), ``mask`` (B, T') of the steps that come out."""
        return self._convolved(x) * mask[..., None]

    def _convolved(self, x: Tensor) -> Tensor:
        depthwise, taps = self.groups == x.shape[-1], self.kernel_size[0]
        if x.is_cuda or taps != TAPS or not (depthwise or self.stride[0] == self.groups == 1):
            return super().forward(x.transpose(1, 2)).transpose(1, 2)
        if depthwise:
            found: Tensor = Depthwise.apply(x, self.weight, self.stride[0])  # type: ignore[no-untyped-call]
        else:
            found = Full.apply(x, self.weight)  # type: ignore[no-untyped-call]
        return found if self.bias is None else found + self.bias


class ConvolutionNormRelu(nn.Module):
    """Masked convolution of kernel 3, LayerNorm, ReLU: padding ends as relu of the norm's bias."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.conv = MaskedConvolution(width, out, 3)
        self.norm = nn.LayerNorm(out, eps=EPS)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` (B, T, C), ``mask`` (B, T)."""
        return functional.relu(self.norm(self.conv(x, mask)))


class Branch(nn.Module):
    """What a residual branch is multiplied by: a learned scale a channel; in training some samples drop out."""

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((width,), 1e-4))
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        """``x`` (B, T, C)."""
        x = x * self.scale
        if not self.training or self.drop == 0:
            return x
        keep = torch.rand(len(x), 1, 1, device=x.device, dtype=x.dtype) < 1 - self.drop
        return x * keep / (1 - self.drop)


def sine_positions(length: int, width: int) -> Tensor:
    """The sine table over steps, (length, width), divided by the root of the width."""
    channel = torch.arange(width, dtype=torch.float64)
    angle = torch.arange(length, dtype=torch.float64)[:, None] / 10000 ** (2 * (channel // 2) / width)
    table = torch.where(channel % 2 == 0, angle.sin(), angle.cos())
    scaled: Tensor = table / width**0.5
    return scaled.float()
