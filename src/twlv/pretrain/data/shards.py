"""WebDataset tar shards of videos or images, any sample of which is read by itself.

A sample is what shares a name up to the first dot of its last part (``000/a.mp4``, ``000/a.json``); of each
the first video, or the first image, is taken.
"""

from __future__ import annotations

import glob
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from twlv.errors import InputError, UsageError, VideoError
from twlv.pretrain.data.drawing import Draw
from twlv.pretrain.data.entries import picture_clips, video_clips
from twlv.pretrain.data.source import Failed
from twlv.pretrain.data.tar_index import TarIndex, kind_of, tar_index
from twlv.types import IntArray

Kind = Literal["video", "image"]
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Shards:
    """The samples of one kind in tar files, numbered through all shards.

    ``shard``, ``offset``, ``size`` and ``names`` (n,) say where each lies.
    """

    paths: tuple[Path, ...]
    kind: Kind
    shard: IntArray
    offset: IntArray
    size: IntArray
    names: npt.NDArray[np.bytes_]

    def __len__(self) -> int:
        return len(self.shard)

    def name(self, index: int) -> str:
        """The shard's name and the member's."""
        return f"{self.paths[self.shard[index]].name}/{self.names[index].decode()}"

    def content(self, index: int) -> bytes:
        """The bytes of one member. Raises VideoError."""
        path, size = self.paths[self.shard[index]], int(self.size[index])
        try:
            with path.open("rb") as file:
                file.seek(int(self.offset[index]))
                content: bytes = file.read(size)
        except OSError as error:
            raise VideoError(self.name(index), "not_found", (error.strerror or str(error)).lower()) from None
        if len(content) < size:
            raise VideoError(
                self.name(index), "truncated", f"{len(content)} of {size} bytes; its shard has changed"
            )
        return content

    def clips(self, index: int, draw: Draw) -> list[torch.Tensor]:
        """The crops of one member, each uint8 (T, C, S, S). Raises VideoError."""
        content, name = self.content(index), self.name(index)
        if self.kind == "image":
            return picture_clips(content, name, draw)
        with tempfile.TemporaryDirectory(prefix="twlv-") as folder:  # the decoder reads files
            path = Path(folder) / f"clip{Path(name).suffix.lower()}"
            path.write_bytes(content)
            return video_clips(path, draw)


def open_shards(pattern: str | Sequence[str], kind: Kind, *, name: str) -> tuple[Shards, tuple[Failed, ...]]:
    """The samples of these shards, and what of them cannot be used, as told by ``name``.

    ``pattern``: paths with ``*`` or with a range ``{000000..000999}``, or several of them. A shard without its
    index is scanned first (headers only). Raises InputError.
    """
    paths = expand([pattern] if isinstance(pattern, str) else pattern)
    refused: list[Failed] = []
    parts: list[tuple[int, TarIndex, list[int]]] = []
    for number, path in enumerate(paths):
        try:
            index = tar_index(path)
        except InputError as error:
            refused.append(Failed(source=name, item_id=path.name, reason=str(error)))
            continue
        refused += [
            Failed(source=name, item_id=f"{path.name}/{what}", reason=why) for what, why in index.refused
        ]
        parts.append((number, index, _first_of_each(index.names, kind)))
    _check_found(name, kind, paths, parts, refused)
    shards = Shards(
        paths=tuple(paths),
        kind=kind,
        shard=np.concatenate([np.full(len(rows), number) for number, _, rows in parts]).astype(np.int64),
        offset=np.concatenate([index.offset[rows] for _, index, rows in parts]),
        size=np.concatenate([index.size[rows] for _, index, rows in parts]),
        names=np.array(
            [index.names[row].encode() for _, index, rows in parts for row in rows], dtype=np.bytes_
        ),
    )
    return shards, tuple(refused)


def expand(patterns: Iterable[str]) -> list[Path]:
    """Paths of tar files: ranges in braces are counted out, stars are looked up. Raises InputError."""
    found: list[str] = []
    for pattern in patterns:
        for path in _counted(pattern):
            found += sorted(glob.glob(path)) if glob.has_magic(path) else [path]  # noqa: PTH207 - of any root
    if not found:
        raise InputError(f"no shards: nothing is called {', '.join(patterns)}")
    return [Path(path) for path in dict.fromkeys(found)]


def _counted(pattern: str) -> list[str]:
    match = _RANGE.search(pattern)
    if match is None:
        return [pattern]
    first, last = match.groups()
    if int(last) - int(first) not in range(1_000_000):
        raise UsageError(f"{pattern}: a range counts up, and to less than a million")
    numbers = (str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))
    start, end = pattern[: match.start()], pattern[match.end() :]
    return [path for number in numbers for path in _counted(f"{start}{number}{end}")]


def _first_of_each(names: Sequence[str], kind: Kind) -> list[int]:
    """Rows of the first member of this kind of every sample."""
    rows: dict[str, int] = {}
    for row, name in enumerate(names):
        if kind_of(name) == kind:
            folder, _, last = name.rpartition("/")
            rows.setdefault(f"{folder}/{last.partition('.')[0]}", row)
    return list(rows.values())


def _check_found(
    name: str,
    kind: str,
    paths: Sequence[Path],
    parts: Sequence[tuple[int, TarIndex, list[int]]],
    refused: Sequence[Failed],
) -> None:
    if not any(rows for _, _, rows in parts):
        why = f"; {refused[0].item_id}: {refused[0].reason}" if refused else ""
        raise InputError(f"{name}: no {kind} in {len(paths)} shards from {paths[0]} on{why}")
