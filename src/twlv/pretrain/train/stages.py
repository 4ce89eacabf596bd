"""Where the time of a step goes: data, targets and teachers, forward and backward, optimiser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

STAGES = ("data", "teacher", "forward_backward", "optimizer", "other")


class Stages:
    """Seconds by stage since the last ``taken``, and how many clips went through.

    On a GPU the work of a stage is waited for only in steps that are ``exact``, so the shares are those of
    these steps; clips a second are over all of them.
    """

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._device = device
        self.exact = True
        self._reset()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is within."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._wait()
            if self.exact:
                self._seconds[name] += time.perf_counter() - began

    def move(self, seconds: float, *, origin: str, to: str) -> None:
        """Give some of one stage's seconds to another, where the parts are known afterwards only."""
        if self.exact:
            moved = min(seconds, self._seconds[origin])
            self._seconds[origin] -= moved
            self._seconds[to] += moved

    def count(self, clips: int) -> None:
        """So many clips, over all processes, have been learnt from."""
        self._clips += clips

    def taken(self) -> tuple[dict[str, float], float]:
        """Shares of the time by stage, and clips a second, since the last call."""
        elapsed = max(time.perf_counter() - self._began, 1e-9)
        whole = max(sum(self._seconds.values()), 1e-9)
        shares = {name: round(seconds / whole, 4) for name, seconds in self._seconds.items()}
        speed = self._clips / elapsed
        self._reset()
        return shares, speed

    def _reset(self) -> None:
        self._seconds = dict.fromkeys(STAGES, 0.0)
        self._clips, self._began = 0, time.perf_counter()

    def _wait(self) -> None:
        if self._cuda and self.exact:
            torch.cuda.synchronize(self._device)
