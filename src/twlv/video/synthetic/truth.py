"""What is true of a scene's frames, without estimation: boxes, masks, flow.

Axis letters: T frames, K movers, H W pixels, P points of an outline.
"""

from __future__ import annotations

import numpy as np
import torch

from twlv.types import DoubleArray
from twlv.video.synthetic.motion import States, frame_times, states
from twlv.video.synthetic.paint import paint_numbers
from twlv.video.synthetic.rendering import cast_rows, check_size
from twlv.video.synthetic.scene import Mover, Scene
from twlv.video.synthetic.shapes import OUTLINES


def boxes(scene: Scene, num_frames: int) -> DoubleArray:
    """The box of every mover in every frame: (T, K, 4), x1 y1 x2 y2 in [0, 1].

    The whole outline counts, also where another object hides it; cut at the picture's border. NaN where the
    mover is outside the picture. Of a mover that wraps around, the largest piece counts.
    """
    check_size(num_frames, 1)
    state = states([scene], [frame_times(scene.duration_seconds, num_frames)])
    found = np.empty((num_frames, len(scene.movers), 4))
    for row, mover in enumerate(scene.movers):
        found[:, row] = _box(mover, state, row)
    return found[::-1].copy() if scene.reversed else found


def _box(mover: Mover, state: States, row: int) -> DoubleArray:
    """The box (T, 4) of one mover, played forwards."""
    x, y = _outline(mover, state, row)
    sides = [_span(x, state.x[row], mover.path.wrap), _span(y, state.y[row], mover.path.wrap)]
    (left, right), (top, bottom) = sides
    box = np.stack([left, top, right, bottom], axis=1)
    box[(right <= left) | (bottom <= top)] = np.nan
    return box


def _outline(mover: Mover, state: States, row: int) -> tuple[DoubleArray, DoubleArray]:
    """The outline's points (T, P) relative to the centre: shear, then turn, then grow."""
    u, v = OUTLINES[mover.look.shape]
    size = mover.look.radius * np.exp(state.log_size[row])[:, None]
    cos, sin = np.cos(state.angle[row])[:, None], np.sin(state.angle[row])[:, None]
    slanted = u + state.shear[row][:, None] * v
    return size * (cos * slanted - sin * v), size * (sin * slanted + cos * v)


def _span(points: DoubleArray, centre: DoubleArray, wrap: bool) -> tuple[DoubleArray, DoubleArray]:
    """Where the points (T, P) around the centre (T,) lie along one axis, cut at 0 and 1."""
    at = centre % 1.0 if wrap else centre
    turns = np.array([-1.0, 0.0, 1.0]) if wrap else np.zeros(1)
    low = np.clip((at + points.min(axis=1))[:, None] + turns, 0, 1)
    high = np.clip((at + points.max(axis=1))[:, None] + turns, 0, 1)
    best = (high - low).argmax(axis=1)[:, None]
    return np.take_along_axis(low, best, axis=1)[:, 0], np.take_along_axis(high, best, axis=1)[:, 0]


def masks(scene: Scene, num_frames: int, size_px: int) -> torch.Tensor:
    """Which mover is seen in each pixel: uint8 (T, H, W), 0 the backdrop, k + 1 the mover k."""
    check_size(num_frames, size_px)
    canvas = torch.zeros(num_frames, size_px, size_px, dtype=torch.uint8)
    paint_numbers(canvas, cast_rows([scene], np.arange(num_frames), num_frames, size_px))
    return canvas.flip(0) if scene.reversed else canvas


def visible(scene: Scene, num_frames: int, size_px: int) -> DoubleArray:
    """Share of the picture in which each mover is seen, what hides it taken off: (T, K)."""
    seen = masks(scene, num_frames, size_px)
    shares = np.empty((num_frames, len(scene.movers)))
    for layer in range(len(scene.movers)):
        shares[:, layer] = (seen == layer + 1).double().mean(dim=(1, 2))
    return shares
