"""Where a model of transformers lies, a repository of the hub or a folder, and the texts in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from twlv.backbones import hf
from twlv.errors import UsageError, WeightsError
from twlv.types import Json


@dataclass(frozen=True, kw_only=True)
class Source:
    """A repository of the hub with an optional revision, or a local folder.

    ``fetched_as``: a name of the table, which is read from what was fetched for it (or lies in the hub's cache)
    and asks no network.
    """

    place: str
    revision: str | None
    local: bool
    fetched_as: str = ""

    def __str__(self) -> str:
        return f"hf:{self.place}" + (f"@{self.revision}" if self.revision else "")


def is_hub_folder(path: Path) -> bool:
    """Whether a folder holds a model of transformers (``config.json``)."""
    return (path / "config.json").is_file()


def licence_of(source: Source) -> str:
    """The ``license:`` line of the model card, if there is one."""
    text = read_text(source, "README.md", optional=True) or ""
    head = text.split("---")[1] if text.startswith("---") and text.count("---") > 1 else ""
    for line in head.splitlines():
        if line.startswith("license:"):
            return line.partition(":")[2].strip().strip("'\"") or "unknown"
    return "unknown"


def source_of(target: str) -> Source:
    """A folder, or ``org/name[@revision]``. Raises UsageError for anything else."""
    path = Path(target)
    if target and path.is_dir():
        return Source(place=str(path), revision=None, local=True)
    place, _, revision = target.partition("@")
    parts = place.split("/")
    if len(parts) > 2 or not all(parts) or place.startswith((".", "~")):
        raise UsageError(f"hf:{target}: neither a folder nor org/name[@revision]")
    return Source(place=place, revision=revision or None, local=False)


def read_json(source: Source, name: str, *, optional: bool = False) -> dict[str, Json]:
    """A JSON object out of the model's files, empty if optional and absent. Raises WeightsError."""
    text = read_text(source, name, optional=optional)
    if text is None:
        return {}
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise WeightsError(f"{source} {name}: not JSON ({error})") from error
    if not isinstance(values, dict):
        raise WeightsError(f"{source} {name}: not a JSON object")
    return values


def read_text(source: Source, name: str, *, optional: bool) -> str | None:
    """A text out of the model's files, None if optional and absent. Raises WeightsError."""
    if source.local:
        file = Path(source.place) / name
        if not file.is_file():
            if optional:
                return None
            raise WeightsError(f"{source}: no {name} in that folder")
        return file.read_text(encoding="utf-8")
    try:
        found = hf.cached_file(
            source.place,
            name,
            revision=source.revision,
            optional=optional,
            local_files_only=bool(source.fetched_as),
        )
    except (OSError, ValueError) as error:
        raise WeightsError(absent(source, name, error)) from error
    return None if found is None else Path(found).read_text(encoding="utf-8")


def absent(source: Source, what: str, error: Exception) -> str:
    """What to say, and what to do, where a file cannot be had."""
    seen = (str(error).strip().splitlines() or ["no reason given"])[0]
    if source.local:
        return f"{source}: cannot read {what}: {seen}"
    if source.fetched_as:
        return (
            f"{source.fetched_as}: its weights are not here ({what} of {source}). Where there is a network, "
            f"type: twlv models fetch {source.fetched_as}; for files that you have: twlv models fetch "
            f"{source.fetched_as} --file FOLDER"
        )
    return (
        f"{source}: cannot get {what}: {seen} Where there is a network, type: "
        f"hf download {source.place} --local-dir FOLDER; then name it hf:FOLDER"
    )
