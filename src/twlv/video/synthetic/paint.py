"""Objects on a canvas, each drawn only inside the square window it can reach.

A mover in a frame is one row. Rows are painted in groups of one layer and about one size; what a pixel gets
depends on its row alone, so the grouping cannot be seen in the picture.

Axis letters: F frames, N rows, w the side of a window, S the picture's side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from twlv.types import DoubleArray, IntArray
from twlv.video.synthetic.motion import States
from twlv.video.synthetic.scene import Look, Mover
from twlv.video.synthetic.shapes import DISTANCES, REACH
from twlv.video.synthetic.textures import SHARES

Fill: TypeAlias = Callable[[Tensor, Tensor], Tensor]

PHASE_PERIODS = 32.0
"""A phase of 1 is this many periods of a texture: the whole width of ``noise``."""
_STEP = 1.3  # windows of one group differ by less than this factor


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Every mover in every frame, in pixels. All arrays are (N,); ``mover`` indexes ``movers``.

    ``x``, ``y`` are centres (wrapped into the picture where the mover wraps), ``frame`` the canvas, ``layer``
    the place in painter's order. ``to_object`` (N, 4) are a, b, c, d of u = a dx + b dy, v = c dx + d dy.
    """

    movers: Sequence[Mover]
    mover: IntArray
    frame: IntArray
    layer: IntArray
    x: DoubleArray
    y: DoubleArray
    radius: DoubleArray
    to_object: DoubleArray
    reach: DoubleArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Patch:
    """The windows of one group. ``pixel`` (N, w, w) is the place in a frame of S * S pixels.

    ``cover`` is the share of a pixel inside the outline, ``u``, ``v`` are object coordinates in radii:
    (N, w, w). ``row`` (N,) are indices into Rows.
    """

    row: IntArray
    pixel: Tensor
    cover: Tensor
    u: Tensor
    v: Tensor


def inverse(state: States, radius: DoubleArray) -> tuple[DoubleArray, ...]:
    """a, b, c, d that take offsets in the picture to object coordinates: turn back, shear back, shrink."""
    cos, sin = np.cos(state.angle) / radius, np.sin(state.angle) / radius
    return cos + state.shear * sin, sin - state.shear * cos, -sin, cos


def make_rows(
    movers: Sequence[Mover], layers: Sequence[int], canvases: Sequence[IntArray], state: States, size_px: int
) -> Rows:
    """Rows of all movers; ``canvases`` holds the canvas of each frame of each mover."""
    num, frames = state.x.shape
    radius = np.array([mover.look.radius for mover in movers])[:, None] * np.exp(state.log_size) * size_px
    wrap = np.array([mover.path.wrap for mover in movers], dtype=bool)[:, None]
    x, y = (np.where(wrap, at % 1.0, at) * size_px for at in (state.x, state.y))
    reach = np.array([REACH[mover.look.shape] for mover in movers])[:, None] * radius
    reach = reach * (1 + np.abs(state.shear)) + 1.0
    table = np.stack([part.ravel() for part in inverse(state, radius)], axis=1)
    seen = wrap | (np.abs(x - size_px / 2) < size_px / 2 + reach) & (
        np.abs(y - size_px / 2) < size_px / 2 + reach
    )
    keep = seen.ravel()
    return Rows(
        movers=movers,
        mover=np.repeat(np.arange(num), frames)[keep],
        frame=np.concatenate([np.zeros(0, dtype=np.int64), *canvases])[keep],
        layer=np.repeat(np.array(layers, dtype=np.int64), frames)[keep],
        x=x.ravel()[keep],
        y=y.ravel()[keep],
        radius=radius.ravel()[keep],
        to_object=table[keep],
        reach=reach.ravel()[keep],
    )


def patches(rows: Rows, size_px: int, device: torch.device | str) -> Iterator[Patch]:
    """The groups of rows from the back to the front."""
    steps = np.ceil(np.log(np.maximum(2 * rows.reach + 2, 4.0)) / np.log(_STEP)).astype(int)
    for layer in np.unique(rows.layer):
        for step in np.unique(steps[rows.layer == layer]):
            chosen = np.flatnonzero((rows.layer == layer) & (steps == step))
            width = min(int(np.ceil(_STEP**step)), size_px)
            yield patch(rows, chosen, width=width, size_px=size_px, device=device)


def patch(rows: Rows, chosen: IntArray, *, width: int, size_px: int, device: torch.device | str) -> Patch:
    """The windows of the chosen rows, all ``width`` pixels wide."""
    wrap = np.array([mover.path.wrap for mover in rows.movers])[rows.mover[chosen]]
    columns, dx = window(rows.x[chosen], wrap, width, size_px, device)
    lines, dy = window(rows.y[chosen], wrap, width, size_px, device)
    a, b, c, d = on_device(rows.to_object[chosen].T, device)[..., None, None]
    dx, dy = dx[:, None, :], dy[:, :, None]
    u, v = a * dx + b * dy, c * dx + d * dy
    shapes = [rows.movers[number].look.shape for number in rows.mover[chosen]]
    distance = by_name(shapes, DISTANCES, u, v)
    radius = on_device(rows.radius[chosen], device)[:, None, None]
    return Patch(
        row=chosen,
        pixel=lines[:, :, None] * size_px + columns[:, None, :],
        cover=distance.mul_(-radius).add_(0.5).clamp_(0, 1),
        u=u,
        v=v,
    )


def window(
    at: DoubleArray, wrap: npt.NDArray[np.bool_], width: int, size_px: int, device: torch.device | str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels (N, w) along one axis that hold the centres ``at``, and their distances from them in pixels."""
    start = np.floor(at - width / 2)
    start = np.where(wrap, start, np.clip(start, 0, size_px - width))
    pixel = start[:, None] + np.arange(width)
    distance = on_device(pixel + 0.5 - at[:, None], device)
    return torch.from_numpy(pixel.astype(np.int64) % size_px).to(device), distance


def by_name(names: Sequence[str], functions: Mapping[str, Fill], u: Tensor, v: Tensor) -> Tensor:
    """Each window (N, w, w) through the function of its name."""
    kinds = sorted(set(names))
    if len(kinds) == 1:
        return functions[kinds[0]](u, v)
    filled = torch.empty_like(u)
    for kind in kinds:
        pick = torch.tensor([number for number, name in enumerate(names) if name == kind], device=u.device)
        filled.index_copy_(0, pick, functions[kind](u[pick], v[pick]))
    return filled


def on_device(values: DoubleArray, device: torch.device | str) -> Tensor:
    """Numbers in single precision on a device."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(device)


# ---------------------------------------------------------------- on the canvas


def paint(canvas: Tensor, rows: Rows) -> None:
    """Draw all rows over uint8 (F, 3, S, S), in place."""
    flat, size_px = canvas.view(-1), canvas.shape[-1]
    for piece in patches(rows, size_px, canvas.device):
        looks = [rows.movers[number].look for number in rows.mover[piece.row]]
        share = shares(piece, looks)
        place = torch.from_numpy(rows.frame[piece.row] * 3 * size_px**2).to(canvas.device)[:, None, None]
        place = place + piece.pixel
        colours = on_device(255 * np.array([look.colours for look in looks]).T, canvas.device)  # (3, 2, N)
        for first, second in colours[..., None, None]:
            old = flat.take(place).to(torch.float32)
            new = share * (first - second) + second
            flat.put_(place, new.sub_(old).mul_(piece.cover).add_(old).add_(0.5).to(torch.uint8))
            place = place + size_px**2


def shares(piece: Patch, looks: Sequence[Look]) -> Tensor:
    """The share of the first colour in every pixel: (N, w, w)."""
    table = on_device(np.array([(0.5 / look.grain, *look.phase) for look in looks]).T, piece.u.device)
    scale, x, y = table[..., None, None]
    a, b = piece.u * scale + PHASE_PERIODS * x, piece.v * scale + PHASE_PERIODS * y
    return by_name([look.texture for look in looks], SHARES, a, b)


def paint_numbers(canvas: Tensor, rows: Rows) -> None:
    """Write ``layer`` + 1 where a mover is seen: on uint8 (F, S, S), in place. Half a pixel counts."""
    flat, size_px = canvas.view(-1), canvas.shape[-1]
    for piece in patches(rows, size_px, canvas.device):
        place = torch.from_numpy(rows.frame[piece.row] * size_px**2).to(canvas.device)[:, None, None]
        place = place + piece.pixel
        number = torch.from_numpy(rows.layer[piece.row] + 1).to(canvas.device)[:, None, None]
        flat.put_(place, torch.where(piece.cover >= 0.5, number.to(torch.uint8), flat.take(place)))
