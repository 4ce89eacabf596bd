"""Random dots: noise in every frame, motion between them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from twlv.errors import TwlvError
from twlv.video.synthetic import DIRECTIONS, OPPOSITES, dots

NAMES = list(DIRECTIONS)


def runs_score(bits: np.ndarray) -> float:
    """Wald and Wolfowitz: how many standard deviations the number of runs is from that of random bits."""
    ones = int(bits.sum())
    zeros = len(bits) - ones
    mean = 2 * ones * zeros / len(bits) + 1
    deviation = math.sqrt((mean - 1) * (mean - 2) / (len(bits) - 1))
    return float((1 + (np.diff(bits) != 0).sum() - mean) / deviation)


def cells(clip: torch.Tensor) -> np.ndarray:
    """One number per cell: (T, N, N)."""
    return (clip[:, 0, ::2, ::2] > 127).long().numpy()


def failures(make: Callable[[int], np.ndarray]) -> int:
    """Frames (T, N, N) of 8 clips that fail a runs test along rows or columns, or are not half white."""
    found = 0
    for number in range(8):
        for frame in make(number):
            balance = abs(frame.mean() - 0.5) / (0.5 / math.sqrt(frame.size))
            found += max(balance, abs(runs_score(frame.ravel())), abs(runs_score(frame.T.ravel()))) > 4.5
    return found


def test_every_frame_alone_is_noise() -> None:
    assert failures(lambda number: cells(dots(0, number, direction=NAMES[number]))) == 0


def test_frames_that_show_their_motion_are_found() -> None:
    """Dots that leave streaks, or a disc brighter than its surroundings, fail the same test."""

    def streaked(number: int) -> np.ndarray:
        frames = cells(dots(0, number, direction="right"))
        return np.maximum(frames[1:], frames[:-1])

    assert failures(streaked) > 50


def moved(clip: torch.Tensor) -> str:
    """The direction in which frames agree best with the next, of all eight."""
    frames = cells(clip)
    steps = {name: (round(1.2 * y), round(1.2 * x)) for name, (x, y) in DIRECTIONS.items()}
    agree = {
        name: (np.roll(frames[:-1], step, axis=(1, 2)) == frames[1:]).mean() for name, step in steps.items()
    }
    return max(agree, key=lambda name: agree[name])


@pytest.mark.parametrize("direction", NAMES)
def test_pairs_of_frames_tell_the_direction(direction: str) -> None:
    assert moved(dots(1, 5, direction=direction)) == direction
    assert moved(dots(1, 5, direction=direction, backwards=True)) == OPPOSITES[direction]


def test_the_reverse_is_the_same_frames() -> None:
    forward, backward = (dots(2, 3, direction="up", backwards=flag) for flag in (False, True))
    assert torch.equal(forward.flip(0), backward)
    assert torch.equal(forward, dots(2, 3, direction="up"))
    assert not torch.equal(forward, dots(2, 4, direction="up"))


def test_shape_and_no_coherence() -> None:
    clip = dots(0, 0, direction="up", num_frames=5, size_px=33, cell_px=4)
    assert clip.shape == (5, 3, 33, 33)
    assert clip.dtype == torch.uint8
    assert set(clip.unique().tolist()) == {0, 255}
    frames = cells(dots(0, 0, direction="up", coherence=0.0))
    assert abs((np.roll(frames[:-1], (-1, 0), axis=(1, 2)) == frames[1:]).mean() - 0.5) < 0.02


@pytest.mark.parametrize(
    "wrong", [{"direction": "north"}, {"num_frames": 0}, {"coherence": 1.5}, {"cell_px": 0}, {"size_px": 1}]
)
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(TwlvError):
        dots(0, 0, **{"direction": "up", **wrong})  # type: ignore[arg-type]
