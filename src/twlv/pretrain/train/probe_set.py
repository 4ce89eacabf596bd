"""The fixed clips of the monitors: rendered, with labels that are known, and never trained on.

Axes: n clips, T frames, C colours, S side, D width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from twlv.pretrain.objective.config import ObjectiveConfig
from twlv.types import DoubleArray, IntArray
from twlv.video.synthetic import DIRECTIONS, Fixed, draw, preset, render

SEED = 271_828_182
"""Of the scenes; no recipe's stream starts from it."""

LOOKS = (("disc", "stripes"), ("square", "checker"), ("disc", "checker"), ("square", "stripes"))
_CHUNK = 32


@dataclass(frozen=True, kw_only=True, eq=False)
class ProbeSet:
    """Clips uint8 (n, T, C, S, S) of every look with every direction, equally many of each.

    ``looks`` and ``directions`` (n,) count from 0; ``vertical`` (n,) is 1 where the object goes up, -1 where
    it goes down, 0 where it goes sideways.
    """

    frames: torch.Tensor
    looks: IntArray
    directions: IntArray
    vertical: IntArray

    def __len__(self) -> int:
        return len(self.looks)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """Embeddings (n, D) of the clips of a set, and of the same with their frames reversed."""

    forward: DoubleArray
    backward: DoubleArray


def render_probe_set(count: int, *, num_frames: int, size_px: int) -> ProbeSet:
    """``count`` clips of the easy procedural world, a multiple of the 4 looks x 8 directions."""
    names = tuple(DIRECTIONS)
    numbers = np.arange(count)
    directions, looks = numbers % len(names), numbers // len(names) % len(LOOKS)
    factors = preset("easy")
    scenes = []
    for number in range(count):
        shape, texture = LOOKS[looks[number]]
        fixed = Fixed(shape=shape, texture=texture, direction=names[directions[number]])
        scenes.append(draw(SEED, number, factors=factors, fixed=fixed))
    vertical = np.array([("up" in name) - ("down" in name) for name in names], dtype=np.int64)
    return ProbeSet(
        frames=render(scenes, num_frames=num_frames, size_px=size_px),
        looks=looks,
        directions=directions,
        vertical=vertical[directions],
    )


def embed(encoder: torch.nn.Module, probe: ProbeSet, config: ObjectiveConfig, device: torch.device) -> Seen:
    """The mean of all tokens of every clip, forward and backward, in float32."""
    return Seen(
        forward=np.concatenate(list(_pooled(encoder, probe.frames, config, device))),
        backward=np.concatenate(list(_pooled(encoder, probe.frames.flip(1), config, device))),
    )


@torch.no_grad()
def _pooled(
    encoder: torch.nn.Module, frames: torch.Tensor, config: ObjectiveConfig, device: torch.device
) -> Iterator[DoubleArray]:
    mean = torch.tensor(config.mean, device=device).view(3, 1, 1)
    std = torch.tensor(config.std, device=device).view(3, 1, 1)
    for start in range(0, len(frames), _CHUNK):
        tokens = encoder((frames[start : start + _CHUNK].to(device).float() / 255 - mean) / std)
        yield tokens.flatten(1, -2).mean(dim=1).double().cpu().numpy()
