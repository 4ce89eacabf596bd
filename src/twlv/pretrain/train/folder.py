"""What a run leaves in its folder, and that only one run at a time writes there.

``log.jsonl``, ``run.json`` (the recipe and the machine), ``run.png``, ``failures.jsonl``, ``checkpoints/``,
``backbone/`` (the export).
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from twlv.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class RunFolder:
    """The places of a run's files."""

    path: Path

    @property
    def log(self) -> Path:
        """One JSON object a line."""
        return self.path / "log.jsonl"

    @property
    def facts(self) -> Path:
        """The recipe and what it ran on."""
        return self.path / "run.json"

    @property
    def picture(self) -> Path:
        """The plot of the run."""
        return self.path / "run.png"

    @property
    def failures(self) -> Path:
        """What could not be read."""
        return self.path / "failures.jsonl"

    @property
    def checkpoints(self) -> Path:
        """See ``checkpoint``."""
        return self.path / "checkpoints"

    @property
    def backbone(self) -> Path:
        """The exported backbone, for ``twlv.load``."""
        return self.path / "backbone"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder. The system lets go of it when the process ends, however it ends.

        Raises:
            UsageError: another run holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("a+", encoding="utf-8") as handle:
            if not _taken(handle):
                handle.seek(0)
                raise UsageError(
                    f"{self.path}: another run is writing here ({handle.read().strip() or 'unknown'}); "
                    "wait for it or name another folder with --out"
                )
            handle.truncate(0)
            handle.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}) + "\n")
            handle.flush()
            yield


def _taken(handle: IO[str]) -> bool:
    """Whether we hold the lock now."""
    try:
        import fcntl
    except ImportError:  # Windows: its locks are of bytes and would keep others from reading who holds it
        import msvcrt

        try:
            handle.seek(1 << 20)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
