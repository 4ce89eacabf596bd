"""A clip before it is drawn: plain records of numbers and names.

Units: lengths are fractions of the picture's side, y points down; times are seconds FROM THE MIDDLE of the
clip (negative before it); angles are radians, clockwise on the screen; rates are per second.

Every motion is given by its state at the middle. So no label depends on where a clip begins, and the
reversed scene is the state at -t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from twlv.video.synthetic.names import direction_of

Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What an object looks like. ``shape`` in SHAPES, ``texture`` in TEXTURES.

    ``radius`` is that of the disc of the same area, at mid-clip; ``angle_radians`` the orientation there.
    A texture mixes the two ``colours`` (``plain`` shows the first alone). ``grain`` is the width of a stripe
    in radii, ``phase`` in [0, 1) shifts the texture over the shape, or chooses the piece of ``noise``.
    """

    shape: str
    texture: str
    colours: tuple[Colour, Colour]
    radius: float
    angle_radians: float = 0.0
    grain: float = 0.4
    phase: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Path:
    """Where an object is: ``centre`` (x, y), heading and speed, all at mid-clip.

    With s = speed t + acceleration t^2 / 2 the way travelled, the object is s along an arc that turns by
    ``curvature`` radians per side, plus ``wave`` sin(2 pi s / wave_length + wave_phase) across the heading.
    ``wrap``: the picture is a torus for this object; what leaves on one side comes in on the other at once.
    With a uniform centre its place then has the same distribution at every time, whatever the motion.
    """

    centre: tuple[float, float]
    heading_radians: float = 0.0
    speed: float = 0.0
    acceleration: float = 0.0
    curvature: float = 0.0
    wave: float = 0.0
    wave_length: float = 0.25
    wave_phase: float = 0.0
    wrap: bool = False


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something between two times, on top of the path. With u from 0 to 1 over the interval:

    ``slide`` moves by ``amount`` u along ``heading_radians`` and stays there; ``spin`` turns by ``amount`` u
    radians and stays; ``pulse`` multiplies the size by exp(amount sin^2(pi cycles u)); ``shake`` moves by
    ``amount`` sin(2 pi cycles u) along the heading; ``orbit`` goes round a circle of radius abs(amount),
    ``cycles`` times, clockwise where amount > 0.
    """

    kind: Literal["slide", "spin", "pulse", "shake", "orbit"]
    start_seconds: float
    end_seconds: float
    amount: float
    heading_radians: float = 0.0
    cycles: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Mover:
    """One object: its look, its path, and how it changes. A still object has speed 0.

    ``spin`` is radians per second, ``growth`` the change of log(size) per second, ``shear`` that of the
    horizontal shear. The labels of a scene are those of its one ``subject``; a ``distractor`` is smaller and
    has motion and looks of its own; an ``occluder`` lies still in front.
    """

    look: Look
    path: Path
    spin: float = 0.0
    growth: float = 0.0
    shear: float = 0.0
    events: tuple[Event, ...] = ()
    role: Literal["subject", "distractor", "occluder"] = "subject"


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """Smooth colour noise on a torus twice as wide as the picture.

    ``seed`` chooses it; ``cells`` is the number of random colours along one side of the picture,
    ``contrast`` their largest distance from ``level``, in [0, 1]. ``pan`` (x, y) is its motion per second, as
    of a camera that follows the objects; it does not move them.
    """

    seed: int
    cells: int = 4
    contrast: float = 0.2
    level: float = 0.5
    pan: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A hand that holds the camera: everything sways by ``sway`` sin(2 pi frequency t + phase), x and y."""

    sway: float = 0.0
    frequency: float = 1.0
    phase: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A clip: ``movers`` in painter's order (later ones occlude), a backdrop, a camera, sensor noise.

    ``noise`` is the standard deviation of the sensor's noise in [0, 1], ``noise_seed`` chooses it. With
    ``reversed`` the clip runs backwards: the same frames, noise included, in the opposite order.
    """

    movers: tuple[Mover, ...]
    backdrop: Backdrop
    camera: Camera = field(default_factory=Camera)
    noise: float = 0.0
    noise_seed: int = 0
    duration_seconds: float = 2.0
    reversed: bool = False

    @property
    def subject(self) -> Mover:
        """The object that the labels are about: the first with that role."""
        return next(mover for mover in self.movers if mover.role == "subject")

    @property
    def appearance(self) -> str:
        """The appearance label: shape and texture of the subject, for example ``disc-stripes``."""
        return f"{self.subject.look.shape}-{self.subject.look.texture}"

    @property
    def direction(self) -> str:
        """The motion label: the name in DIRECTIONS nearest to where the subject goes, as shown."""
        return direction_of(self.subject.path.heading_radians + (math.pi if self.reversed else 0.0))

    @property
    def order(self) -> tuple[str, ...]:
        """Kinds of the subject's events in the order in which they are shown."""
        kinds = tuple(
            event.kind for event in sorted(self.subject.events, key=lambda event: event.start_seconds)
        )
        return kinds[::-1] if self.reversed else kinds


def time_reversed(original: Scene) -> Scene:
    """The scene whose clip is the original's, played backwards; exactly, to the byte."""
    return replace(original, reversed=not original.reversed)
