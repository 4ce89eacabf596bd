"""One random draw for a clip, and the clip that it gives.

Axis letters: T frames, C colours, H W pixels, S side of the square.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from twlv.augmentation import Augmentation
from twlv.video.draws import clip_random
from twlv.video.erasing import draw_erased, erased
from twlv.video.preprocess import Preprocess
from twlv.video.rand_augment import Change, changed, draw_changes
from twlv.video.random_crop import Box, DrawnCrop, draw_box


@dataclass(frozen=True, kw_only=True)
class ClipSeed:
    """Whose draws these are. Equal ones give equal clips, in whatever order and by whichever worker."""

    seed: int
    epoch: int
    video_id: str
    view: int = 0


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What was drawn for one clip: the same for all its frames.

    ``box`` is top, left, bottom, right of the part that is cut out, as fractions of the picture. ``erase`` is
    in pixels of the finished square.
    """

    box: tuple[float, float, float, float]
    mirrored: bool
    changes: tuple[Change, ...]
    erase: Box | None


def draw_clip(
    augmentation: Augmentation, whose: ClipSeed, *, height_px: int, width_px: int, side_px: int
) -> Draw:
    """Draw for a video of this size and a clip of ``side_px`` squares."""
    random = {name: _random(whose, name) for name in ("crop", "flip", "rand_augment", "erase")}
    box = draw_box(
        random["crop"], height_px, width_px, area=augmentation.area, aspect=augmentation.aspect
    ).within(height_px, width_px)
    changes: tuple[Change, ...] = ()
    if augmentation.rand_augment is not None:
        changes = draw_changes(augmentation.rand_augment, random["rand_augment"])
    erase = None
    if augmentation.erasing is not None:
        erase = draw_erased(augmentation.erasing, random["erase"], side_px, side_px)
    mirrored = bool(random["flip"].random() < augmentation.flip)
    return Draw(box=box, mirrored=mirrored, changes=changes, erase=erase)


def crop_for(drawn: Draw, preprocess: Preprocess) -> DrawnCrop:
    """How each picture is prepared while it is read: changed at full size, cut, resized."""
    return DrawnCrop.of(preprocess, drawn.box, partial(changed, changes=drawn.changes))


def finish_clip(
    frames: torch.Tensor,
    drawn: Draw,
    whose: ClipSeed,
    *,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> torch.Tensor:
    """A clip uint8 (T, C, S, S) of cut pictures: mirrored and erased as drawn."""
    if drawn.mirrored:
        frames = frames.flip(-1)
    if drawn.erase is not None:
        frames = erased(frames, drawn.erase, _random(whose, "noise"), mean=mean, std=std)
    return frames


def augment_clip(
    frames: torch.Tensor, augmentation: Augmentation, whose: ClipSeed, preprocess: Preprocess
) -> torch.Tensor:
    """A clip in memory, uint8 (T, C, H, W) of any size, to uint8 (T, C, S, S): all of the above.

    Noise of erasing has the mean and deviation of ImageNet here; a clip that is read has those of its card.
    """
    height, width = frames.shape[-2:]
    drawn = draw_clip(augmentation, whose, height_px=height, width_px=width, side_px=preprocess.crop_px)
    crop = crop_for(drawn, preprocess)
    cut = torch.stack([crop.resize(picture) for picture in frames])
    return finish_clip(cut, drawn, whose, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def _random(whose: ClipSeed, purpose: str) -> np.random.Generator:
    return clip_random(whose.seed, whose.epoch, whose.video_id, whose.view, purpose=purpose)
