"""A rectangle of noise in every frame of a clip.

Axis letters: T frames, C colours, H W pixels.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from twlv.augmentation import Erasing
from twlv.video.random_crop import Box

_TRIES = 100  # as V-JEPA's evaluation, for the rectangle of a whole clip


def draw_erased(settings: Erasing, random: np.random.Generator, height: int, width: int) -> Box | None:
    """The rectangle that is erased from a clip of this size, or None."""
    if random.random() >= settings.probability:
        return None
    low, high = (math.log(value) for value in settings.aspect)
    for _ in range(_TRIES):
        pixels = random.uniform(*settings.area) * height * width
        ratio = math.exp(random.uniform(low, high))
        high_px, wide_px = round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
        if 0 < high_px < height and 0 < wide_px < width:
            top = int(random.integers(height - high_px + 1))
            left = int(random.integers(width - wide_px + 1))
            return Box(top=top, left=left, height=high_px, width=wide_px)
    return None


def erased(
    frames: torch.Tensor,
    box: Box,
    random: np.random.Generator,
    *,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> torch.Tensor:
    """A clip uint8 (T, C, H, W) with noise in the box: new for every pixel of every frame.

    After normalisation the noise has mean 0 and deviation 1, save that a pixel keeps within [0, 255].
    """
    shape = (len(frames), 3, box.height, box.width)
    noise = torch.from_numpy(random.standard_normal(shape, dtype=np.float32))
    scale, offset = (torch.tensor(values).view(3, 1, 1) for values in (std, mean))
    pixels = ((noise * scale + offset) * 255 + 0.5).clamp_(0, 255).byte()
    out = frames.clone()
    out[:, :, box.top : box.top + box.height, box.left : box.left + box.width] = pixels
    return out
