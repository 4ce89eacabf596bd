"""Clips of several objects that each do one or more things, with boxes: for localization in space and time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np

from twlv.data.synth import balance
from twlv.data.synth.actors import Actor, Cast, write_boxes
from twlv.data.synth.balance import SPLITS, Split
from twlv.data.synth.clips import factors_of, frames_of, generator_for, name_of, turning_shows
from twlv.data.synth.plan import Manifest, Plan, Video
from twlv.data.synth.settings import Settings, check_classes
from twlv.errors import UsageError
from twlv.video.synthetic import Factors, Mover, Path, Scene, boxes, draw, heading_of

GOING = ("still", "right", "left", "down", "up")
"""Where an actor goes: exactly one of these, as a pose is in AVA."""
TURNING = ("", "spin-right", "spin-left")
"""Besides, it may turn."""
SIZING = ("", "grow", "shrink")
"""Besides, it may change its size."""
ACTIONS = (*GOING, *TURNING[1:], *SIZING[1:])
"""All actions; ids count from 1 in this order."""
MOST_ACTORS = {"easy": 2, "default": 4, "hard": 4}

TRAVEL = 0.25
"""Sides that an actor which goes covers in a whole video, so that it stays in sight."""
GROWTH = 0.6
"""Change of log(size) over a whole video, of those that grow or shrink."""
SPIN = 1.2
"""Radians per second, of those that turn."""
RADII = (0.09, 0.13)
PLACES = ((0.28, 0.28), (0.72, 0.28), (0.28, 0.72), (0.72, 0.72))
"""Where actors are at mid-clip, give or take JITTER, so that they seldom hide one another."""
JITTER = 0.06


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one actor does and looks like."""

    going: str
    turning: str
    sizing: str
    look: tuple[str, str]

    @property
    def actions(self) -> tuple[int, ...]:
        """Its action ids, sorted."""
        return tuple(
            sorted(ACTIONS.index(name) + 1 for name in (self.going, self.turning, self.sizing) if name)
        )


def plan_boxes(settings: Settings) -> Plan:
    """Kind ``boxes``: one to four actors in a clip; looks of validation are new.

    All combinations of going, turning and sizing occur equally often among the actors of a split.
    """
    check_classes(settings, len(ACTIONS))
    factors = replace(turning_shows(factors_of(settings)), distractors=(0, 0))
    found = [
        (_cast(settings, split, number, parts, scene), scene)
        for split in SPLITS
        for number, parts in enumerate(_parts(settings, factors, split))
        for scene in [_scene(settings, factors, split, number, parts)]
    ]
    casts = [cast for cast, _ in found]
    _check_key_seconds(settings, casts[0])
    videos = tuple(
        Video(
            video_id=cast.video_id,
            split=cast.split,
            group=cast.video_id,
            frames=frames_of(partial(_same, scene), settings),
            columns={"actors": str(len(cast.actors))},
            scene=partial(_same, scene),
        )
        for cast, scene in found
    )
    annotate = partial(write_boxes, casts=casts, actions=ACTIONS)
    return Plan(videos=videos, manifests=(Manifest(),), annotate=annotate)


def _check_key_seconds(settings: Settings, cast: Cast) -> None:
    if not cast.key_seconds:
        raise UsageError(
            f"boxes are annotated at whole seconds with half a second on both sides; {settings.num_frames} "
            f"frames at {settings.fps} a second have none; give {math.ceil(1.5 * settings.fps)} frames or more"
        )


def _parts(settings: Settings, factors: Factors, split: Split) -> Iterator[list[Part]]:
    """The actors of each video of a split, from one bag of all combinations of what an actor can do."""
    shuffle = np.random.default_rng([settings.seed, SPLITS.index(split), 5])
    combinations = list(product(GOING, TURNING, SIZING))
    looks = balance.looks_of(factors, split, settings.combinations)
    bag: list[int] = []
    for number in range(settings.counts[split]):
        parts = []
        for _ in range(1 + number % MOST_ACTORS[settings.difficulty]):
            bag = bag or list(shuffle.permutation(len(combinations)))
            going, turning, sizing = combinations[bag.pop()]
            look = looks[shuffle.integers(len(looks))]
            parts.append(Part(going=going, turning=turning, sizing=sizing, look=look))
        yield parts


def _scene(settings: Settings, factors: Factors, split: Split, number: int, parts: list[Part]) -> Scene:
    """The actors before the backdrop of the first, behind its occluder if it has one."""
    first = balance.index_of(number, split) * len(PLACES)
    drawn = [draw(settings.seed, first + k, factors=factors) for k in range(len(parts))]
    rng = generator_for(settings, split, number, purpose=6)
    places = rng.permutation(len(PLACES))
    movers = [
        _actor(part, scene.subject, PLACES[place], rng, settings)
        for part, scene, place in zip(parts, drawn, places, strict=False)
    ]
    occluders = [mover for mover in drawn[0].movers if mover.role == "occluder"]
    return replace(drawn[0], movers=(*movers, *occluders))


def _actor(
    part: Part, drawn: Mover, place: tuple[float, float], rng: np.random.Generator, settings: Settings
) -> Mover:
    """The drawn object with the looks, place and motion of its part."""
    duration = settings.duration_seconds
    x, y = (at + float(rng.uniform(-JITTER, JITTER)) for at in place)
    still = part.going == "still"
    shape, texture = part.look
    return replace(
        drawn,
        look=replace(drawn.look, shape=shape, texture=texture, radius=float(rng.uniform(*RADII))),
        path=Path(
            centre=(x, y),
            heading_radians=0.0 if still else heading_of(part.going),
            speed=0.0 if still else TRAVEL / duration,
        ),
        spin={"": 0.0, "spin-right": SPIN, "spin-left": -SPIN}[part.turning],
        growth={"": 0.0, "grow": GROWTH, "shrink": -GROWTH}[part.sizing] / duration,
        shear=0.0,
    )


def _cast(settings: Settings, split: Split, number: int, parts: list[Part], scene: Scene) -> Cast:
    corners = boxes(scene, settings.num_frames)
    actors = tuple(
        Actor(person_id=person, actions=part.actions, boxes=corners[:, person])
        for person, part in enumerate(parts)
    )
    return Cast(
        video_id=name_of(split, number),
        split=split,
        num_frames=settings.num_frames,
        fps=settings.fps,
        actors=actors,
    )


def _same(scene: Scene) -> Scene:
    return scene
