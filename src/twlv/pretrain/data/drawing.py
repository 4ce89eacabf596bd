"""The random numbers of one clip, and how they cut it out.

Axis letters: K crops, C colours, S side of the square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from twlv.pretrain.data.source import ClipForm
from twlv.types import ClipPlan, Span, Strided, VideoInfo
from twlv.video import Preprocess, clip_random, random_plan
from twlv.video.random_crop import DrawnCrop, draw_box
from twlv.video.sampling import frame_range, part_of_video


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Whose draws these are: turn ``turn`` of a source, at the entry ``item_id``."""

    seed: int
    turn: int
    item_id: str
    form: ClipForm
    flip: float

    def random(self, purpose: str, crop: int = 0) -> np.random.Generator:
        """The generator of one purpose (time, crop, flip) of one crop."""
        return clip_random(self.seed, self.turn, self.item_id, crop, purpose=purpose)

    def crops(self, height_px: int, width_px: int) -> Crops:
        """How pictures of this size are cut: the same in all frames."""
        form, boxes, mirrored = self.form, [], []
        for crop in range(form.crops):
            box = draw_box(self.random("crop", crop), height_px, width_px, area=form.area, aspect=form.aspect)
            boxes.append(box.within(height_px, width_px))
            mirrored.append(bool(self.random("flip", crop).random() < self.flip))
        return Crops(crop_px=form.size_px, resize_mode="stretch", boxes=tuple(boxes), mirrored=tuple(mirrored))

    def moment(self, info: VideoInfo, span: Span | None) -> ClipPlan:
        """The frames of a clip: a random stride, then a random first frame."""
        form, random = self.form, self.random("time")
        first, stop = frame_range(info, part_of_video(info, span))
        fits = max(1, (stop - first - 1) // max(1, form.num_frames - 1))
        low, high = form.strides
        stride = int(random.integers(min(low, fits), min(high, fits) + 1))
        return random_plan(info, Strided(frame_step=stride), random, num_frames=form.num_frames, span=span)


@dataclass(frozen=True, kw_only=True)
class Crops(Preprocess):
    """A Preprocess that cuts K boxes (top, left, bottom, right as fractions) out of every picture."""

    boxes: tuple[tuple[float, float, float, float], ...] = ()
    mirrored: tuple[bool, ...] = ()

    def resize(self, picture: torch.Tensor, *, spatial_views: int = 1) -> torch.Tensor:
        """All crops of a picture uint8 (C, H, W) as squares (K, C, S, S)."""
        cut = [DrawnCrop.of(self, box).resize(picture) for box in self.boxes]
        return torch.stack(
            [part.flip(-1) if turn else part for part, turn in zip(cut, self.mirrored, strict=True)]
        )

    def crops(self, picture: torch.Tensor, *, spatial_views: int = 1) -> tuple[torch.Tensor, ...]:
        """The crops (K, C, S, S) that ``resize`` made, one by one."""
        return tuple(picture)
