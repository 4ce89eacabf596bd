"""From a seed and a number to a scene."""

from __future__ import annotations

import math
from dataclasses import replace

from twlv.video.synthetic.factors import DEFAULT, Factors, Fixed
from twlv.video.synthetic.names import heading_of
from twlv.video.synthetic.scene import Backdrop, Camera, Colour, Event, Look, Mover, Path, Scene
from twlv.video.synthetic.uniforms import Row, between, choose, rows, signed, whole

NOTHING = Fixed()

MOVER_NUMBERS = (
    "shape", "texture", "hue", "contrast", "bright", "dark", "radius", "tilt", "grain", "phase_x", "phase_y",
    "x", "y", "direction", "speed", "acceleration", "trajectory", "bend", "wave", "wave_length", "wave_phase",
    "spin", "growth", "shear", "event_0", "event_1", "event_2", "event_3",
)  # fmt: skip
SCENE_NUMBERS = (
    "distractors", "occlusion", "backdrop", "cells", "contrast", "level", "pans", "pan", "pan_heading",
    "sway", "frequency", "sway_x", "sway_y", "noise", "noise_seed",
)  # fmt: skip

DISTRACTOR_SIZE = 0.55
"""Radius of a distractor as a share of what a subject could have: never as large as the subject."""

EVENT_AMOUNTS = {"slide": 0.25, "spin": 2.4, "pulse": 0.45, "shake": 0.05}
"""How much each kind of event does; only the sign is drawn, so the amount tells nothing of the order."""


def draw(seed: int, index: int, *, factors: Factors = DEFAULT, fixed: Fixed = NOTHING) -> Scene:
    """Scene number ``index`` of the endless list that ``seed`` starts.

    The same on every machine, in any order of calls and in any process. Every factor is drawn independently of
    all others; ``fixed`` replaces some without changing the rest. Raises UsageError for negative numbers.
    """
    (of_scene,) = rows(SCENE_NUMBERS, 1, seed, index, 0)
    subject, occluder, *others = rows(MOVER_NUMBERS, 2 + factors.distractors[1], seed, index, 1)
    distractors = others[: whole(factors.distractors, of_scene["distractors"])]
    movers = [draw_distractor(row, factors) for row in distractors]
    movers.append(draw_subject(subject, factors, fixed))
    if of_scene["occlusion"] < factors.occlusion:
        movers.append(draw_occluder(occluder))
    return draw_scene(of_scene, tuple(movers), factors)


def draw_scene(u: Row, movers: tuple[Mover, ...], factors: Factors) -> Scene:
    """The movers before a backdrop, seen by a camera."""
    pan, heading = between(factors.pans, u["pan"]), 2 * math.pi * u["pan_heading"]
    pans = u["pans"] < factors.pan_share
    return Scene(
        movers=movers,
        backdrop=Backdrop(
            seed=int(u["backdrop"] * 2**32),
            cells=whole(factors.cells, u["cells"]),
            contrast=between(factors.contrasts, u["contrast"]),
            level=between((0.4, 0.6), u["level"]),
            pan=(pan * math.cos(heading), pan * math.sin(heading)) if pans else (0.0, 0.0),
        ),
        camera=Camera(
            sway=between(factors.sways, u["sway"]),
            frequency=between((0.5, 1.5), u["frequency"]),
            phase=(2 * math.pi * u["sway_x"], 2 * math.pi * u["sway_y"]),
        ),
        noise=between(factors.noises, u["noise"]),
        noise_seed=int(u["noise_seed"] * 2**32),
        duration_seconds=factors.duration_seconds,
    )


# ---------------------------------------------------------------- movers


def draw_subject(u: Row, factors: Factors, fixed: Fixed) -> Mover:
    """The object that the labels are about."""
    mover = draw_mover(u, factors)
    path, look = mover.path, mover.look
    if fixed.direction is not None:
        path = replace(path, heading_radians=heading_of(fixed.direction))
    if fixed.speed is not None:
        path = replace(path, speed=fixed.speed)
    look = replace(look, shape=fixed.shape or look.shape, texture=fixed.texture or look.texture)
    mover = replace(mover, path=path, look=look)
    if not fixed.events:
        return mover
    still = replace(path, speed=0.0, acceleration=0.0, wave=0.0)
    events = draw_events(u, fixed.events, factors.duration_seconds, path.heading_radians)
    return replace(mover, path=still, spin=0.0, growth=0.0, shear=0.0, events=events)


def draw_mover(u: Row, factors: Factors) -> Mover:
    """An object whose looks and motion are both drawn."""
    return Mover(
        look=draw_look(u, factors),
        path=draw_path(u, factors),
        spin=signed(factors.spins, u["spin"]),
        growth=signed(factors.growths, u["growth"]),
        shear=signed(factors.shears, u["shear"]),
    )


def draw_distractor(u: Row, factors: Factors) -> Mover:
    """A smaller object with looks and motion of its own."""
    mover = draw_mover(u, factors)
    small = replace(mover.look, radius=DISTRACTOR_SIZE * factors.radii[0] * (0.7 + 0.3 * u["radius"]))
    return replace(mover, look=small, role="distractor")


def draw_occluder(u: Row) -> Mover:
    """A still bar of one colour, somewhere."""
    colour = draw_colour(u["hue"], between((0.2, 0.8), u["bright"]), 0.3)
    look = Look(
        shape="bar",
        texture="plain",
        colours=(colour, colour),
        radius=between((0.1, 0.14), u["radius"]),
        angle_radians=2 * math.pi * u["tilt"],
    )
    return Mover(look=look, path=Path(centre=(u["x"], u["y"])), role="occluder")


def draw_look(u: Row, factors: Factors) -> Look:
    """Shape, texture, a bright and a dark colour, size, orientation."""
    bright = draw_colour(u["hue"], between((0.75, 1.0), u["bright"]), 0.8)
    dark = draw_colour(u["hue"] + between((0.3, 0.7), u["contrast"]), between((0.2, 0.45), u["dark"]), 0.8)
    return Look(
        shape=choose(factors.shapes, u["shape"]),
        texture=choose(factors.textures, u["texture"]),
        colours=(bright, dark),
        radius=between(factors.radii, u["radius"]),
        angle_radians=between(factors.tilts, u["tilt"]),
        grain=between(factors.grains, u["grain"]),
        phase=(u["phase_x"], u["phase_y"]),
    )


def draw_path(u: Row, factors: Factors) -> Path:
    """Where an object is at mid-clip and how it moves there."""
    half = factors.duration_seconds / 2
    speed = between(factors.speeds, u["speed"])
    trajectory = choose(factors.trajectories, u["trajectory"])
    way = max(2 * half * speed, 1e-6)
    if factors.directions is None:
        heading = 2 * math.pi * u["direction"]
    else:
        heading = heading_of(choose(factors.directions, u["direction"]))
    return Path(
        centre=(u["x"], u["y"]),
        heading_radians=heading,
        speed=speed,
        acceleration=between(factors.accelerations, u["acceleration"]) * speed / half,
        curvature=signed(factors.bends, u["bend"]) / way if trajectory == "arc" and speed else 0.0,
        wave=between(factors.waves, u["wave"]) if trajectory == "wave" and speed else 0.0,
        wave_length=between((0.2, 0.4), u["wave_length"]),
        wave_phase=2 * math.pi * u["wave_phase"],
        wrap=factors.wrap,
    )


def draw_events(u: Row, kinds: tuple[str, ...], duration_seconds: float, heading: float) -> tuple[Event, ...]:
    """One after the other, each in the middle four fifths of its share of the clip."""
    share = duration_seconds / len(kinds)
    return tuple(
        Event(
            kind=kind,  # type: ignore[arg-type]  # Fixed checked the names
            start_seconds=share * (number + 0.1) - duration_seconds / 2,
            end_seconds=share * (number + 0.9) - duration_seconds / 2,
            amount=EVENT_AMOUNTS[kind] if u[f"event_{number % 4}"] < 0.5 else -EVENT_AMOUNTS[kind],
            heading_radians=heading,
            cycles=3.0 if kind == "shake" else 1.0,
        )
        for number, kind in enumerate(kinds)
    )


def draw_colour(turn: float, value: float, saturation: float) -> Colour:
    """A colour of hue ``turn`` (in turns) whose channels lie around ``value``, all in [0, 1]."""
    r, g, b = (
        value * (1 - saturation * (0.5 - 0.5 * math.cos(2 * math.pi * (turn - third / 3))))
        for third in range(3)
    )
    return r, g, b
