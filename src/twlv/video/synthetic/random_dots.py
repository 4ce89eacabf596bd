"""Random-dot motion: every frame by itself is pure noise; only its relation to the next has a direction."""

from __future__ import annotations

import torch


def dots(
    seed: int,
    index: int,
    *,
    direction: str,
    num_frames: int = 16,
    size_px: int = 64,
    coherence: float = 0.6,
    cell_px: int = 2,
    backwards: bool = False,
) -> torch.Tensor:
    """Black and white cells inside a disc, a share ``coherence`` of which moves by one cell per frame.

    uint8 (T, 3, H, W). ``backwards``: the same frames in the opposite order, so the opposite direction.
    """
    raise NotImplementedError
