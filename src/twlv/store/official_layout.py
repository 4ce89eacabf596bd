"""The folders and file names of the report authors' layout (see ``official``): nothing is read but names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from twlv.errors import InputError
from twlv.store.ids import check_id
from twlv.types import MultiClip, Sampling, Uniform

SPLITS = ("train", "val", "test")
SAMPLINGS: Mapping[str, Sampling] = {"uniform": Uniform(), "multi-clip": MultiClip()}
"""Names of the folders that tell how the clips were laid."""


def find_splits(folder: Path, splits: Sequence[str] | None = None) -> dict[str, Path]:
    """The sub-folder of every split; InputError says which folder to give instead."""
    wanted = splits or [name for name in SPLITS if (folder / name).is_dir()]
    found = {name: folder / name for name in wanted if (folder / name).is_dir()}
    if found and len(found) == len(wanted):
        return found
    samplings = [str(folder / name) for name in SAMPLINGS if (folder / name).is_dir()]
    if samplings:
        raise InputError(
            f"{folder} holds one folder for each sampling; give one of them: {' or '.join(samplings)}"
        )
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    if folder.name in SPLITS or any(name.endswith("_c.npy") for name in os.listdir(folder)[:100]):  # noqa: PTH208
        raise InputError(f"{folder} is one split; give the folder above it: {folder.parent}")
    absent = ", ".join(name for name in wanted if name not in found) or " and ".join(SPLITS[:2])
    raise InputError(
        f"{folder}: no sub-folder {absent}; the layout is {folder}/train/<id>.json, <id>_c.npy, <id>_v.npy"
    )


def video_ids(folder: Path) -> list[str]:
    """Ids of all ``<id>.json``, sorted; StoreError for an id that is no safe name."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    return sorted(check_id(name[:-5]) for name in names if name.endswith(".json"))


def sampling_of(folder: Path) -> Sampling | None:
    """The sampling that the folder is named after."""
    return SAMPLINGS.get(Path(os.path.abspath(folder)).name)  # noqa: PTH100 - links keep their names


def dataset_name(folder: Path) -> str:
    """``Kinetics400`` for ``.../Kinetics400/uniform``."""
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links keep their names
    return folder.parent.name if folder.name in SAMPLINGS and folder.parent.name else folder.name


def orphans(layout: Mapping[str, Path]) -> Iterator[str]:
    """Vectors without a JSON file: they have no label and are left out."""
    for split, folder in layout.items():
        names = set(os.listdir(folder))  # noqa: PTH208 - 60,000 names, no Path objects
        lone = sorted(n for n in names if n.endswith(("_c.npy", "_v.npy")) and f"{n[:-6]}.json" not in names)
        if lone:
            yield f"{len(lone)} files in {split}/ have no .json and are left out: {', '.join(lone[:3])}"
