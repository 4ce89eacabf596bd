"""Frame times from packet stamps: pure arithmetic, so that every odd case has a test without a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twlv.types import DoubleArray

_JUMP_SECONDS = 0.5
"""Decode stamps that go back by more than this start a new timeline (concatenated transport streams)."""

_DEFAULT_SECONDS = 0.04
"""How long a single frame without any stated duration or rate is shown (a still picture): 1/25 s."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """One packet, in ticks of the stream: presentation, decode time (None: absent), duration (0: unknown)."""

    pts: int | None
    dts: int | None
    duration: int

    @property
    def shown(self) -> int | None:
        """When it is shown; a container without presentation times (old avi) has the decode time only."""
        return self.dts if self.pts is None else self.pts


def frame_times(
    stamps: Sequence[Stamp], *, tick_seconds: float, start: int, frame_seconds: float | None
) -> tuple[DoubleArray, float]:
    """Sorted times (N,) of the frames, the first 0, and the end of the last; stamps come in decode order.

    ``start`` is the stamp of the first frame that decodes: packets before it show nothing and are left out.
    ``frame_seconds`` is the nominal gap, only used for the end of a lone frame of unknown duration.
    """
    shown = np.array(_one_timeline(stamps, tick_seconds), dtype=np.float64)
    order = np.argsort(shown, kind="stable")
    order = order[shown[order] >= start]
    times: DoubleArray = ((shown[order] - start) * tick_seconds).astype(np.float64)
    last = stamps[int(order[-1])].duration * tick_seconds
    if last <= 0:
        last = median_gap(times) or frame_seconds or _DEFAULT_SECONDS
    return times, float(times[-1] + last)


def counted_times(count: int, *, frame_seconds: float | None) -> tuple[DoubleArray, float]:
    """Times of ``count`` frames of a file that carries no stamps: its rate is all there is."""
    gap = frame_seconds or _DEFAULT_SECONDS
    return np.arange(count, dtype=np.float64) * gap, count * gap


def median_gap(times: DoubleArray) -> float:
    """The median distance of neighbours, 0 where there are none."""
    gaps = np.diff(times)
    gaps = gaps[gaps > 0]
    return float(np.median(gaps)) if len(gaps) else 0.0


def _one_timeline(stamps: Sequence[Stamp], tick_seconds: float) -> list[int]:
    """Presentation ticks with every later timeline moved behind the one before."""
    ticks: list[int] = []
    offset, latest_dts, end = 0, None, 0
    for stamp in stamps:
        shown = stamp.shown
        if shown is None:
            raise ValueError("a packet without any time stamp")
        if stamp.dts is not None:
            if latest_dts is not None and (latest_dts - stamp.dts) * tick_seconds > _JUMP_SECONDS:
                offset = end - shown
            latest_dts = stamp.dts
        ticks.append(shown + offset)
        end = max(end, shown + offset + stamp.duration) if len(ticks) > 1 else shown + stamp.duration
    return ticks
