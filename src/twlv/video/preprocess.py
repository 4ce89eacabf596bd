"""Pixels to the size a backbone was trained on.

Full-resolution RGB, then the antialiased uint8 resize of torch, which gives the numbers of PIL, then crops.
Axis letters: T frames, C colours, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch.nn.functional import interpolate

from twlv.errors import UsageError
from twlv.types import BackboneCard, Framing

_MAX_ASPECT = 200
"""A picture longer than this many times its short side is refused: resized, one frame would fill gigabytes."""


@dataclass(frozen=True, kw_only=True)
class Preprocess:
    """Resize, then crop ``crop_px`` squares. ``resize_px`` 0 means ``crop_px``.

    ``short_side``: the short side becomes ``resize_px``, the long side keeps the aspect ratio (rounded, not
    cut off, never below ``crop_px``). ``stretch``: both sides become ``resize_px``.
    """

    crop_px: int
    resize_px: int = 0
    resize_mode: Literal["short_side", "stretch"] = "short_side"
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"

    def __post_init__(self) -> None:
        if self.crop_px < 1 or 0 < self.resize_px < self.crop_px or self.resize_px < 0:
            raise UsageError(f"cannot crop {self.crop_px} px from a picture resized to {self.resize_px} px")

    @classmethod
    def from_card(cls, card: BackboneCard, framing: Framing = "crop") -> Preprocess:
        """The sizes that the weights of ``card`` expect; the card's mean and std are for ``normalize``.

        ``squash`` shows the whole picture: both sides become ``card.image_size_px`` and nothing is cut off, so
        boxes in shares of the picture stay what they are.
        """
        if framing == "squash":
            return cls(crop_px=card.image_size_px, resize_mode="stretch", interpolation=card.interpolation)
        return cls(
            crop_px=card.image_size_px,
            resize_px=card.resize_px,
            resize_mode=card.resize_mode,
            interpolation=card.interpolation,
        )

    def check_views(self, spatial_views: int) -> None:
        """UsageError for another number than 1 or 3, or for crops that would all be the same picture."""
        if spatial_views not in (1, 3):
            raise UsageError(f"spatial views are 1 or 3, got {spatial_views}")
        if spatial_views == 3 and self.resize_mode == "stretch":
            raise UsageError("a stretched picture has no long side to crop; take 1 spatial view")

    def resized_px(self, height_px: int, width_px: int, *, spatial_views: int = 1) -> tuple[int, int]:
        """Height and width after the resize.

        With 3 spatial views the short side becomes ``crop_px`` (report, section 2.2), so that the crops
        together show the whole picture whatever ``resize_px`` is.
        """
        short = self.crop_px if spatial_views > 1 else (self.resize_px or self.crop_px)
        if self.resize_mode == "stretch":
            return short, short
        low, high = sorted((height_px, width_px))
        long = (2 * high * short + low) // (2 * low)  # rounded half up, in integers
        return (short, long) if height_px <= width_px else (long, short)

    def resize(self, picture: torch.Tensor, *, spatial_views: int = 1) -> torch.Tensor:
        """A picture uint8 (C, H, W) of any size, resized. ValueError for an absurd aspect ratio."""
        height, width = picture.shape[-2:]
        if max(height, width) > _MAX_ASPECT * min(height, width):
            raise ValueError(f"a picture of {width}x{height} px is too long to be resized")
        size = self.resized_px(height, width, spatial_views=spatial_views)
        if size == (height, width):
            return picture
        # colours last in memory, as decoders give them: faster, and other layouts fail on sides of one pixel
        pixels = picture.permute(1, 2, 0).contiguous().permute(2, 0, 1)
        return interpolate(pixels[None], size=size, mode=self.interpolation, antialias=True)[0]

    def crops(self, picture: torch.Tensor, *, spatial_views: int = 1) -> tuple[torch.Tensor, ...]:
        """Squares (C, S, S) of a resized picture (views of it): the centre, or three along the long side.

        Three crops start at 0, the middle and W' - S exactly (as VideoMAE), top to bottom or left to right.
        """
        height, width = picture.shape[-2:]
        free_y, free_x = height - self.crop_px, width - self.crop_px
        places = [(free_y // 2, free_x // 2)]
        if spatial_views == 3 and width >= height:
            places = [(free_y // 2, x) for x in (0, free_x // 2, free_x)]
        elif spatial_views == 3:
            places = [(y, free_x // 2) for y in (0, free_y // 2, free_y)]
        size = self.crop_px
        return tuple(picture[..., y : y + size, x : x + size] for y, x in places)


def normalize(
    frames: torch.Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> torch.Tensor:
    """Pixels uint8 (..., C, H, W) to float32: (x / 255 - mean) / std, on the device of ``frames``."""
    if frames.dtype != torch.uint8:
        raise TypeError(f"normalize takes uint8 pixels in [0, 255], got {frames.dtype}")
    shape = (-1, 1, 1)
    offset = torch.tensor(mean, dtype=torch.float32, device=frames.device).view(shape)
    scale = torch.tensor(std, dtype=torch.float32, device=frames.device).view(shape)
    return frames.to(torch.float32).div_(255.0).sub_(offset).div_(scale)
