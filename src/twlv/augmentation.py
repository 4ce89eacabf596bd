"""Records that say how training clips are changed at random; ``video.augment`` draws and applies them.

A clip has one draw: every one of its frames is cut, turned, coloured and erased alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from twlv.errors import UnknownName, UsageError


def _require_probability(field: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise UsageError(f"{field} is a probability from 0 to 1, got {value}")


def _require_range(field: str, value: tuple[float, float], largest: float) -> None:
    low, high = value
    if not 0 < low <= high <= largest:
        raise UsageError(f"{field} is a range within (0, {largest:g}], the smaller value first, got {value}")


@dataclass(frozen=True, kw_only=True)
class RandAugment:
    """A few random changes of colour and shape (Cubuk et al. 2020), in the form of V-JEPA's evaluation.

    That form is ``rand-m7-n4-mstd0.5-inc1`` (facebookresearch/jepa, evals/video_classification_frozen): ``ops``
    changes one after another, each one of 15 at random, each made with ``probability``, each with a magnitude
    of its own from a normal distribution around ``magnitude`` that is cut to [0, 10]. The ranges of the 15
    are those of timm's increasing set: see ``video.rand_augment``.
    """

    ops: int = 4
    magnitude: float = 7.0
    magnitude_deviation: float = 0.5
    probability: float = 0.5

    def __post_init__(self) -> None:
        if self.ops < 1 or not 0 <= self.magnitude <= 10 or self.magnitude_deviation < 0:
            raise UsageError(f"RandAugment takes ops from 1 and magnitudes from 0 to 10, got {self}")
        _require_probability("RandAugment.probability", self.probability)


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """One rectangle of every frame becomes noise (Zhong et al. 2020), in the form of V-JEPA's evaluation.

    ``area`` is a fraction of the picture, ``aspect`` height over width, log-uniform. The clip
    has one rectangle; the noise is drawn for each pixel of each frame, with the mean and deviation of the card.
    """

    probability: float = 0.25
    area: tuple[float, float] = (0.02, 1 / 3)
    aspect: tuple[float, float] = (0.3, 1 / 0.3)

    def __post_init__(self) -> None:
        _require_probability("Erasing.probability", self.probability)
        _require_range("Erasing.area", self.area, 1.0)
        _require_range("Erasing.aspect", self.aspect, 100.0)


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How a training clip is drawn and changed.

    Attributes:
        area: Part of the picture that is cut out, as a fraction of its area. The report, Table 4: 0.3 to 1.0.
        aspect: Width over height of what is cut out, log-uniform. Table 4: 0.75 to 1.33 for linear probes.
        flip: Probability that the clip is mirrored left to right.
        flip_directions: Mirror also where classes have a direction, which is refused otherwise.
        rand_augment: Changes of colour and shape, before the cut; None: none.
        erasing: A rectangle of noise, after the cut; None: none.
        random_time: Draw the clip's moments at random (``video.random_plan``); otherwise they are a test's.
    """

    area: tuple[float, float] = (0.3, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.0
    flip_directions: bool = False
    rand_augment: RandAugment | None = None
    erasing: Erasing | None = None
    random_time: bool = True

    def __post_init__(self) -> None:
        _require_range("area", self.area, 1.0)
        _require_range("aspect", self.aspect, 100.0)
        _require_probability("flip", self.flip)


@dataclass(frozen=True, kw_only=True)
class DrawnViews:
    """``views`` augmented clips of every video, drawn once and kept in a store."""

    augmentation: Augmentation
    views: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.views <= 4096 or self.seed < 0:
            raise UsageError(f"views are 1 to 4096 and the seed 0 or more, got {self.views} and {self.seed}")


REPORT_LINEAR = Augmentation()
"""The report's Table 4 for linear probes, less the flip, which the table gives by data set."""

REPORT_ATTENTIVE = Augmentation(aspect=(0.5, 2.0))
"""The report's Table 4 for attentive probes, less the flip."""

VJEPA = Augmentation(area=(0.08, 1.0), rand_augment=RandAugment(), erasing=Erasing())
"""V-JEPA's evaluation of videos (facebookresearch/jepa, evals/video_classification_frozen): no flip."""

BOXES = Augmentation(area=(0.4, 1.0), aspect=(0.75, 2.4), flip=0.5, random_time=False)
"""For boxes on key frames; ours, the report prints none. Cuts may be as wide as the pictures of a test."""

PRESETS: Mapping[str, Augmentation] = MappingProxyType(
    {"report": REPORT_LINEAR, "report-attentive": REPORT_ATTENTIVE, "vjepa": VJEPA, "boxes": BOXES}
)
"""Augmentations that have a name."""


def preset(name: str) -> Augmentation:
    """The augmentation of this name. Raises UnknownName with the nearest."""
    if name not in PRESETS:
        raise UnknownName("augmentation", name, PRESETS)
    return PRESETS[name]
