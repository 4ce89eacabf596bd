"""What may vary between scenes, and how much: one field per factor.

Every factor is drawn by itself. The three presets differ in how visible looks and motion are. Measured with 4
shapes x 4 textures and 8 directions, 16 frames of 128 px, 400 clips to train on and 200 to test with (standard
error 3 points), share that logistic regression gets right:

============================================  =====  =======  =====  ======
features                                      easy   default  hard   chance
============================================  =====  =======  =====  ======
EfficientNet-lite0, mean of frames: looks     97     87       70     6.2
the same: direction                           13     13       12     12.5
gradient_flow.fixed: direction                99.5   84       62     12.5
the same: looks                               7      10       8      6.2
============================================  =====  =======  =====  ======
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from twlv.errors import UnknownName, UsageError
from twlv.video.synthetic.names import DIRECTIONS, EVENTS, SHAPES, TEXTURES, TRAJECTORIES

Range: TypeAlias = tuple[float, float]
"""A factor is uniform between the two."""

Difficulty: TypeAlias = Literal["easy", "default", "hard"]


@dataclass(frozen=True, kw_only=True)
class Factors:
    """Choices and ranges. Lengths are fractions of the picture's side, rates are per second.

    ``directions`` None means any angle. ``accelerations`` are shares of the speed gained from the middle to
    the end of the clip. ``bends`` are the radians an ``arc`` turns over the clip, to either side; ``waves`` the
    amplitudes of a ``wave``. ``spins``, ``growths`` and ``shears`` are sizes of rates whose sign is drawn.
    ``tilts`` are orientations at mid-clip. ``distractors`` (fewest, most) are smaller objects behind the
    subject, with looks and motion of their own. ``occlusion`` is the probability of a still bar in front.
    ``pan_share`` is the probability that the backdrop moves, at ``pans`` in any direction. ``wrap`` see
    ``Path``. Raises UsageError, UnknownName.
    """

    shapes: tuple[str, ...] = SHAPES
    textures: tuple[str, ...] = TEXTURES
    directions: tuple[str, ...] | None = tuple(DIRECTIONS)
    speeds: Range = (0.12, 0.3)
    accelerations: Range = (-0.5, 0.5)
    trajectories: tuple[str, ...] = TRAJECTORIES
    bends: Range = (0.3, 1.0)
    waves: Range = (0.01, 0.03)
    spins: Range = (0.0, 0.8)
    growths: Range = (0.0, 0.15)
    shears: Range = (0.0, 0.0)
    radii: Range = (0.13, 0.18)
    tilts: Range = (-3.1416, 3.1416)
    grains: Range = (0.3, 0.5)
    distractors: tuple[int, int] = (0, 2)
    occlusion: float = 0.3
    pan_share: float = 0.5
    pans: Range = (0.02, 0.1)
    sways: Range = (0.0, 0.01)
    cells: tuple[int, int] = (3, 6)
    contrasts: Range = (0.1, 0.3)
    noises: Range = (0.0, 0.03)
    wrap: bool = True
    duration_seconds: float = 2.0

    def __post_init__(self) -> None:
        for kind, seen, known in (
            ("shape", self.shapes, SHAPES),
            ("texture", self.textures, TEXTURES),
            ("direction", self.directions if self.directions is not None else tuple(DIRECTIONS), DIRECTIONS),
            ("trajectory", self.trajectories, TRAJECTORIES),
        ):
            for name in seen:
                if name not in known:
                    raise UnknownName(kind, name, known)
            if not seen:
                raise UsageError(f"a scene needs at least one {kind}, got none")
        if not self.duration_seconds > 0:
            raise UsageError(f"duration_seconds must be above 0, got {self.duration_seconds}")


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """Labels that the caller gives instead of having them drawn; None means drawn.

    Fixing one factor changes no other: the scene is the one that ``draw`` would make, with that value.
    ``events`` are kinds in EVENTS, one after the other over the clip, in that order; the subject then has no
    path motion, so that the order is all that moves. ``speed`` is in sides per second.
    """

    shape: str | None = None
    texture: str | None = None
    direction: str | None = None
    speed: float | None = None
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known: tuple[tuple[str, str | None, Mapping[str, object] | tuple[str, ...]], ...] = (
            ("shape", self.shape, SHAPES),
            ("texture", self.texture, TEXTURES),
            ("direction", self.direction, DIRECTIONS),
            *(("event", event, EVENTS) for event in self.events),
        )
        for kind, name, names in known:
            if name is not None and name not in names:
                raise UnknownName(kind, name, names)


DEFAULT = Factors()

EASY = replace(
    DEFAULT,
    speeds=(0.2, 0.3),
    accelerations=(-0.2, 0.2),
    trajectories=("line",),
    spins=(0.0, 0.2),
    growths=(0.0, 0.05),
    radii=(0.16, 0.2),
    tilts=(-0.2, 0.2),
    distractors=(0, 0),
    occlusion=0.0,
    pan_share=0.0,
    sways=(0.0, 0.0),
    contrasts=(0.05, 0.15),
    noises=(0.0, 0.01),
)

HARD = replace(
    DEFAULT,
    speeds=(0.06, 0.2),
    accelerations=(-0.8, 0.8),
    bends=(0.5, 1.5),
    waves=(0.02, 0.05),
    spins=(0.0, 1.5),
    growths=(0.0, 0.3),
    radii=(0.1, 0.16),
    distractors=(1, 4),
    occlusion=0.6,
    pan_share=0.8,
    pans=(0.05, 0.2),
    sways=(0.0, 0.02),
    cells=(4, 8),
    contrasts=(0.2, 0.45),
    noises=(0.02, 0.08),
)

DIFFICULTIES: dict[str, Factors] = {"easy": EASY, "default": DEFAULT, "hard": HARD}


def preset(difficulty: str = "default") -> Factors:
    """The preset of that name. Raises UnknownName."""
    if difficulty not in DIFFICULTIES:
        raise UnknownName("difficulty", difficulty, DIFFICULTIES)
    return DIFFICULTIES[difficulty]
