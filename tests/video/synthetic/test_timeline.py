"""Untrimmed videos: segments that fit, labels that follow them, motion that goes on where it stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import TwlvError
from twlv.video.synthetic import (
    ACTIONS,
    BACKGROUND,
    DIRECTIONS,
    Timeline,
    boxes,
    draw_timeline,
    frame_labels,
    preset,
    render,
    render_blocks,
    time_reversed,
)
from twlv.video.synthetic.motion import frame_times, states

FPS = 8


def labels_of(timeline: Timeline) -> tuple[str, ...]:
    return frame_labels(timeline, round(FPS * timeline.scene.duration_seconds))


def track(timeline: Timeline) -> np.ndarray:
    """Unwrapped x, y, angle and log size of the subject in every frame: (4, T), the camera's sway taken off."""
    steady = replace(timeline.scene, camera=replace(timeline.scene.camera, sway=0.0))
    times = frame_times(steady.duration_seconds, round(FPS * steady.duration_seconds))
    found = states([steady], [times])
    row = steady.movers.index(steady.subject)
    return np.stack([found.x[row], found.y[row], found.angle[row], found.log_size[row]])


@settings(max_examples=25, deadline=None)
@given(
    index=st.integers(0, 10_000),
    duration=st.floats(5, 120),
    gaps=st.tuples(st.floats(0, 2), st.floats(0, 5)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    recipe=st.none() | st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=8),
)
def test_segments_are_sorted_disjoint_and_inside(
    index: int, duration: float, gaps: tuple[float, float], recipe: list[str] | None
) -> None:
    timeline = draw_timeline(0, index, duration_seconds=duration, gaps_seconds=gaps, recipe=recipe)
    edges = [edge for action in timeline.actions for edge in (action.start_seconds, action.end_seconds)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= duration for edge in edges)
    assert all(action.end_seconds > action.start_seconds for action in timeline.actions)
    if recipe is not None:
        assert [action.label for action in timeline.actions] == recipe
    assert timeline.scene.duration_seconds == duration


def test_a_recipe_without_gaps_fills_the_video() -> None:
    timeline = draw_timeline(1, 2, recipe=("pulse", "right", "pulse"), gaps_seconds=(0, 0), duration_seconds=30)
    assert timeline.actions[0].start_seconds == 0
    assert timeline.actions[-1].end_seconds == pytest.approx(30)
    assert BACKGROUND not in labels_of(timeline)


def test_frame_labels_are_the_segments_drawn_on_the_frames() -> None:
    for index in range(5):
        timeline = draw_timeline(2, index)
        labels = labels_of(timeline)
        expected = [BACKGROUND] * len(labels)
        for action in timeline.actions:
            for frame in range(len(labels)):
                if action.start_seconds <= (frame + 0.5) / FPS < action.end_seconds:
                    expected[frame] = action.label
        assert list(labels) == expected
        backwards = replace(timeline, scene=time_reversed(timeline.scene))
        assert labels_of(backwards) == labels[::-1]


def test_the_subject_does_what_the_label_says() -> None:
    """Between frames inside one action the state changes as its label says; in the background not at all."""
    for index in range(12):
        timeline = draw_timeline(3, index)
        labels, moved = labels_of(timeline), np.diff(track(timeline), axis=1)
        for frame, step in enumerate(moved.T):
            if labels[frame] == labels[frame + 1] and frame and labels[frame - 1] == labels[frame]:
                assert_does(labels[frame], step)


def assert_does(label: str, step: np.ndarray) -> None:
    dx, dy, turn, growth = step
    if label == BACKGROUND:
        assert np.allclose(step, 0)
    elif label in DIRECTIONS:
        assert np.dot((dx, dy), DIRECTIONS[label]) > 0
        assert abs(np.cross((*DIRECTIONS[label], 0), (dx, dy, 0))[2]) < 1e-9
    elif label.startswith("spin"):
        assert np.sign(turn) == (1 if label == "spin-right" else -1)
    elif label == "pulse":
        assert abs(growth) + abs(dx) + abs(dy) == abs(growth)
    else:
        assert (turn, growth) == (0, 0)
        assert label == "shake" or np.hypot(dx, dy) > 0


def test_neither_place_nor_orientation_tells_the_action() -> None:
    """Where the actions of each label take place is spread evenly over the torus, and so are the angles."""
    seen: dict[str, list[np.ndarray]] = {}
    for index in range(150):
        timeline = draw_timeline(4, index, duration_seconds=40)
        state = track(timeline)
        for action in timeline.actions:
            middle = (action.start_seconds + action.end_seconds) / 2
            seen.setdefault(action.label, []).append(state[:3, int(middle * FPS)])
    for label, places in seen.items():
        turns = np.stack(places) * (1, 1, 1 / (2 * np.pi))
        spread = np.abs(np.exp(2j * np.pi * turns).mean(axis=0))  # 0 for even, 1 for all alike
        assert (spread < 4 / np.sqrt(len(places))).all(), (label, spread)


def test_labels_are_near_uniform() -> None:
    counts = Counter(action.label for index in range(150) for action in draw_timeline(5, index).actions)
    total, share = counts.total(), 1 / len(ACTIONS)
    assert set(counts) == set(ACTIONS)
    error = (total * share * (1 - share)) ** 0.5
    assert all(abs(count - total * share) < 4 * error for count in counts.values())


def test_blocks_are_the_whole_and_small() -> None:
    timeline = draw_timeline(0, 1, duration_seconds=12, factors=preset("hard"))
    parts = list(render_blocks(timeline.scene, num_frames=96, size_px=24, block_frames=40))
    assert [len(part) for part in parts] == [40, 40, 16]
    whole = render([timeline.scene], num_frames=96, size_px=24)[0]
    assert all((whole[40 * i : 40 * i + len(part)] == part).all() for i, part in enumerate(parts))


def test_the_subject_stays_in_the_picture() -> None:
    timeline = draw_timeline(0, 3)
    row = timeline.scene.movers.index(timeline.scene.subject)
    assert not np.isnan(boxes(timeline.scene, 480)[:, row]).any()


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: draw_timeline(0, 0, labels=("rihgt",)), "did you mean right"),
        (lambda: draw_timeline(0, 0, recipe=()), "at least one action"),
        (lambda: draw_timeline(0, 0, lengths_seconds=(0.0, 1.0)), "shortest"),
        (lambda: draw_timeline(0, 0, gaps_seconds=(2.0, 1.0)), "shortest"),
        (lambda: draw_timeline(0, 0, duration_seconds=0), "duration_seconds must be above 0"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(attempt: Callable[[], object], words: str) -> None:
    with pytest.raises(TwlvError, match=words):
        attempt()
