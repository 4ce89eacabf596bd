"""The exact motion of every pixel, from the movers' affine maps.

Axis letters: T frames, K movers, H W pixels.
"""

from __future__ import annotations

import numpy as np
import torch

from twlv.types import DoubleArray
from twlv.video.synthetic.motion import drift, frame_times, states
from twlv.video.synthetic.paint import inverse
from twlv.video.synthetic.rendering import check_size
from twlv.video.synthetic.scene import Scene
from twlv.video.synthetic.truth import masks


def flow(scene: Scene, num_frames: int, size_px: int) -> torch.Tensor:
    """Where what a pixel shows goes until the next frame: float32 (T - 1, 2, H, W), x and y in pixels.

    A pixel belongs to the mover that ``masks`` names. Where something else covers that place in the next frame,
    the flow still says where the point itself went.
    """
    check_size(num_frames, size_px)
    numbers = np.arange(num_frames)
    times = frame_times(scene.duration_seconds, num_frames, numbers[::-1] if scene.reversed else numbers)
    seen = masks(scene, num_frames, size_px)[:-1].numpy()
    moved = drift(scene, times) * size_px
    found = np.broadcast_to(np.diff(moved).T[:, :, None, None], (num_frames - 1, 2, size_px, size_px)).copy()
    for layer, shift in enumerate(_shifts(scene, times, size_px)):
        found = np.where((seen == layer + 1)[:, None], shift, found)
    return torch.from_numpy(found.astype(np.float32))


def _shifts(scene: Scene, times: DoubleArray, size_px: int) -> list[DoubleArray]:
    """For each mover the flow (T - 1, 2, H, W) as if it filled the picture."""
    state = states([scene], [times])
    radius = np.array([mover.look.radius for mover in scene.movers])[:, None]
    radius = radius * np.exp(state.log_size) * size_px
    a, b, c, d = (part[..., None, None] for part in inverse(state, radius))
    pixel = np.arange(size_px, dtype=np.float64) + 0.5
    found = []
    for row, mover in enumerate(scene.movers):
        x, y = state.x[row] * size_px, state.y[row] * size_px
        dx = _offset(pixel[None, None, :], x[:-1], mover.path.wrap, size_px)
        dy = _offset(pixel[None, :, None], y[:-1], mover.path.wrap, size_px)
        u, v = a[row, :-1] * dx + b[row, :-1] * dy, c[row, :-1] * dx + d[row, :-1] * dy
        a1, b1, c1, d1 = (part[row, 1:] for part in (a, b, c, d))
        scale = 1 / (a1 * d1 - b1 * c1)
        to_x, to_y = scale * (d1 * u - b1 * v), scale * (a1 * v - c1 * u)
        step_x, step_y = (np.diff(at)[:, None, None] for at in (x, y))
        found.append(np.stack([step_x + to_x - dx, step_y + to_y - dy], axis=1))
    return found


def _offset(pixel: DoubleArray, centre: DoubleArray, wrap: bool, size_px: int) -> DoubleArray:
    """Distance from the centre, or from its nearest image on the torus."""
    away = pixel - centre[:, None, None]
    return (away + size_px / 2) % size_px - size_px / 2 if wrap else away
