"""Checkpoints: folders of safetensors and one JSON, which appear whole or not at all. Nothing is unpickled.

``checkpoints/step-000001000/``: ``model``, ``optimizer`` and ``average`` ``.safetensors``, and ``state.json``
with the step, the recipe and the monitors. A folder is written under another name and renamed when all of it
is on the disk, so a killed run or a full disk leaves the ones before as they were.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from twlv.errors import InputError, TwlvError
from twlv.files import sync_folder, write_atomic
from twlv.types import Json

SCHEMA = 1
STATE = "state.json"
PARTS = ("model", "optimizer", "average")
_PREFIX = "step-"


@dataclass(frozen=True, kw_only=True, eq=False)
class Saved:
    """What a checkpoint holds. ``step``: steps that are done; ``tensors`` by part and name, on the CPU."""

    step: int
    recipe: Mapping[str, Json]
    tensors: Mapping[str, Mapping[str, torch.Tensor]]
    monitors: Mapping[str, float] = field(default_factory=dict)


def write(folder: Path, saved: Saved) -> Path:
    """Write a checkpoint below ``folder``; where it now is.

    Raises:
        TwlvError: the disk is full or refuses; says which checkpoint is intact.
    """
    place = folder / f"{_PREFIX}{saved.step:09d}"
    part = folder / f".{place.name}.{os.getpid()}.part"
    try:
        part.mkdir(parents=True)
        for name, tensors in saved.tensors.items():
            _write_tensors(part / f"{name}.safetensors", tensors)
        state = {"schema": SCHEMA, "step": saved.step, "recipe": dict(saved.recipe)}
        write_atomic(part / STATE, json.dumps({**state, "monitors": dict(saved.monitors)}, indent=1) + "\n")
        sync_folder(part)
        if place.exists():
            shutil.rmtree(place)
        part.replace(place)
        sync_folder(folder)
    except (OSError, _writing_errors()) as error:
        shutil.rmtree(part, ignore_errors=True)
        newest = latest(folder)
        kept = f"{newest} is intact; make room and go on with --resume" if newest else "there is none before it"
        raise TwlvError(f"{place}: the checkpoint could not be written ({error}); {kept}") from error
    return place


def read(place: Path) -> Saved:
    """A checkpoint, on the CPU.

    Raises:
        InputError: not one, damaged, or of another version.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = json.loads((place / STATE).read_text(encoding="utf-8"))
        if state["schema"] != SCHEMA:
            raise ValueError(f"schema {state['schema']}, this version reads {SCHEMA}")
        files = {name: place / f"{name}.safetensors" for name in PARTS}
        return Saved(
            step=int(state["step"]),
            recipe=state["recipe"],
            tensors={name: load_file(str(file)) for name, file in files.items() if file.exists()},
            monitors=state["monitors"],
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{place}: not a checkpoint that can be read ({error}); remove this folder") from error


def found(folder: Path) -> list[Path]:
    """The complete checkpoints below a folder, oldest first."""
    places = (place for place in folder.glob(f"{_PREFIX}*") if (place / STATE).is_file())
    return sorted(places, key=lambda place: int(place.name.removeprefix(_PREFIX)))


def latest(folder: Path) -> Path | None:
    """The newest complete checkpoint, if any."""
    places = found(folder)
    return places[-1] if places else None


def prune(folder: Path, *, keep: int, best: str = "") -> Path | None:
    """Remove all but the newest ``keep`` and the one whose monitor ``best`` is highest, which is returned.

    What killed writers left is removed too.
    """
    for part in folder.glob(f".{_PREFIX}*.part"):
        shutil.rmtree(part, ignore_errors=True)
    places = found(folder)
    known = _monitored(places, best)
    chosen = max(known, key=lambda pair: pair[0])[1] if known else None
    for place in places[:-keep]:
        if place != chosen:
            shutil.rmtree(place)
    return chosen


def highest(folder: Path, monitor: str) -> float:
    """The highest value of a monitor among the checkpoints; minus infinity where there is none."""
    return max((value for value, _ in _monitored(found(folder), monitor)), default=-math.inf)


def _monitored(places: list[Path], monitor: str) -> list[tuple[float, Path]]:
    """The checkpoints that say something of a monitor, with its value."""
    states = [json.loads((place / STATE).read_text(encoding="utf-8"))["monitors"] for place in places]
    return [
        (float(seen[monitor]), place) for seen, place in zip(states, places, strict=True) if monitor in seen
    ]


def _write_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    from safetensors.torch import save_file

    save_file({name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, str(path))
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def _writing_errors() -> type[Exception]:
    """safetensors has an error of its own for a disk that refuses."""
    from safetensors import SafetensorError

    found_type: type[Exception] = SafetensorError
    return found_type


Writer = Callable[[Path, Saved], Path]
