"""From scenes to frames.

Axis letters: B scenes, T frames, C colours, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from twlv.video.synthetic.scene import Scene


def render(
    scenes: Sequence[Scene], *, num_frames: int, size_px: int, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Draw scenes: uint8 (B, T, 3, H, W) on ``device``, RGB, H = W = ``size_px``.

    Frame i of T is the state at (i - (T - 1) / 2) duration / T, symmetric about the middle. What a scene
    looks like does not depend on the others in the batch. Raises UsageError for sizes below 1.
    """
    raise NotImplementedError


def render_blocks(
    scene: Scene,
    *,
    num_frames: int,
    size_px: int,
    block_frames: int = 64,
    device: torch.device | str = "cpu",
) -> Iterator[torch.Tensor]:
    """The frames of ``render`` for one long scene, at most ``block_frames`` at a time: uint8 (t, 3, H, W)."""
    raise NotImplementedError
