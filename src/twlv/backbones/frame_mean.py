"""A video from an image encoder: every frame by itself, the clip's vector is their mean (report, section 2).

Axes: B batch, T frames, C colours, H W pixels, H' W' token grid, D width, n images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import nn

from twlv.backbones.parts import Encoded

EncodeImages: TypeAlias = Callable[[nn.Module, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""``(module, images (n, C, H, W))`` to patches (n, H', W', D) and the encoder's own embedding (n, D)."""

IMAGES_AT_ONCE = {"cpu": 2}
"""Two fit a core's cache, and their features the allocator's own memory: with four, a quarter of the time of
EfficientNet-lite0 goes into pages that are given back to the system and taken again."""
_OTHERWISE = 256


def frame_mean(encode_images: EncodeImages) -> Callable[[nn.Module, torch.Tensor], Encoded]:
    """The ``run`` of a video backbone out of an image encoder.

    Patch tokens are (B, T, H', W', D) in the order of the frames; the pooled vector (B, D) is the mean
    over the frames of the encoder's own image embedding (card: ``pool="cls"``).

    The pooled vector is exactly blind to the order of frames. A kernel may round a row differently
    depending on its place in the batch, so frames are encoded and summed in an order that follows from
    their content alone, and put back afterwards.
    """

    def run(module: nn.Module, frames: torch.Tensor) -> Encoded:
        batch, time = frames.shape[:2]
        order = content_order(frames)
        rows = torch.arange(batch, device=frames.device)[:, None]
        patches, pooled = _in_parts(encode_images, module, frames[rows, order].flatten(0, 1))
        pooled = pooled.float().reshape(batch, time, -1).mean(dim=1)
        return patches.reshape(batch, time, *patches.shape[1:])[rows, order.argsort(dim=1)], pooled

    return run


def content_order(frames: torch.Tensor) -> torch.Tensor:
    """Indices (B, T) that sort the frames (B, T, C, H, W) of each clip by a 64-bit hash of their bits.

    The hash is a sum in integers, which is exact in any order of summation, on any device.
    """
    bits = frames.float().flatten(2).contiguous().view(torch.int32).to(torch.int64)
    places = torch.arange(1, bits.shape[2] + 1, device=bits.device)
    multipliers = (places * -7046029254386353131) ^ (places * 2654435761 >> 7) | 1
    return (bits * multipliers).sum(dim=2).argsort(dim=1, stable=True)


def _in_parts(
    encode_images: EncodeImages, module: nn.Module, images: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    at_once = IMAGES_AT_ONCE.get(images.device.type, _OTHERWISE)
    done = [encode_images(module, part) for part in torch.split(images, at_once)]
    return torch.cat([patches for patches, _ in done]), torch.cat([pooled for _, pooled in done])
