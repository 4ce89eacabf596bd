"""The procedural clips: deterministic, balanced, and blind to order for whatever ignores it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.video.synthetic.legacy import COMBINATIONS, DIRECTIONS, SPEEDS, Scene, render, scene, time_reversed

SIZE = 48


def moving_part(frames: np.ndarray, still: np.ndarray) -> tuple[float, float]:
    """Centre (x, y) in pixels of what differs from the still background."""
    mask = np.abs(frames.astype(int) - still).max(axis=0) > 24
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


@pytest.mark.parametrize("index", [0, 17, 47, 48, 1000])
def test_a_scene_depends_on_seed_and_index_only(index: int) -> None:
    first = render(scene(index, seed=3), size_px=SIZE)
    scene(index + 1, seed=3)
    assert np.array_equal(first, render(scene(index, seed=3), size_px=SIZE))
    assert not np.array_equal(first, render(scene(index, seed=4), size_px=SIZE))
    assert first.shape == (16, 3, SIZE, SIZE)
    assert first.dtype == np.uint8


@settings(max_examples=12, deadline=None)
@given(index=st.integers(0, 10_000), num_frames=st.integers(1, 16))
def test_the_reversed_scene_is_the_same_clip_backwards(index: int, num_frames: int) -> None:
    original = scene(index)
    forward = render(original, num_frames=num_frames, size_px=SIZE)
    backward = render(time_reversed(original), num_frames=num_frames, size_px=SIZE)
    assert np.array_equal(forward[::-1], backward)
    assert np.array_equal(np.sort(forward, axis=0), np.sort(backward, axis=0))
    assert time_reversed(original).appearance == original.appearance
    opposite = {"right": "left", "left": "right", "up": "down", "down": "up"}
    assert time_reversed(original).direction == opposite[original.direction]


def test_every_block_of_48_crosses_all_factors() -> None:
    for start in (0, 48 * 7):
        block = [scene(index) for index in range(start, start + len(COMBINATIONS))]
        pairs = Counter((s.appearance, s.direction) for s in block)
        assert len(pairs) == 6 * 4
        assert set(pairs.values()) == {len(SPEEDS)}
        speeds = Counter((s.direction, round(float(np.hypot(*s.velocity)), 6)) for s in block)
        assert set(speeds.values()) == {6}


def test_place_and_colours_do_not_depend_on_the_labels() -> None:
    """The mean place at mid-clip of each direction lies within four standard errors of the middle."""
    scenes = [scene(index) for index in range(48 * 12)]
    for direction in DIRECTIONS:
        centres = np.array([s.centre for s in scenes if s.direction == direction])
        error = centres.std(axis=0) / np.sqrt(len(centres))
        assert (np.abs(centres.mean(axis=0) - 0.5) < 4 * error).all()


@pytest.mark.parametrize("index", range(0, 48, 5))
def test_the_shape_moves_as_its_label_says(index: int) -> None:
    described = scene(index)
    frames = render(described, size_px=96)
    still = np.median(render(hidden(described), num_frames=1, size_px=96), axis=0).astype(int)
    first, last = moving_part(frames[0], still), moving_part(frames[-1], still)
    step = DIRECTIONS[described.direction]
    travel = float(np.hypot(*described.velocity)) * 15 * 96
    assert (last[0] - first[0], last[1] - first[1]) == pytest.approx(
        (step[0] * travel, step[1] * travel), abs=2.5
    )


def hidden(described: Scene) -> Scene:
    """The same scene with the shape outside the picture."""
    return Scene(**{**vars(described), "centre": (9.0, 9.0), "velocity": (0.0, 0.0)})


def test_the_shape_stays_in_the_picture() -> None:
    for index in range(96):
        described = scene(index)
        for t in (-7.5, 7.5):
            for centre, velocity in zip(described.centre, described.velocity, strict=True):
                assert described.radius * 0.99 < centre + velocity * t < 1 - described.radius * 0.99


def test_one_frame_does_not_tell_the_direction() -> None:
    """Nearest neighbour on the middle frame stays at chance (1/4); on the differences of frames it does not."""
    labels = np.array([list(DIRECTIONS).index(scene(i).direction) for i in range(48 * 6)])
    clips = (
        np.stack([render(scene(i), num_frames=15, size_px=32) for i in range(48 * 6)]).astype(np.float64) / 255
    )
    middle = clips[:, 7].reshape(len(clips), -1)
    assert one_neighbour(middle, labels) < 0.25 + 4 * np.sqrt(0.25 * 0.75 / (len(labels) / 2))
    assert gradient_flow_accuracy(clips, labels) > 0.6


def one_neighbour(features: np.ndarray, labels: np.ndarray) -> float:
    half = len(features) // 2
    distance = ((features[half:, None] - features[None, :half]) ** 2).sum(axis=-1)
    return float((labels[:half][distance.argmin(axis=1)] == labels[half:]).mean())


def gradient_flow_accuracy(clips: np.ndarray, labels: np.ndarray) -> float:
    """The sign of the summed product of time and space differences gives the direction without training."""
    grey = clips.mean(axis=2)
    dt, dy, dx = np.gradient(grey, axis=(1, 2, 3))
    flow_x, flow_y = -(dt * dx).sum(axis=(1, 2, 3)), -(dt * dy).sum(axis=(1, 2, 3))
    guess = np.where(np.abs(flow_x) > np.abs(flow_y), np.where(flow_x > 0, 0, 2), np.where(flow_y > 0, 1, 3))
    return float((guess == labels).mean())
