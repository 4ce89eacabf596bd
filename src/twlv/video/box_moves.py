"""What becomes of boxes when a picture is padded, cut or mirrored. All in shares of the picture, float64.

Boxes are corners (n, 4): left, top, right, bottom. To resize or squash a picture changes none of them. Shares
are turned into pixels nowhere, so nothing is rounded.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from twlv.types import Boxes, DoubleArray
from twlv.video.augment import Draw
from twlv.video.preprocess import Preprocess

LEAST_SEEN = 0.3
"""Whom a training crop shows a smaller share of is left out of its target (inferred: the report is silent)."""

Edges = tuple[float, float, float, float]


def mirrored(xyxy: DoubleArray) -> DoubleArray:
    """Boxes of the picture mirrored left to right: the corners change sides too."""
    return np.stack([1 - xyxy[:, 2], xyxy[:, 1], 1 - xyxy[:, 0], xyxy[:, 3]], axis=1)


def cut(xyxy: DoubleArray, edges: Edges) -> DoubleArray:
    """Boxes in shares of a part of the picture; ``edges`` are its top, left, bottom, right. Not clipped."""
    top, left, bottom, right = edges
    origin = np.array([left, top, left, top])
    found: DoubleArray = (xyxy - origin) / np.array([right - left, bottom - top] * 2)
    return found


def uncut(xyxy: DoubleArray, edges: Edges) -> DoubleArray:
    """Boxes of a part of the picture in shares of the whole: undoes ``cut``."""
    top, left, bottom, right = edges
    found: DoubleArray = xyxy * np.array([right - left, bottom - top] * 2) + np.array([left, top] * 2)
    return found


def padding(height_px: float, width_px: float) -> Edges:
    """The edges to ``cut`` at so that a picture stands in the middle of a square: some are outside of it."""
    side = max(height_px, width_px)
    y, x = (side - height_px) / 2 / height_px, (side - width_px) / 2 / width_px
    return -y, -x, 1 + y, 1 + x


def shown(preprocess: Preprocess, height_px: int, width_px: int) -> Edges:
    """The edges of what ``preprocess`` shows of a picture: all of it where it is squashed or stretched."""
    high, wide = preprocess.resized_px(height_px, width_px)
    top, left = (high - preprocess.crop_px) // 2 / high, (wide - preprocess.crop_px) // 2 / wide
    return top, left, top + preprocess.crop_px / high, left + preprocess.crop_px / wide


def clipped(xyxy: DoubleArray) -> DoubleArray:
    """The part of each box that is in the picture; without area where none is."""
    return xyxy.clip(0.0, 1.0)


def seen(xyxy: DoubleArray) -> npt.NDArray[np.float64]:
    """The share of each box that is in the picture, (n,); 0 for a box without area."""
    whole, visible = (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (xyxy, clipped(xyxy)))
    found: npt.NDArray[np.float64] = np.divide(visible, whole, out=np.zeros(len(xyxy)), where=whole > 0)
    return found


def after(target: Boxes, drawn: Draw) -> Boxes:
    """The target of a clip that was cut and mirrored as drawn: who is hardly in sight is left out."""
    moved = cut(target.xyxy, drawn.box)
    if drawn.mirrored:
        moved = mirrored(moved)
    kept = seen(moved) >= LEAST_SEEN
    return replace(target, xyxy=clipped(moved[kept]), labels=target.labels[kept])
