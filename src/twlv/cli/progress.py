"""Progress of long work on standard error: a bar on a terminal, a plain line every few seconds in a log.

Both have the three methods of ``twlv.embedding.progress.Progress``: start, advance, finish.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO


class Bar:
    """A tqdm bar with rate and time left; names each video that fails above it."""

    def __init__(self, label: str = "embed") -> None:
        self._label = label
        self._bar: Any = None

    def start(self, total: int, done: int) -> None:
        """Begin: ``total`` videos, ``done`` of them already in the store."""
        from tqdm import tqdm

        self._bar = tqdm(
            total=total, initial=done, desc=self._label, unit="video", dynamic_ncols=True, file=sys.stderr
        )

    def advance(self, video_id: str, failed: str | None) -> None:
        """One video more; ``failed`` is its reason if it could not be embedded."""
        if failed is not None:
            self._bar.write(f"  failed: {video_id}: {failed}", file=sys.stderr)
        self._bar.update()

    def finish(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()


class Lines:
    """One line every ``every_seconds``, and at the end."""

    def __init__(
        self, label: str = "embed", *, every_seconds: float = 10.0, out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic, kept: str = "already in the store",
    ) -> None:  # fmt: skip
        self._label, self._every, self._clock, self._kept_where = label, every_seconds, clock, kept
        self._out = out if out is not None else sys.stderr
        self._total = self._done = self._new = self._failed = 0
        self._began = self._last = 0.0

    def start(self, total: int, done: int) -> None:
        """Begin: ``total`` videos, ``done`` of them already in the store."""
        self._total, self._done, self._new, self._failed = total, done, 0, 0
        self._began = self._last = self._clock()
        if done < total:
            kept = f", {done} {self._kept_where}" if done else ""
            self._print(f"{total} videos{kept}")

    def advance(self, video_id: str, failed: str | None) -> None:
        """One video more; ``failed`` is its reason if it could not be embedded."""
        self._done, self._new = self._done + 1, self._new + 1
        if failed is not None:
            self._failed += 1
            self._print(f"failed: {video_id}: {failed}")
        if self._clock() - self._last >= self._every:
            self._last = self._clock()
            self._print(self._state())

    def finish(self) -> None:
        """Print the last state."""
        if self._new:
            self._print(self._state())

    def _state(self) -> str:
        rate = self._new / max(self._clock() - self._began, 1e-9)
        left = (self._total - self._done) / rate if rate else 0.0
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done}/{self._total} videos{failed}, {rate:.1f} videos/s, {left:.0f} s left"

    def _print(self, text: str) -> None:
        print(f"{self._label}: {text}", file=self._out, flush=True)


def progress(label: str = "embed", *, kept: str = "already in the store") -> Bar | Lines:
    """A bar if standard error is a terminal, else lines; ``kept`` is said of the videos of an earlier run."""
    return Bar(label) if sys.stderr.isatty() else Lines(label, kept=kept)
