"""The log of a run: JSON lines, which a resumed run continues as if it had not been interrupted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twlv.errors import MissingExtra
from twlv.files import write_atomic
from twlv.types import Json


class Log:
    """Lines with ``step`` (steps that are done) and ``kind``: ``start``, ``step``, ``monitors``, ``stop``."""

    def __init__(self, path: Path, *, after: int = 0, tensorboard: bool = False) -> None:
        """Continue a log that is there, without the lines of steps beyond ``after``, which are made again."""
        self._board = _board(path.parent) if tensorboard else None
        kept = [row for row in rows(path) if row.get("step", 0) <= after] if path.exists() else []
        write_atomic(path, "".join(_line(row) for row in kept))
        self._handle = path.open("a", encoding="utf-8")

    def write(self, kind: str, step: int, values: Mapping[str, Json]) -> None:
        """One line, on the disk's queue at once."""
        self._handle.write(_line({"kind": kind, "step": step, **values}))
        self._handle.flush()
        if self._board is not None:
            for name, value in _numbers(kind, values):
                self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Close the files."""
        self._handle.close()
        if self._board is not None:
            self._board.close()


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a log; a last one that was cut short by a kill is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return found


def _line(row: Mapping[str, Json]) -> str:
    return json.dumps(row) + "\n"


def _numbers(kind: str, values: Mapping[str, Json], prefix: str = "") -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += _numbers(kind, value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append((f"{kind}/{prefix}{name}", float(value)))
    return found


def _board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtra("tensorboard", "tensorboard", needed_for="train.tensorboard") from error
    return SummaryWriter(log_dir=str(folder / "tensorboard"))
