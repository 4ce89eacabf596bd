"""Which decoded frame is which: matching frames to the times that ``probe`` promised.

``probe`` counts packets, a decoder gives frames. Nearly always the k-th frame carries the k-th time, and that
is checked for every frame. Where it does not, either frames are missing (a packet that shows nothing), and
the frame before stays on screen; or the stamps are labels in the wrong order (B-frames in avi), absent, or
start again (concatenated streams), and the frames are counted instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import torch

from twlv.types import DoubleArray
from twlv.video.sampling import TIME_TOLERANCE_SECONDS

_LOOKAHEAD = 16
"""No codec shows a frame more than 16 frames after it was decoded."""

F = TypeVar("F")


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A wanted frame, and the index of the frame that is on screen there.

    ``load`` makes its pixels, uint8 (C, H, W); it may be called once, from any one thread, before the source
    is closed.
    """

    wanted: int
    shown: int
    load: Callable[[], torch.Tensor]


Pictures: TypeAlias = Generator[Picture, None, None]
"""What a backend gives; closing it closes the file."""


class Matcher(Generic[F]):
    """Gives each frame its index. Feed it (time in seconds or None, frame) in the order of the decoder."""

    def __init__(self, pts_seconds: DoubleArray, frames: Iterable[tuple[float | None, F]], *, start: int = 0):
        self._pts = pts_seconds
        self._times: list[float] = pts_seconds.tolist()
        self._frames = iter(frames)
        self._ahead: deque[tuple[float | None, F]] = deque()
        self._next = start
        self._latest = -np.inf
        self.counting = False

    def __iter__(self) -> Iterator[tuple[int, F]]:
        last = len(self._times) - 1
        while (item := self._take()) is not None:
            time, frame = item
            if not self.counting:
                expected = self._next <= last and time is not None
                if not expected or abs(time - self._times[self._next]) > TIME_TOLERANCE_SECONDS:  # type: ignore[operator]
                    self._resolve(time)
                self._latest = -np.inf if time is None else time
            index = min(self._next, last)
            self._next += 1
            yield index, frame

    def _take(self) -> tuple[float | None, F] | None:
        return self._ahead.popleft() if self._ahead else next(self._frames, None)

    def _resolve(self, time: float | None) -> None:
        """A frame at another time than promised: count from here on, or go to the index of its time."""
        while len(self._ahead) < _LOOKAHEAD and (item := next(self._frames, None)) is not None:
            self._ahead.append(item)
        times = [self._latest, time, *(time for time, _ in self._ahead)]
        if any(time is None for time in times):
            self.counting = True
            return
        self.counting = bool((np.diff(np.array(times, dtype=np.float64)) < -TIME_TOLERANCE_SECONDS).any())
        if not self.counting and time is not None:
            found = int(np.searchsorted(self._pts, time + TIME_TOLERANCE_SECONDS, side="right")) - 1
            self._next = max(found, self._next - 1, 0)
