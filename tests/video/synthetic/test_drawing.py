"""Scenes depend on seed and number alone, and every factor on itself alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from twlv.errors import TwlvError
from twlv.video.synthetic import (
    DIFFICULTIES,
    DIRECTIONS,
    EVENTS,
    OPPOSITES,
    SHAPES,
    TEXTURES,
    Factors,
    Fixed,
    Scene,
    draw,
    preset,
    time_reversed,
)

Draw = Callable[[int], Scene]
NUM = 3000


def fair(index: int) -> Scene:
    return draw(3, index)


@cache
def drawn(drawing: Draw) -> list[Scene]:
    return [drawing(index) for index in range(NUM)]


# ---------------------------------------------------------------- the same everywhere


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**40), index=st.integers(0, 2**40), name=st.sampled_from(list(DIFFICULTIES)))
def test_a_scene_depends_on_seed_and_number_alone(seed: int, index: int, name: str) -> None:
    first = draw(seed, index, factors=preset(name))
    assert draw(seed, index + 1, factors=preset(name)) != first
    assert draw(seed + 1, index, factors=preset(name)) != first
    assert draw(seed, index, factors=preset(name)) == first


def test_other_numbers_share_no_scene() -> None:
    """A split that takes other indices or another seed takes other scenes."""
    scenes = {str(draw(seed, index)) for seed in (0, 1) for index in range(300)}
    assert len(scenes) == 600


# ---------------------------------------------------------------- each factor by itself

LABELS: dict[str, Callable[[Scene], str]] = {
    "shape": lambda scene: scene.subject.look.shape,
    "texture": lambda scene: scene.subject.look.texture,
    "direction": lambda scene: scene.direction,
    "trajectory": lambda scene: (
        "arc" if scene.subject.path.curvature else "wave" if scene.subject.path.wave else "line"
    ),
    "distractors": lambda scene: str(sum(mover.role == "distractor" for mover in scene.movers)),
    "occluder": lambda scene: str(scene.movers[-1].role == "occluder"),
    "pan": lambda scene: str(scene.backdrop.pan != (0.0, 0.0)),
    "cells": lambda scene: str(scene.backdrop.cells),
}
NUMBERS: dict[str, Callable[[Scene], float]] = {
    "x": lambda scene: scene.subject.path.centre[0],
    "y": lambda scene: scene.subject.path.centre[1],
    "speed": lambda scene: scene.subject.path.speed,
    "acceleration": lambda scene: scene.subject.path.acceleration / scene.subject.path.speed,
    "spin": lambda scene: scene.subject.spin,
    "growth": lambda scene: scene.subject.growth,
    "radius": lambda scene: scene.subject.look.radius,
    "angle": lambda scene: scene.subject.look.angle_radians,
    "grain": lambda scene: scene.subject.look.grain,
    "red": lambda scene: scene.subject.look.colours[0][0],
    "blue": lambda scene: scene.subject.look.colours[1][2],
    "backdrop": lambda scene: scene.backdrop.seed,
    "contrast": lambda scene: scene.backdrop.contrast,
    "level": lambda scene: scene.backdrop.level,
    "sway": lambda scene: scene.camera.sway,
    "noise": lambda scene: scene.noise,
}
TIED = 1e-5
"""Smallest p value that may occur among the about 200 pairs of independent factors (Bonferroni: 0.2 %)."""


def dependent(drawing: Draw) -> set[tuple[str, str]]:
    """Pairs of factors of which one carries information about the other."""
    scenes = drawn(drawing)
    names = {name: np.array([of(scene) for scene in scenes]) for name, of in LABELS.items()}
    values = {name: np.array([of(scene) for scene in scenes]) for name, of in NUMBERS.items()}
    found = {(a, b) for a, b in combinations(names, 2) if chi_square(names[a], names[b]) < TIED}
    for a, label in names.items():
        found |= {(a, b) for b, value in values.items() if groups_differ(label, value) < TIED}
    found |= {(a, b) for a, b in combinations(values, 2) if stats.spearmanr(values[a], values[b]).pvalue < TIED}
    return found - {("red", "blue")}  # the two colours of an object are one factor: they have to differ


def chi_square(a: np.ndarray, b: np.ndarray) -> float:
    table = np.array([[((a == i) & (b == j)).sum() for j in np.unique(b)] for i in np.unique(a)])
    return float(stats.chi2_contingency(table).pvalue)


def groups_differ(label: np.ndarray, value: np.ndarray) -> float:
    return float(stats.kruskal(*(value[label == name] for name in np.unique(label))).pvalue)


def test_no_factor_tells_another() -> None:
    assert dependent(fair) == set()


def broken(index: int) -> Scene:
    """Wider noise, a speed and a colour that know the label, a little."""
    scene = fair(index)
    subject = scene.subject
    look = replace(subject.look, radius=subject.look.radius + 0.01 * (subject.look.texture == "dots"))
    path = replace(subject.path, speed=subject.path.speed + 0.05 * (scene.direction == "up"))
    changed = replace(subject, look=look, path=path)
    movers = tuple(changed if mover is subject else mover for mover in scene.movers)
    return replace(scene, movers=movers, noise=scene.noise * (1.5 if look.shape == "disc" else 1.0))


def test_factors_that_were_tied_are_found() -> None:
    assert {("texture", "radius"), ("direction", "speed"), ("shape", "noise")} <= dependent(broken)


@pytest.mark.parametrize("label", ["shape", "texture", "direction", "trajectory", "distractors", "cells"])
def test_labels_are_near_uniform(label: str) -> None:
    counts = Counter(LABELS[label](scene) for scene in drawn(fair))
    share = 1 / len(counts)
    error = (NUM * share * (1 - share)) ** 0.5
    assert all(abs(count - NUM * share) < 4 * error for count in counts.values()), counts


def test_all_names_occur() -> None:
    scenes = [fair(index) for index in range(400)]
    assert {LABELS["shape"](scene) for scene in scenes} == set(SHAPES)
    assert {LABELS["texture"](scene) for scene in scenes} == set(TEXTURES)
    assert {scene.direction for scene in scenes} == set(DIRECTIONS)


# ---------------------------------------------------------------- what the caller gives


@settings(max_examples=20, deadline=None)
@given(
    index=st.integers(0, 1000),
    shape=st.sampled_from(SHAPES),
    texture=st.sampled_from(TEXTURES),
    direction=st.sampled_from(list(DIRECTIONS)),
)
def test_a_fixed_label_changes_nothing_else(index: int, shape: str, texture: str, direction: str) -> None:
    free = fair(index)
    scene = draw(3, index, fixed=Fixed(shape=shape, texture=texture, direction=direction, speed=0.2))
    assert (scene.appearance, scene.direction) == (f"{shape}-{texture}", direction)
    assert scene.subject.path.speed == 0.2
    path, look = free.subject.path, free.subject.look
    back = replace(
        scene.subject,
        look=replace(scene.subject.look, shape=look.shape, texture=look.texture),
        path=replace(scene.subject.path, heading_radians=path.heading_radians, speed=path.speed),
    )
    assert replace(scene, movers=tuple(back if m is scene.subject else m for m in scene.movers)) == free


@settings(max_examples=20, deadline=None)
@given(index=st.integers(0, 1000), kinds=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=4))
def test_events_come_in_the_order_asked_for(index: int, kinds: list[str]) -> None:
    scene = draw(0, index, fixed=Fixed(events=tuple(kinds)))
    assert scene.order == tuple(kinds)
    assert time_reversed(scene).order == tuple(kinds[::-1])
    times = [(event.start_seconds, event.end_seconds) for event in scene.subject.events]
    assert times == sorted(times)
    assert all(-1 <= start < end <= 1 for start, end in times)
    mirrored = sorted((-end, -start) for start, end in times)
    assert np.allclose(times, mirrored), "the reversed clip would not be one that could be drawn"


def test_reversed_scenes_go_the_opposite_way() -> None:
    for index in range(16):
        scene = fair(index)
        assert time_reversed(scene).direction == OPPOSITES[scene.direction]
        assert time_reversed(time_reversed(scene)) == scene
        assert time_reversed(scene).appearance == scene.appearance


def test_harder_presets_show_less() -> None:
    easy, default, hard = (preset(name) for name in ("easy", "default", "hard"))
    for name in ("distractors", "contrasts", "noises", "spins", "sways"):
        low, middle, high = (max(getattr(factors, name)) for factors in (easy, default, hard))
        assert low < middle < high, name
    for name in ("pan_share", "occlusion"):
        assert getattr(easy, name) < getattr(default, name) < getattr(hard, name)
    assert easy.speeds[0] > default.speeds[0] > hard.speeds[0]


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: preset("impossible"), "unknown difficulty 'impossible'"),
        (lambda: Factors(shapes=("dics",)), "did you mean disc"),
        (lambda: Factors(textures=()), "at least one texture"),
        (lambda: Factors(directions=("north",)), "unknown direction 'north'"),
        (lambda: Factors(duration_seconds=0.0), "duration_seconds must be above 0"),
        (lambda: Fixed(events=("explode",)), "unknown event 'explode'"),
        (lambda: Fixed(shape="blob"), "unknown shape 'blob'"),
        (lambda: draw(-1, 0), "0 or above"),
        (lambda: draw(0, -1), "0 or above"),
    ],
)
def test_what_cannot_be_drawn_is_refused(attempt: Callable[[], object], words: str) -> None:
    with pytest.raises(TwlvError, match=words):
        attempt()
