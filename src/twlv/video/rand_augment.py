"""RandAugment: what is drawn for a clip, and the same done to each of its pictures.

The 15 changes and their ranges at magnitude 10 are those of timm's increasing set (timm/data/auto_augment.py),
which V-JEPA's evaluation uses: turn 30 degrees, shear 0.3, shift 0.45 of the side, 4 bits of colour fewer,
solarise from 0 up, 110 levels added to dark ones, and 0.9 more or less of colour, contrast, brightness and
sharpness. They grow in proportion to the magnitude; those with two directions take either by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch

from twlv.augmentation import RandAugment
from twlv.video import picture_ops as ops
from twlv.video import picture_warp as shapes

_LARGEST = 10.0


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a picture: its name in ``CHANGES``, and the amount in the unit of that change."""

    name: str
    amount: float


def _turned(picture: torch.Tensor, degrees: float) -> torch.Tensor:
    return shapes.warp(picture, shapes.rotation(degrees, *picture.shape[-2:]))


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How a change is made; its amount at magnitude 0 and 10; whether it goes both ways; whole numbers only."""

    make: Callable[[torch.Tensor, float], torch.Tensor]
    none: float = 0.0
    full: float = 0.0
    two_sided: bool = False
    whole: bool = False


CHANGES: Mapping[str, _Kind] = MappingProxyType(
    {
        "auto_contrast": _Kind(make=lambda picture, _: ops.auto_contrast(picture)),
        "equalize": _Kind(make=lambda picture, _: ops.equalize(picture)),
        "invert": _Kind(make=lambda picture, _: ops.invert(picture)),
        "rotate": _Kind(make=_turned, full=30.0, two_sided=True),
        "posterize": _Kind(make=lambda p, v: ops.posterize(p, int(v)), none=4, full=0, whole=True),
        "solarize": _Kind(make=lambda p, v: ops.solarize(p, int(v)), none=256, full=0, whole=True),
        "solarize_add": _Kind(make=lambda p, v: ops.solarize_add(p, int(v)), full=110, whole=True),
        "colour": _Kind(make=ops.colour, none=1.0, full=1.9, two_sided=True),
        "contrast": _Kind(make=ops.contrast, none=1.0, full=1.9, two_sided=True),
        "brightness": _Kind(make=ops.brightness, none=1.0, full=1.9, two_sided=True),
        "sharpness": _Kind(make=ops.sharpness, none=1.0, full=1.9, two_sided=True),
        "shear_x": _Kind(make=lambda p, v: shapes.warp(p, shapes.shear_x(v)), full=0.3, two_sided=True),
        "shear_y": _Kind(make=lambda p, v: shapes.warp(p, shapes.shear_y(v)), full=0.3, two_sided=True),
        "shift_x": _Kind(
            make=lambda p, v: shapes.warp(p, shapes.shift(v * p.shape[-1], 0.0)), full=0.45, two_sided=True
        ),
        "shift_y": _Kind(
            make=lambda p, v: shapes.warp(p, shapes.shift(0.0, v * p.shape[-2])), full=0.45, two_sided=True
        ),
    }
)
"""The changes by name; each is as likely as any other."""


def amount_at(name: str, magnitude: float, sign: int = 1) -> float:
    """The amount of a change at a magnitude from 0 to 10; ``sign`` -1 takes the other direction."""
    kind = CHANGES[name]
    step = (kind.full - kind.none) * magnitude / _LARGEST
    if kind.whole:
        return kind.none + int(step)
    return kind.none + step * (sign if kind.two_sided else 1)


def draw_changes(settings: RandAugment, random: np.random.Generator) -> tuple[Change, ...]:
    """The changes of one clip, in order; those that chance leaves out are not in it."""
    names = tuple(CHANGES)
    drawn = []
    for _ in range(settings.ops):
        name = names[int(random.integers(len(names)))]
        made = random.random() < settings.probability
        magnitude = float(np.clip(random.normal(settings.magnitude, settings.magnitude_deviation), 0, _LARGEST))
        sign = 1 if random.random() < 0.5 else -1
        if made:
            drawn.append(Change(name=name, amount=amount_at(name, magnitude, sign)))
    return tuple(drawn)


def changed(picture: torch.Tensor, changes: tuple[Change, ...]) -> torch.Tensor:
    """A picture uint8 (C, H, W) after the changes, one after another."""
    for change in changes:
        picture = CHANGES[change.name].make(picture, change.amount)
    return picture
