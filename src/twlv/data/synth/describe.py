"""``synth.json``, the side file that says what a folder was made from; another set is never written over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from twlv.data.synth.settings import VERSION, Settings
from twlv.errors import InputError, UsageError
from twlv.files import write_atomic
from twlv.types import Json

SIDE_FILE = "synth.json"


def made_from(settings: Settings) -> dict[str, Json]:
    """What decides every byte of a set, except the versions of torch and of the encoder."""
    return {"generator_version": VERSION, **asdict(settings)}


def claim(folder: Path, settings: Settings) -> None:
    """Make ``folder`` the place of this set, or find that it is already.

    Raises:
        UsageError: the folder holds a set made from other settings, or something else.
        InputError: its side file cannot be read.
    """
    path = folder / SIDE_FILE
    wanted = made_from(settings)
    if path.exists():
        _refuse_other(folder, read(folder), wanted)
        return
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty and holds no set of ours ({SIDE_FILE}); name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, {"made_from": wanted, "complete": False})


def write(folder: Path, document: Mapping[str, Json]) -> None:
    """Write the side file, whole or not at all."""
    write_atomic(folder / SIDE_FILE, json.dumps(document, indent=1) + "\n")


def read(folder: Path) -> dict[str, Json]:
    """What a folder's set was made from. Raises InputError."""
    path = folder / SIDE_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); remove the folder, or name another") from error
    found = document.get("made_from") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise InputError(f"{path}: says nothing of 'made_from'; remove the folder, or name another")
    return found


def _refuse_other(folder: Path, there: Mapping[str, Json], wanted: Mapping[str, Json]) -> None:
    names = [name for name in dict.fromkeys([*wanted, *there]) if there.get(name) != wanted.get(name)]
    if names:
        differ = ", ".join(f"{name} is {there.get(name)}, asked for {wanted.get(name)}" for name in names)
        raise UsageError(f"{folder} holds a set made from other settings: {differ}; name another folder")
