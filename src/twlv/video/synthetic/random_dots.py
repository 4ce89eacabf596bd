"""Random-dot motion: every frame by itself is pure noise; only its relation to the next has a direction.

After the random-dot kinematograms of psychophysics (Newsome and Pare, J. Neurosci. 8, 1988).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from twlv.errors import UnknownName, UsageError
from twlv.types import DoubleArray
from twlv.video.synthetic.names import DIRECTIONS
from twlv.video.synthetic.uniforms import uniforms

Mask: TypeAlias = npt.NDArray[np.bool_]


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
    """Black and white cells; inside a disc a share ``coherence`` of them moves by one cell per frame.

    The others, and all outside the disc, are drawn anew in every frame. Every cell of every frame is black or
    white with probability 1/2, independently of all others of that frame. uint8 (T, 3, H, W). ``backwards``:
    the same frames in the opposite order, so the opposite direction. Raises UsageError.
    """
    if direction not in DIRECTIONS:
        raise UnknownName("direction", direction, DIRECTIONS)
    if num_frames < 1 or cell_px < 1 or size_px < cell_px or not 0 <= coherence <= 1:
        raise UsageError(
            "dots need num_frames and cell_px of 1 or above, size_px >= cell_px and a coherence in [0, 1]; "
            f"got num_frames {num_frames}, cell_px {cell_px}, size_px {size_px}, coherence {coherence}"
        )
    side = -(-size_px // cell_px)
    numbers = uniforms(2 + (2 * num_frames + 1) * side * side, seed, index, 4)
    inside = _disc(0.3 + 0.4 * numbers[:2], side)
    frames = _cells(numbers[2:].reshape(-1, side, side), inside, direction, coherence)
    picture = frames.repeat(cell_px, axis=1).repeat(cell_px, axis=2)[:, None, :size_px, :size_px]
    clip = torch.from_numpy((picture * np.uint8(255)).repeat(3, axis=1))
    return clip.flip(0) if backwards else clip


def _cells(numbers: DoubleArray, inside: Mask, direction: str, coherence: float) -> npt.NDArray[np.uint8]:
    """The frames, one cell per number: (T, N, N), from uniform numbers (2 T + 1, N, N)."""
    first, (white, keep) = numbers[-1] < 0.5, numbers[:-1].reshape(2, -1, *inside.shape)
    x, y = DIRECTIONS[direction]
    step = (round(y * 1.2), round(x * 1.2))  # one cell along each axis that the direction has a part in
    frames = [first]
    for anew, chance in zip(white < 0.5, keep, strict=True):
        moved = np.roll(frames[-1], step, axis=(0, 1))
        frames.append(np.where(inside & (chance < coherence), moved, anew))
    return np.stack(frames[1:]).astype(np.uint8)


def _disc(centre: DoubleArray, side: int) -> Mask:
    """The cells (N, N) less than 0.35 sides from the centre."""
    place = (np.arange(side) + 0.5) / side
    return np.asarray(np.hypot(place[None, :] - centre[0], place[:, None] - centre[1]) < 0.35)
