"""A polite end: SIGTERM and Ctrl-C let the step finish, so that it can be saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Request:
    """Whether somebody asked the run to stop, and how (``SIGTERM``, ``SIGINT``, or "")."""

    by: str = ""


@contextmanager
def polite() -> Iterator[Request]:
    """Within it the first signal is noted; a second Ctrl-C interrupts at once. Only in the main thread."""
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def note(number: int, frame: FrameType | None) -> None:
        if request.by and number == signal.SIGINT:
            raise KeyboardInterrupt
        request.by = signal.Signals(number).name

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
