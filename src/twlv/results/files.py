"""Results as files: one JSON document each, written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from twlv.errors import ResultError
from twlv.files import write_atomic
from twlv.results.canonical import digest, jsonable
from twlv.results.compare import WHERE_IT_RUNS
from twlv.results.document import from_json, to_json
from twlv.results.result import Result
from twlv.types import Json

_PART_LENGTH = 60
_HASH_LENGTH = 10


def identity(result: Result) -> dict[str, Json]:
    """What was run, without what came out, when, or on which machine: the same run twice has the same identity.

    Decoder versions and the device are left out (they are part of the environment). So is the seed that was
    asked for: a task names those that it used.
    """
    config = {name: value for name, value in result.task.config.items() if name not in WHERE_IT_RUNS}
    versions = {"decoder", "store_key", "provenance"}
    made = {name: value for name, value in result.embedding.items() if name not in versions}
    seeds = {name: seed for name, seed in result.seeds.items() if name != "asked"}
    return {
        "task": jsonable(replace(result.task, config=config)),
        "dataset": jsonable(result.dataset),
        "backbone": jsonable(result.backbone),
        "embedding": jsonable(made),
        "seeds": jsonable(seeds),
    }


def file_name(result: Result) -> str:
    """``<task>__<dataset>__<backbone>__<hash10>.json``; characters other than ``A-Za-z0-9._-`` become ``-``."""
    parts = (result.task.name, result.dataset.name, result.backbone.name)
    return "__".join([*map(_safe, parts), digest(identity(result))[:_HASH_LENGTH]]) + ".json"


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:_PART_LENGTH].strip("-.") or "unnamed"


def save(result: Result, folder: str | Path) -> Path:
    """Write a result into ``folder`` (made if needed) under ``file_name``.

    An earlier run of the same is replaced. The file appears whole or not at all: it is written beside its
    place, flushed to disk, and renamed.

    Raises:
        ResultError: the folder cannot be written.
    """
    text = to_json(result)
    path = Path(folder) / file_name(result)
    try:
        write_atomic(path, text)
    except OSError as error:
        raise ResultError(
            f"{path}: cannot be written: {error.strerror or error}; choose another --out"
        ) from error
    return path


def load(paths: str | Path | Iterable[str | Path]) -> tuple[Result, ...]:
    """The results in files and folders, in the order given.

    A folder gives its own ``*.json`` by name, not those of its subfolders. A file that is named twice is read
    once.

    Raises:
        ResultError: nothing was given or found, or a file cannot be read; names the file and what was seen.
    """
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    files = list(dict.fromkeys(file for path in given for file in _files(Path(path))))
    if not files:
        raise ResultError("no results were given; name files or a folder, for example: twlv report results/")
    return tuple(load_file(file) for file in files)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(file for file in path.glob("*.json") if not file.name.startswith("."))
    if not found:
        below = next((file.parent for file in path.glob("*/*.json")), None)
        hint = f"; subfolders are not searched, did you mean {below}?" if below else ""
        raise ResultError(f"{path}: no results in this folder (a result is a .json file){hint}")
    yield from found


def load_file(path: str | Path) -> Result:
    """The result in one file.

    Raises:
        ResultError: it is missing, unreadable, or not a result.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ResultError(
            f"{path}: not a result: not text in UTF-8 ({error.reason} at byte {error.start})"
        ) from error
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror or error}") from error
    return from_json(text, str(path))
