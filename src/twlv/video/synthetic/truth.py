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
from twlv.video.synthetic.shapes import OUTLINES, SPACING


def boxes(scene: Scene, num_frames: int) -> DoubleArray:
    """The box of every mover in every frame: (T, K, 4), x1 y1 x2 y2 in [0, 1].

    It holds what of the mover lies inside the picture, also where another object hides it; to less than 0.06
    radii where the picture's border cuts it, else exactly. NaN where the mover is outside the picture. Of a
    mover that wraps around, the largest piece counts.
    """
    check_size(num_frames, 1)
    state = states([scene], [frame_times(scene.duration_seconds, num_frames)])
    found = np.empty((num_frames, len(scene.movers), 4))
    for row, mover in enumerate(scene.movers):
        found[:, row] = _box(mover, state, row)
    return found[::-1].copy() if scene.reversed else found


def _box(mover: Mover, state: States, row: int) -> DoubleArray:
    """The box (T, 4) of one mover, played forwards."""
    shape, wrap = mover.look.shape, mover.path.wrap
    size = mover.look.radius * np.exp(state.log_size[row])
    x, y = _outline(shape, state, row, size)
    x += (state.x[row] % 1.0 if wrap else state.x[row])[:, None]
    y += (state.y[row] % 1.0 if wrap else state.y[row])[:, None]
    turns = (-1.0, 0.0, 1.0) if wrap else (0.0,)
    pieces = np.stack([_seen(x + i, y + j, SPACING * size) for i in turns for j in turns])
    area = np.nan_to_num((pieces[..., 2] - pieces[..., 0]) * (pieces[..., 3] - pieces[..., 1]))
    largest: DoubleArray = np.take_along_axis(pieces, area.argmax(axis=0)[None, :, None], axis=0)[0]
    return largest


def _outline(shape: str, state: States, row: int, size: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """The outline's points (T, P) relative to the centre: shear, then turn, then grow."""
    u, v = OUTLINES[shape]
    cos, sin = (size * np.cos(state.angle[row]))[:, None], (size * np.sin(state.angle[row]))[:, None]
    slanted = u + state.shear[row][:, None] * v
    return cos * slanted - sin * v, sin * slanted + cos * v


def _seen(x: DoubleArray, y: DoubleArray, slack: DoubleArray) -> DoubleArray:
    """The box (T, 4) of the points (T, P) inside the picture, or NaN.

    ``slack`` (T,) is how far apart neighbours may be: a line that leaves the picture between two points still
    reaches the border. A box around the whole picture is cut to it.
    """
    edge = slack[:, None]
    inside = (x > -edge) & (x < 1 + edge) & (y > -edge) & (y < 1 + edge)
    inside |= ((x.min(1) < 0) & (x.max(1) > 1) & (y.min(1) < 0) & (y.max(1) > 1))[:, None]
    low = [np.where(inside, at, np.inf).min(axis=1) for at in (x, y)]
    high = [np.where(inside, at, -np.inf).max(axis=1) for at in (x, y)]
    box: DoubleArray = np.clip(np.stack([*low, *high], axis=1), 0, 1)
    box[(box[:, 2] <= box[:, 0]) | (box[:, 3] <= box[:, 1])] = np.nan
    return box


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
