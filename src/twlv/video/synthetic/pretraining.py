"""An endless stream of clips for pretraining, on the ladder of Yu, Chen and Gandelsman (arXiv 2410.24213)."""

from __future__ import annotations

import torch

from twlv.video.synthetic.scene import Scene

LEVELS = (
    "static circles",
    "moving circles",
    "moving shapes",
    "transformations",
    "acceleration",
    "textures",
)
"""What level 0, 1, ... 5 adds to the one below."""


def pretrain_scenes(
    seed: int, step: int, *, level: int = 5, batch: int = 64, num_frames: int = 16, rank: int = 0
) -> list[Scene]:
    """The scenes of one step. They depend on nothing but the arguments."""
    raise NotImplementedError


def pretrain_batch(
    seed: int,
    step: int,
    *,
    level: int = 5,
    batch: int = 64,
    num_frames: int = 16,
    size_px: int = 64,
    rank: int = 0,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """The clips of one step: uint8 (B, T, 3, H, W) on ``device``."""
    raise NotImplementedError
