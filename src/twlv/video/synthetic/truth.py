"""What is true of a scene's frames, without estimation: boxes, masks, flow.

Axis letters: T frames, K movers, H W pixels.
"""

from __future__ import annotations

import numpy as np
import torch

from twlv.types import DoubleArray
from twlv.video.synthetic.scene import Scene


def boxes(scene: Scene, num_frames: int) -> DoubleArray:
    """The box of every mover in every frame: (T, K, 4), x1 y1 x2 y2 in [0, 1].

    The whole outline counts, also where another object hides it; cut at the picture's border. NaN where the
    mover is outside the picture. Of a mover that wraps around, the larger piece counts.
    """
    raise NotImplementedError


def masks(scene: Scene, num_frames: int, size_px: int) -> torch.Tensor:
    """Which mover is seen in each pixel: uint8 (T, H, W), 0 the backdrop, k + 1 the mover k."""
    raise NotImplementedError


def flow(scene: Scene, num_frames: int, size_px: int) -> torch.Tensor:
    """Where what a pixel shows goes until the next frame: float32 (T - 1, 2, H, W), x and y in pixels."""
    raise NotImplementedError


def visible(scene: Scene, num_frames: int, size_px: int) -> np.ndarray:
    """Share of the picture in which each mover is seen: float64 (T, K)."""
    raise NotImplementedError
