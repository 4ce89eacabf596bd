"""A store: a folder that explains itself.

    STORE/store.json                      the spec, its key, the schema, the command; written once
    STORE/shards/<16 hex>.safetensors     vectors (see ``shard``); the name follows from the ids
    STORE/failures/<16 hex>.json          one per video that could not be embedded: id and reason
    STORE/tmp/                            files in the making

A video may lie in two shards for a while (a writer was killed between writing a large shard and removing
the small ones). Both hold the same bytes, and readers take the larger one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twlv.codec import canonical
from twlv.errors import FeatureError, InputError, StoreError
from twlv.files import create_once
from twlv.store.ids import check_id, digest
from twlv.store.shard import SUFFIX, Block, Maps, Shard, open_shard
from twlv.store.spec import SCHEMA, StoreSpec, require_same
from twlv.types import Embedding, Json

LAYOUT = frozenset({"store.json", "shards", "failures", "tmp"})
"""What may lie in the folder of a store before ``store.json`` is written."""

CREATE_TAG = "create"


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """Where every video lies: all shards, and for each id its holders, the one to read first."""

    shards: tuple[Shard, ...]
    holders: Mapping[str, tuple[tuple[Shard, int], ...]]
    row_shape: tuple[int, ...] | None


class Store:
    """Embeddings of videos on disk, all made with one spec. Open it with ``open`` or ``open_or_create``."""

    def __init__(self, path: Path, spec: StoreSpec, *, command: str = "") -> None:
        self.path = path
        self.spec = spec
        self.command = command
        self._index: Index | None = None

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Open an existing store; StoreError if there is none, or its ``store.json`` cannot be used."""
        path = Path(path)
        spec, command = _read_spec(path)
        return cls(path, spec, command=command)

    @classmethod
    def open_or_create(cls, path: str | Path, spec: StoreSpec, *, command: str = "") -> Store:
        """Open the store at ``path``, or make it. Several processes may race; the first one writes.

        ``command`` is kept so that the store can say what made it. StoreError if the store there has
        another spec (naming every differing field with both values), or the folder holds other things.
        """
        path = Path(path)
        if not (path / "store.json").exists():
            if path.is_dir() and any(entry.name not in LAYOUT for entry in path.iterdir()):
                raise StoreError(
                    f"{path}: this folder holds other things and is not a store; name another folder"
                )
            if path.exists() and not path.is_dir():
                raise StoreError(f"{path}: this is a file, not a folder for a store; name another path")
            (path / "shards").mkdir(parents=True, exist_ok=True)
            text = canonical(
                {"schema": SCHEMA, "key": spec.key, "spec": spec.to_json(), "command": command},
            )
            content = json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
            create_once(path / "store.json", content, scratch=path / "tmp", tag=CREATE_TAG)
        store = cls.open(path)
        require_same(store.spec, spec, where=str(path))
        return store

    # ------------------------------------------------------------ what is there

    @property
    def ids(self) -> tuple[str, ...]:
        """All video ids, sorted."""
        return tuple(sorted(self.index.holders))

    @property
    def failed(self) -> dict[str, str]:
        """Reasons by id, sorted, of the videos that could not be embedded and are not stored."""
        return {i: r for i, r in sorted(read_failures(self.path).items()) if i not in self.index.holders}

    def __len__(self) -> int:
        return len(self.index.holders)

    def __contains__(self, video_id: object) -> bool:
        return video_id in self.index.holders

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, backbone={self.spec.backbone.name!r}, level={self.spec.level!r})"

    @property
    def index(self) -> Index:
        """The index, read once; ``refresh`` forgets it. StoreError names a damaged or foreign shard."""
        if self._index is None:
            self._index = _build_index(self.path, self.spec)
        return self._index

    def refresh(self) -> None:
        """Look at the folder again: other writers may have added videos."""
        self._index = None

    # ------------------------------------------------------------ reading

    def read(self, ids: Iterable[str] | None = None) -> Iterator[Embedding]:
        """The embeddings of ``ids`` in that order (default: all, sorted), float32, from mapped files.

        StoreError for an id that is not stored.
        """
        for block in self.blocks(self.ids if ids is None else ids):
            yield Embedding(
                video_id=block.video_id,
                level=self.spec.level,
                vectors=block.vectors.astype(np.float32),
                spans_seconds=block.spans.astype(np.float64),
            )

    def blocks(self, ids: Iterable[str]) -> Iterator[Block]:
        """The videos as they are stored; arrays are read-only views of the mapped shard."""
        maps = Maps()
        for video_id in ids:
            shard, row = self._find(video_id)
            try:
                mapped = maps.get(shard)
            except FileNotFoundError:  # folded into a larger shard meanwhile
                self.refresh()
                shard, row = self._find(video_id)
                mapped = maps.get(shard)
            yield shard.block(row, mapped)

    def _find(self, video_id: str) -> tuple[Shard, int]:
        holders = self.index.holders.get(video_id)
        if holders is None:
            raise StoreError(f"{self.path}: no video '{video_id}' among the {len(self)} stored; embed it first")
        return holders[0]

    # ------------------------------------------------------------ telling

    def info(self) -> dict[str, Json]:
        """Counts, sizes, settings and origin of the store, as JSON-able values."""
        from twlv.store.describe import info

        return info(self)

    def verify(self) -> list[str]:
        """Everything that is wrong with the store, one sentence each; empty if it is sound."""
        from twlv.store.describe import verify

        return verify(self)


def shard_paths(path: Path) -> list[Path]:
    """The shard files of a store, by name."""
    folder = path / "shards"
    return sorted(p for p in folder.iterdir() if p.name.endswith(SUFFIX)) if folder.is_dir() else []


def read_failures(path: Path) -> dict[str, str]:
    """Id and reason of every failure file; StoreError names one that is not what we write."""
    failures: dict[str, str] = {}
    folder = path / "failures"
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            value = json.loads(file.read_bytes())
            failures[check_id(value["id"])] = str(value["reason"])
        except FileNotFoundError:  # the video succeeded meanwhile
            continue
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{file}: not a failure record ({error}); delete the file") from error
    return failures


def failure_path(path: Path, video_id: str) -> Path:
    """Where the failure of a video is recorded."""
    return path / "failures" / f"{digest(video_id)}.json"


def _read_spec(path: Path) -> tuple[StoreSpec, str]:
    file = path / "store.json"
    try:
        value: Any = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(
            f"{path}: no store here (no store.json); make one with: twlv embed ... --out {path}"
        ) from error
    except ValueError as error:
        raise StoreError(f"{file}: not JSON ({error})") from error
    if not isinstance(value, dict) or not isinstance(value.get("schema"), int):
        raise StoreError(f"{file}: not the description of a store; seen {value!r:.100}")
    if value["schema"] > SCHEMA:
        raise StoreError(
            f"{file}: schema {value['schema']}, but this twlv reads up to {SCHEMA}; use a newer twlv"
        )
    try:
        spec = StoreSpec.from_json(value.get("spec"))
    except InputError as error:
        raise StoreError(f"{file}: {error}") from error
    if spec.key != value.get("key"):
        raise StoreError(f"{file}: its key is not that of its spec: the file was edited; restore it")
    return spec, str(value.get("command", ""))


def _build_index(path: Path, spec: StoreSpec) -> Index:
    shards = _open_all(path)
    holders: dict[str, list[tuple[Shard, int]]] = {}
    for shard in sorted(shards, key=lambda s: (-len(s.ids), s.path.name)):
        check_shard(shard, spec, shards[0])
        for row, video_id in enumerate(shard.ids):
            holders.setdefault(video_id, []).append((shard, row))
    return Index(
        shards=tuple(shards),
        holders={video_id: tuple(found) for video_id, found in holders.items()},
        row_shape=shards[0].shape[1:] if shards else None,
    )


def _open_all(path: Path) -> list[Shard]:
    """Every shard. A listing is not one moment: while a writer compacts, look again until it holds still."""
    for attempt in range(8):
        listed = shard_paths(path)
        try:
            shards = [open_shard(file) for file in listed]
        except FileNotFoundError:
            continue
        if attempt >= 3 or shard_paths(path) == listed:
            return shards
    raise StoreError(f"{path}: the shards change faster than they can be read; try again")


def check_shard(shard: Shard, spec: StoreSpec, first: Shard) -> None:
    """StoreError unless the shard belongs to this store; FeatureError if its shape is not the others'."""
    if shard.key != spec.key:
        keys = f"key {shard.key[:12]}..., this store has {spec.key[:12]}..."
        raise StoreError(
            f"{shard.path}: made with other settings ({keys}); move the file to the store it belongs to"
        )
    if shard.dtype != np.dtype(spec.dtype):
        raise StoreError(f"{shard.path}: holds {shard.dtype}, this store has {spec.dtype}; delete the file")
    if shard.shape[1:] != first.shape[1:]:
        raise FeatureError(
            f"{shard.path}: rows of shape {shard.shape[1:]} (video '{shard.ids[0]}'), "
            f"but {first.shape[1:]} in {first.path} (video '{first.ids[0]}'); delete the wrong one"
        )
