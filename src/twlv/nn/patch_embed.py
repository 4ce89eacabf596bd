"""Video to tokens: one linear map of each tubelet.

Axes: B batch, T frames, C colours, H W pixels, T' H' W' token grid, D width, t p q tubelet.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from twlv.errors import UsageError
from twlv.nn.position import Grid


class TubeletEmbed(nn.Module):
    """(B, T, C, H, W) to (B, T', H', W', D).

    The weight has the shape of the strided 3-D convolution that it equals, so checkpoints fit, but it
    is computed as one matrix product, which CPUs do several times faster.
    """

    def __init__(self, width: int, patch: tuple[int, int, int], channels: int = 3) -> None:
        super().__init__()
        self.patch = patch
        self.channels = channels
        self.weight = nn.Parameter(torch.empty(width, channels, *patch))
        self.bias = nn.Parameter(torch.empty(width))

    def grid(self, frames: torch.Tensor) -> Grid:
        """(T', H', W') of frames (B, T, C, H, W).

        Raises:
            UsageError: another number of axes or colours, or sizes that are no multiple of the tubelet.
        """
        if frames.ndim != 5 or frames.shape[2] != self.channels:
            raise UsageError(
                f"expected frames (B, T, C={self.channels}, H, W), got shape {tuple(frames.shape)}"
            )
        sizes = (frames.shape[1], frames.shape[3], frames.shape[4])
        for size, part, axis in zip(sizes, self.patch, ("frames", "rows", "columns"), strict=True):
            if size == 0 or size % part:
                raise UsageError(
                    f"{size} {axis} cannot be cut into tubelets of {part}: "
                    f"T, H, W = {sizes} must be multiples of {self.patch}"
                )
        return sizes[0] // self.patch[0], sizes[1] // self.patch[1], sizes[2] // self.patch[2]

    def cut(self, frames: torch.Tensor) -> torch.Tensor:
        """The pixels of every tubelet, (B, T', H', W', C*t*p*q), colour by colour as the kernel's weights lie.

        One frame (T = 1) is an image: its tubelets are one frame deep, (B, 1, H', W', C*p*q).
        """
        t, p, q = self.patch
        if frames.ndim == 5 and frames.shape[1] == 1:
            self.grid(frames.expand(-1, t, -1, -1, -1))
            return cut_tubelets(frames, (1, p, q)).flatten(4)
        self.grid(frames)
        return cut_tubelets(frames, self.patch).flatten(4)

    def project(self, pixels: torch.Tensor) -> torch.Tensor:
        """Tokens (..., D) of cut pixels (..., C*t*p*q), or of an image's (..., C*p*q).

        An image is a video that stands still: its kernel is the sum of this one over time, which gives what
        the repeated frame gives for 1 / t of the work, and needs no weights of its own.
        """
        weight: torch.Tensor = self.weight
        if pixels.shape[-1] * self.patch[0] == weight[0].numel() and self.patch[0] > 1:
            weight = weight.sum(dim=2)
        return functional.linear(pixels, weight.flatten(1), self.bias)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Tokens (B, T', H', W', D) of frames (B, T, C, H, W)."""
        self.grid(frames)
        return self.project(cut_tubelets(frames, self.patch).flatten(4))


def cut_tubelets(frames: torch.Tensor, patch: tuple[int, int, int]) -> torch.Tensor:
    """(B, T', H', W', C, t, p, q) of frames (B, T, C, H, W) whose sizes the tubelet divides."""
    (b, total, c, height, width), (t, p, q) = frames.shape, patch
    parts = frames.reshape(b, total // t, t, c, height // p, p, width // q, q)
    return parts.permute(0, 1, 4, 6, 3, 2, 5, 7)
