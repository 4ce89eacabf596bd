"""What long work tells whoever watches it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A watcher of work on videos: a progress bar, lines in a log, or nothing."""

    def start(self, total: int, done: int) -> None:
        """Work begins on ``total`` videos, of which ``done`` were done by an earlier run."""

    def advance(self, video_id: str, failed: str | None) -> None:
        """One video is finished; ``failed`` is the reason if it could not be embedded."""

    def finish(self) -> None:
        """No more videos. Also called when the work is interrupted."""


class Silent:
    """A Progress that says nothing."""

    def start(self, total: int, done: int) -> None:
        """Say nothing."""

    def advance(self, video_id: str, failed: str | None) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""
