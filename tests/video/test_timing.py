"""Frame times from stamps, without a file."""

from __future__ import annotations

import pytest

from twlv.video.timing import Stamp, counted_times, frame_times


def stamps(*pts: int | None, duration: int = 10) -> list[Stamp]:
    return [Stamp(pts=value, dts=None, duration=duration) for value in pts]


def times(packets: list[Stamp], start: int, frame_seconds: float | None = None) -> tuple[list[float], float]:
    found, end = frame_times(packets, tick_seconds=0.01, start=start, frame_seconds=frame_seconds)
    return [round(value, 9) for value in found.tolist()], round(end, 9)


def test_decode_order_becomes_display_order_from_zero() -> None:
    assert times(stamps(500, 530, 510, 520), 500) == ([0.0, 0.1, 0.2, 0.3], 0.4)


def test_negative_stamps_start_at_zero() -> None:
    assert times(stamps(-20, -10, 0), -20) == ([0.0, 0.1, 0.2], 0.3)


def test_packets_before_the_first_picture_show_nothing() -> None:
    assert times(stamps(480, 490, 500, 510), 500) == ([0.0, 0.1], 0.2)


def test_end_is_the_last_frames_own_duration() -> None:
    packets = [*stamps(0, 10), Stamp(pts=20, dts=None, duration=100)]
    assert times(packets, 0)[1] == 1.2


def test_unknown_duration_is_the_median_gap() -> None:
    assert times(stamps(0, 10, 20, 90, duration=0), 0)[1] == 1.0
    assert times(stamps(0, 10, 20, 90, duration=-3), 0)[1] == 1.0


def test_a_lone_frame_has_some_duration() -> None:
    assert times(stamps(7, duration=0), 7, 0.1) == ([0.0], 0.1)
    assert times(stamps(7, duration=0), 7)[1] == 0.04


def test_duplicates_are_kept() -> None:
    assert times(stamps(0, 10, 10, 20), 0)[0] == [0.0, 0.1, 0.1, 0.2]


def test_without_presentation_times_decode_times_serve() -> None:
    packets = [Stamp(pts=None, dts=value, duration=10) for value in (3, 13, 23)]
    assert times(packets, 3) == ([0.0, 0.1, 0.2], 0.3)


def test_a_second_timeline_follows_the_first() -> None:
    """Two transport streams, one after the other in a file, both starting at 100."""
    part = [Stamp(pts=value, dts=value, duration=10) for value in range(100, 200, 10)]
    found, end = times(part + part, 100)
    assert found == [round(k * 0.1, 9) for k in range(20)]
    assert end == 2.0


def test_a_small_step_back_is_only_disorder() -> None:
    packets = [Stamp(pts=p, dts=d, duration=10) for p, d in ((0, 0), (20, 12), (10, 11), (30, 30))]
    assert times(packets, 0)[0] == [0.0, 0.1, 0.2, 0.3]


def test_a_packet_without_a_stamp_is_refused() -> None:
    with pytest.raises(ValueError, match="time stamp"):
        times(stamps(0, None), 0)


def test_counted_frames_follow_the_rate() -> None:
    found, end = counted_times(3, frame_seconds=0.5)
    assert (found.tolist(), end) == ([0.0, 0.5, 1.0], 1.5)
