"""Whether frames fit a card, said before anything is computed.

Axes: B batch, T frames, C colours, H W pixels.
"""

from __future__ import annotations

import torch

from twlv.errors import UsageError
from twlv.types import BackboneCard

_COLOURS = 3


def check_frames(frames: torch.Tensor, card: BackboneCard) -> None:
    """Refuse frames that ``card`` does not describe.

    Raises:
        UsageError: not float (B, T, 3, H, W); another frame count without ``flexible_frames``; or another
            picture size without ``details["flexible_size"]``. The message says what was seen and expected.
    """
    shape = tuple(frames.shape)
    if frames.ndim != 5 or 0 in shape:
        raise UsageError(f"{card.name} expects frames (B, T, C, H, W), got shape {shape}")
    if shape[2] != _COLOURS:
        raise UsageError(
            f"{card.name} expects {_COLOURS} colour channels on axis 2 of (B, T, C, H, W), got {shape}"
        )
    if not frames.is_floating_point():
        raise UsageError(
            f"{card.name} expects float frames, normalised with the card's mean and std; got {frames.dtype} "
            "(use twlv.video.normalize)"
        )
    check_count(shape[1], card)
    _check_size(shape[3], shape[4], card)


def check_count(count: int, card: BackboneCard) -> None:
    """Refuse a number of frames that ``card`` does not take. Raises UsageError."""
    if not card.flexible_frames:
        if count != card.num_frames:
            raise UsageError(
                f"{card.name} takes clips of {card.num_frames} frames and does not interpolate; got {count}. "
                f"Sample with num_frames={card.num_frames}"
            )
    elif count != 1 and count % card.patch[0]:
        raise UsageError(
            f"{card.name} takes one frame, or a multiple of {card.patch[0]} (its tubelet); got {count} frames"
        )


def _check_size(height: int, width: int, card: BackboneCard) -> None:
    size = card.image_size_px
    if (height, width) == (size, size):
        return
    if not card.details.get("flexible_size", False):
        raise UsageError(f"{card.name} takes pictures of {size} x {size} px, got {height} x {width}")
    if height % card.patch[1] or width % card.patch[2]:
        raise UsageError(
            f"{card.name} takes pictures with sides in multiples of {card.patch[1:]} px, got {height} x {width}"
        )
