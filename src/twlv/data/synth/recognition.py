"""Sets for recognition: what an object looks like, where it goes, how fast, or in which order things happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import permutations
from typing import Any, TypeAlias

from twlv.data.synth import balance
from twlv.data.synth.balance import Split
from twlv.data.synth.clips import factors_of, frames_of, generator_for, name_of, numbers
from twlv.data.synth.plan import Manifest, Plan, Video
from twlv.data.synth.settings import Settings, check_classes
from twlv.video.synthetic import DIRECTIONS, EVENTS, Factors, Fixed, Scene, dots, draw

Change: TypeAlias = Callable[[Scene], Scene]
"""What is done to a drawn scene: another look, another hue."""

NUM_SPEEDS = 5


def plan_looks(settings: Settings) -> Plan:
    """Kinds ``recognition-appearance`` and ``recognition-both``: every look with every direction.

    The look is a label, so what validation has alone are looks in one of the hues.
    """
    factors = factors_of(settings)
    directions = factors.directions or tuple(DIRECTIONS)
    shapes, textures = factors.shapes, factors.textures
    check_classes(settings, max(len(shapes) * len(textures), len(directions)))
    videos = []
    for split, number in numbers(settings):
        look, way = balance.pair(number, len(shapes) * len(textures), len(directions))
        i, j = divmod(look, len(textures))
        hues = balance.hues_of(i, j, split, settings.combinations)
        hue = hues[generator_for(settings, split, number, purpose=1).integers(len(hues))]
        fixed = Fixed(shape=shapes[i], texture=textures[j], direction=directions[way])
        index, change = balance.index_of(number, split), partial(balance.with_hue, hue=hue)
        scene = partial(_draw, settings, index, factors, fixed, change)
        columns = {**_columns(fixed), "hue": str(hue)}
        videos.append(_video(split, number, frames_of(scene, settings), columns, scene))
    appearance = Manifest(name="manifest_appearance", label=("shape", "texture"), kind="appearance")
    motion = Manifest(name="manifest_motion", label=("direction",), kind="motion")
    if settings.kind == "recognition-both":
        both = Manifest(label=("shape", "texture", "direction"))
        return Plan(videos=tuple(videos), manifests=(both, appearance, motion))
    return Plan(videos=tuple(videos), manifests=(Manifest(label=appearance.label, kind="appearance"),))


def plan_direction(settings: Settings) -> Plan:
    """Kind ``recognition-motion``: every direction, with looks that validation has alone."""
    factors = factors_of(settings)
    directions = factors.directions or tuple(DIRECTIONS)
    return _motion(settings, factors, [Fixed(direction=way) for way in directions], "direction")


def plan_speed(settings: Settings) -> Plan:
    """Kind ``speed``: five speeds, evenly spaced over the range of the difficulty."""
    factors = factors_of(settings)
    low, high = factors.speeds
    speeds = [low + (high - low) * (step + 0.5) / NUM_SPEEDS for step in range(NUM_SPEEDS)]
    return _motion(settings, factors, [Fixed(speed=speed) for speed in speeds], "speed")


def plan_order(settings: Settings) -> Plan:
    """Kind ``order``: two different events, one after the other; the class is the ordered pair."""
    pairs = [Fixed(events=two) for two in permutations(EVENTS, 2)]
    return _motion(settings, factors_of(settings), pairs, "events")


def plan_dots(settings: Settings) -> Plan:
    """Kind ``dots``: random dots that drift in one of eight directions; a single frame is noise."""
    ways = tuple(DIRECTIONS)
    check_classes(settings, len(ways))
    videos = []
    for split, number in numbers(settings):
        way = ways[number % len(ways)]
        frames = partial(_dots, settings, balance.index_of(number, split), way)
        videos.append(_video(split, number, frames, {"direction": way}))
    return Plan(videos=tuple(videos), manifests=(Manifest(label=("direction",), kind="motion"),))


def _motion(settings: Settings, factors: Factors, classes: list[Fixed], label: str) -> Plan:
    """A set whose classes are motions; training and validation have different looks."""
    check_classes(settings, len(classes))
    videos = []
    for split, number in numbers(settings):
        looks = balance.looks_of(factors, split, settings.combinations)
        kind, look = balance.pair(number, len(classes), len(looks))
        columns = {**_columns(classes[kind]), "shape": looks[look][0], "texture": looks[look][1]}
        change = partial(balance.with_look, shape=looks[look][0], texture=looks[look][1])
        index = balance.index_of(number, split)
        scene = partial(_draw, settings, index, factors, classes[kind], change)
        videos.append(_video(split, number, frames_of(scene, settings), columns, scene))
    return Plan(videos=tuple(videos), manifests=(Manifest(label=(label,), kind="motion"),))


def _draw(settings: Settings, index: int, factors: Factors, fixed: Fixed, change: Change) -> Scene:
    return change(draw(settings.seed, index, factors=factors, fixed=fixed))


def _dots(settings: Settings, index: int, direction: str) -> Iterable[Any]:
    return dots(
        settings.seed, index, direction=direction, num_frames=settings.num_frames, size_px=settings.size_px
    )


def _columns(fixed: Fixed) -> dict[str, str]:
    """What is fixed, as columns of a manifest."""
    columns = {
        "shape": fixed.shape or "",
        "texture": fixed.texture or "",
        "direction": fixed.direction or "",
        "speed": "" if fixed.speed is None else f"{fixed.speed:.3f}",
        "events": "-".join(fixed.events),
    }
    return {name: value for name, value in columns.items() if value}


def _video(
    split: Split,
    number: int,
    frames: Callable[[], Iterable[Any]],
    columns: dict[str, str],
    scene: Callable[[], Scene] | None = None,
) -> Video:
    name = name_of(split, number)
    return Video(video_id=name, split=split, group=name, frames=frames, columns=columns, scene=scene)
