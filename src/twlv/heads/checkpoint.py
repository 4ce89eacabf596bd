"""Training that can be interrupted: its state after an epoch, in one file that is written whole or not at all.

A file is named after its stage and the fingerprint of everything that decides the training (data, settings,
seeds), so the state of another training is never taken up. It is a safetensors file; what is not a tensor
stands in its header as JSON. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from twlv.codec import canonical
from twlv.errors import InputError
from twlv.files import sync_folder
from twlv.types import Json

_KEY = "twlv"
_SCHEMA = 1
_SHARE = 0.05  # of the time of a training that writing may take
_BYTES_PER_SECOND = 1e8  # what a disk is taken to write before the first state has shown it


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """What training continues from: ``epochs`` that are done, tensors by name, numbers as JSON."""

    epochs: int
    tensors: Mapping[str, torch.Tensor]
    numbers: Mapping[str, Json] = field(default_factory=dict)


@dataclass(kw_only=True)
class Checkpoint:
    """Where one stage of a training keeps its state. ``path`` None keeps nothing.

    An epoch that ends sooner than ``every_seconds`` after the last state was kept is not kept, unless it is the
    last one; nor is one that ends so soon that writing would take more than a twentieth of the time. So neither
    epochs of a blink nor states of gigabytes cost much. ``every_seconds`` 0 keeps every epoch.
    """

    path: Path | None = None
    every_seconds: float = 2.0
    clock: Callable[[], float] = time.monotonic
    _last: float = field(default=0.0, init=False)
    _speed: float = field(default=_BYTES_PER_SECOND, init=False)

    def __post_init__(self) -> None:
        self._last = self.clock()

    def load(self) -> State | None:
        """The state that was kept, on the CPU; None if there is none.

        Raises:
            InputError: the file is damaged, or another version's.
        """
        if self.path is None or not self.path.exists():
            return None
        return _read(self.path)

    def save(self, state: State, *, final: bool = False) -> None:
        """Keep ``state`` in place of the one before, if it is time or the ``final`` one."""
        if self.path is None or not (final or self._is_time(state)):
            return
        began = self.clock()
        self._write(self.path, state)
        self._last = self.clock()
        self._speed = _size(state) / max(self._last - began, 1e-3)

    def _is_time(self, state: State) -> bool:
        share = _size(state) / self._speed / _SHARE
        return self.every_seconds == 0 or self.clock() - self._last >= max(self.every_seconds, share)

    def _write(self, path: Path, state: State) -> None:
        from safetensors.torch import save_file

        header: dict[str, Json] = {"schema": _SCHEMA, "epochs": state.epochs, "numbers": dict(state.numbers)}
        tensors = {name: value.detach().cpu().contiguous() for name, value in state.tensors.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            save_file(tensors, temporary, metadata={_KEY: canonical(header)})
            with temporary.open("rb") as handle:
                os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """The checkpoints of a task in one folder; None keeps nothing. ``origin`` is part of every fingerprint."""

    folder: Path | None = None
    origin: Mapping[str, Json] = field(default_factory=dict)
    every_seconds: float = 2.0

    def stage(self, name: str, **decided_by: Json) -> Checkpoint:
        """The checkpoint of one stage; ``decided_by`` is what decides it besides ``origin``."""
        if self.folder is None:
            return Checkpoint()
        text = canonical({"stage": name, "origin": dict(self.origin), **decided_by})
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return Checkpoint(path=self.folder / f"{name}-{digest}.safetensors", every_seconds=self.every_seconds)

    def clear(self, *stages: Checkpoint) -> None:
        """Remove the files of stages that are no longer needed."""
        for stage in stages:
            if stage.path is not None:
                stage.path.unlink(missing_ok=True)


def _size(state: State) -> int:
    return sum(value.nbytes for value in state.tensors.values())


def _read(path: Path) -> State:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {})[_KEY])
            if header["schema"] != _SCHEMA:
                raise ValueError(f"schema {header['schema']}, expected {_SCHEMA}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            return State(epochs=int(header["epochs"]), tensors=tensors, numbers=header["numbers"])
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        raise InputError(
            f"{path}: not a checkpoint of a training ({error}); remove it to start anew"
        ) from error
