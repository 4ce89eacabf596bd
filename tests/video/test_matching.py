"""Decoded frames to promised times, with the disorders that real files show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.video.matching import Matcher


def match(pts: list[float], shown: list[float | None]) -> list[int]:
    """Index given to each frame of a decoder that stamps its frames ``shown``."""
    matcher = Matcher(np.array(pts), [(time, place) for place, time in enumerate(shown)])
    found = list(matcher)
    assert [frame for _, frame in found] == list(range(len(shown)))  # no frame lost or moved
    return [index for index, _ in found]


def test_the_usual_case() -> None:
    assert match([0, 1, 2, 3], [0, 1, 2, 3]) == [0, 1, 2, 3]


def test_labels_in_decode_order_are_only_labels() -> None:
    """B-frames in avi: the pictures come in order, their stamps do not."""
    assert match([0, 1, 2, 3, 4, 5], [0, 1, 3, 2, 4, 5]) == [0, 1, 2, 3, 4, 5]


def test_no_stamps() -> None:
    assert match([0, 1, 2], [None, None, None]) == [0, 1, 2]


def test_a_packet_that_shows_nothing_leaves_its_index_out() -> None:
    assert match([0, 1, 2, 3, 4], [0, 1, 3, 4]) == [0, 1, 3, 4]


def test_a_second_timeline_is_counted_on() -> None:
    assert match([0, 1, 2, 3, 4, 5], [0, 1, 2, 0, 1, 2]) == [0, 1, 2, 3, 4, 5]


def test_a_frame_more_than_promised() -> None:
    assert match([0, 1, 2], [0, 1, 1.5, 2]) == [0, 1, 1, 2]
    assert match([0, 1, 2], [0, 1, 2, 3]) == [0, 1, 2, 2]


def test_more_frames_than_times_without_stamps_stay_in_range() -> None:
    assert match([0, 1], [None, None, None]) == [0, 1, 1]


@settings(max_examples=100, deadline=None)
@given(lost=st.sets(st.integers(1, 59)))
def test_lost_frames_never_shift_the_others(lost: set[int]) -> None:
    kept = [k for k in range(60) if k not in lost]
    assert match([k / 30 for k in range(60)], [k / 30 for k in kept]) == kept


@pytest.mark.parametrize("distance", [1, 2, 5])
def test_swapped_labels_far_apart(distance: int) -> None:
    labels: list[float | None] = list(range(40))
    for k in range(3, 30, distance + 1):
        labels[k], labels[k + distance] = labels[k + distance], labels[k]
    assert match(list(range(40)), labels) == list(range(40))
