"""The smooth coloured ground, and the sensor's noise.

Axis letters: F frames of any scenes, C colours, P points of the coarse grid, S the picture's side.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from twlv.types import DoubleArray, FloatArray, IntArray
from twlv.video.synthetic.motion import drift
from twlv.video.synthetic.scene import Backdrop, Scene
from twlv.video.synthetic.uniforms import uniforms

POOL = 1 << 20
"""Normal numbers that the noise of all frames is cut from, each at an offset of its own."""


def ground(scene: Scene, times: DoubleArray, size_px: int, device: torch.device | str) -> torch.Tensor:
    """The backdrop at each time: uint8 (F, 3, S, S), or (1, 3, S, S) where it stands still."""
    moved = drift(scene, times)
    if (moved == moved[:, :1]).all():
        moved = moved[:, :1]
    cells = scene.backdrop.cells
    grid = torch.from_numpy(_grid(scene.backdrop)).to(device)  # (3, P, P)
    places = (np.arange(size_px) + 0.5) / size_px - moved[..., None]  # (2, F, S)
    low = np.floor(places * cells)
    share = torch.from_numpy((places * cells - low).astype(np.float32)).to(device)
    share = share * share * (3.0 - 2.0 * share)
    left = torch.from_numpy(low.astype(np.int64) % (2 * cells)).to(device)
    right = (left + 1) % (2 * cells)
    upper, lower = grid[:, left[1]], grid[:, right[1]]  # (3, F, S, P)
    rows = (upper + share[1][None, :, :, None] * (lower - upper)).permute(1, 0, 2, 3)  # (F, 3, S, P)
    shape = (*rows.shape[:3], size_px)
    first = rows.gather(3, left[0][:, None, None, :].expand(shape))
    second = rows.gather(3, right[0][:, None, None, :].expand(shape))
    return second.sub_(first).mul_(share[0][:, None, None, :]).add_(first).add_(0.5).to(torch.uint8)


def _grid(backdrop: Backdrop) -> FloatArray:
    """The random colours in [0, 255], (3, P, P) with P twice the cells per side."""
    side = 2 * backdrop.cells
    spread = 2 * uniforms(3 * side * side, backdrop.seed, 2).reshape(3, side, side) - 1
    return (255 * np.clip(backdrop.level + backdrop.contrast * spread, 0, 1)).astype(np.float32)


# ---------------------------------------------------------------- sensor noise


def add_noise(frames: torch.Tensor, scene: Scene, numbers: IntArray) -> None:
    """Add the noise of the frames with these numbers to uint8 frames (F, 3, S, S), in place."""
    if scene.noise == 0:
        return
    count = frames[0].numel()
    pool = _pool(count, str(frames.device))
    starts = [_offset(scene.noise_seed, number) for number in numbers.tolist()]
    noise = torch.stack([pool[start : start + count] for start in starts]).view(frames.shape)
    frames.copy_(noise.mul_(255 * scene.noise).add_(frames).add_(0.5).clamp_(0, 255))


@cache
def _pool(count: int, device: str) -> torch.Tensor:
    """The pool (float32), repeated so that ``count`` numbers follow every offset."""
    from scipy.special import ndtri

    normal = ndtri(np.clip(uniforms(POOL, 3), 1e-9, None))
    normal = np.rint(normal * 2**10) / 2**10  # rounded: the last bits differ between processors
    repeats = 1 + -(-count // POOL)
    return torch.from_numpy(np.tile(normal.astype(np.float32), repeats)).to(device)


def _offset(seed: int, number: int) -> int:
    """Where in the pool the noise of a frame begins (splitmix64; Steele, Lea and Flood, OOPSLA 2014)."""
    z = (seed * 0x9E3779B97F4A7C15 + (number + 1) * 0xD1B54A32D192ED03) % 2**64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
    return (z ^ (z >> 31)) % POOL
