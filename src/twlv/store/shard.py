"""One shard: a safetensors file of some videos, written in one stream and read through a memory map.

    offsets  int64   (V + 1,)          rows of video i are offsets[i] : offsets[i + 1]
    spans    float64 (sum M, 2)        seconds
    vectors  float32 or float16 (sum M, D), (sum M, T', D) or (sum M, N, D)

and in the file's metadata (all texts): ``format``, ``schema``, ``key``, ``level``, ``ids`` (JSON list),
``provenance`` (JSON list of the distinct mappings), ``provenance_of`` (JSON list, one index a video) and
``data_sha256`` (of everything behind the header).

Axis letters: V videos, M clips, T' time steps, N tokens, D width.

The bytes depend on the content alone: sorted metadata, no times, tensors of 8-byte items first so that
every tensor lies aligned. The format is that of safetensors 0.x (8 bytes of header length, a JSON header,
the data); any of its readers opens a shard.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from twlv.codec import canonical
from twlv.files import write_atomic
from twlv.store.ids import digest
from twlv.store.shard_header import (
    DTYPES,
    FORMAT,
    check_index,
    damaged,
    json_list,
    read_header,
    read_metadata,
    tensor_of,
)
from twlv.store.spec import SCHEMA
from twlv.types import DoubleArray, IntArray, Json

SUFFIX = ".safetensors"
NAMES = {dtype: name for name, dtype in DTYPES.items()}
_NOT_YET = "0" * 64  # stands in the header until the data has been written


Mapped: TypeAlias = tuple[npt.NDArray[Any], DoubleArray]
"""All vectors and all spans of a shard."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """One video as it lies on disk: ``vectors`` (M, ...) in the stored dtype, ``spans`` (M, 2)."""

    video_id: str
    vectors: npt.NDArray[Any]
    spans: DoubleArray
    provenance: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shard:
    """The header of a shard, and where its tensors begin; the data is mapped when it is read."""

    path: Path
    key: str
    ids: tuple[str, ...]
    offsets: IntArray
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    vectors_at: int
    spans_at: int
    provenance: tuple[Mapping[str, str], ...]
    provenance_of: tuple[int, ...]
    num_bytes: int
    data_sha256: str

    def data_is_intact(self) -> bool:
        """Whether the bytes behind the header are those that were written; reads all of them."""
        with self.path.open("rb") as handle:
            handle.seek(8 + int.from_bytes(handle.read(8), "little"))
            return hashlib.file_digest(handle, "sha256").hexdigest() == self.data_sha256

    def map(self) -> Mapped:
        """The tensors as read-only views of the mapped file; FileNotFoundError if it was compacted away."""
        data = np.asarray(np.memmap(self.path, dtype=np.uint8, mode="r"))
        rows = self.shape[0]
        width = self.dtype.itemsize * math.prod(self.shape[1:])
        vectors = data[self.vectors_at : self.vectors_at + rows * width].view(self.dtype)
        spans = data[self.spans_at : self.spans_at + rows * 16].view(DTYPES["F64"])
        return vectors.reshape(self.shape), spans.reshape(rows, 2)

    def block(self, index: int, mapped: Mapped) -> Block:
        """Video number ``index``; its arrays are views of ``mapped``."""
        rows = slice(self.offsets[index], self.offsets[index + 1])
        return Block(
            video_id=self.ids[index],
            vectors=mapped[0][rows],
            spans=mapped[1][rows],
            provenance=self.provenance[self.provenance_of[index]],
        )


def shard_name(ids: Sequence[str]) -> str:
    """The file name that follows from the ids in their order, so that writers never collide."""
    return digest(canonical(cast("Json", list(ids)))) + SUFFIX


@dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """What must be known before the first byte of a shard: its ids and their row counts."""

    key: str
    level: str
    ids: tuple[str, ...]
    counts: tuple[int, ...]
    row_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    provenance: tuple[Mapping[str, str], ...]

    def header(self, data_sha256: str = _NOT_YET) -> bytes:
        """Length, JSON and padding: everything that lies before the data. Equally long for every hash."""
        rows = sum(self.counts)
        header: dict[str, Json] = {"__metadata__": {**self._metadata(), "data_sha256": data_sha256}}
        at = 0
        for name, dtype, shape in (
            ("offsets", DTYPES["I64"], (len(self.ids) + 1,)),
            ("spans", DTYPES["F64"], (rows, 2)),
            ("vectors", self.dtype, (rows, *self.row_shape)),
        ):
            end = at + dtype.itemsize * math.prod(shape)
            header[name] = {"dtype": NAMES[dtype], "shape": list(shape), "data_offsets": [at, end]}
            at = end
        text = canonical(header).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text

    def offsets(self) -> IntArray:
        """(V + 1,) first row of every video, and the end."""
        return np.concatenate([[0], np.cumsum(self.counts)]).astype("<i8")

    def shard(self, path: Path, data_sha256: str) -> Shard:
        """What ``open_shard`` would find: another writer may fold the file before we look at it again."""
        data_at = len(self.header())
        rows = sum(self.counts)
        spans_at = data_at + 8 * (len(self.ids) + 1)
        vectors_at = spans_at + 16 * rows
        shape = (rows, *self.row_shape)
        return Shard(
            path=path,
            key=self.key,
            ids=self.ids,
            offsets=self.offsets(),
            shape=shape,
            dtype=self.dtype,
            vectors_at=vectors_at,
            spans_at=spans_at,
            provenance=self.provenance,
            provenance_of=tuple(range(len(self.ids))),
            num_bytes=vectors_at + self.dtype.itemsize * math.prod(shape),
            data_sha256=data_sha256,
        )

    def _metadata(self) -> dict[str, Json]:
        distinct = list(dict.fromkeys(canonical(dict(p)) for p in self.provenance))
        index = {text: i for i, text in enumerate(distinct)}
        return {
            "format": FORMAT,
            "schema": str(SCHEMA),
            "key": self.key,
            "level": self.level,
            "ids": canonical(list(self.ids)),
            "provenance": "[" + ",".join(distinct) + "]",
            "provenance_of": canonical([index[canonical(dict(p))] for p in self.provenance]),
        }


def write_shard(
    folder: Path,
    plan: ShardPlan,
    blocks: Callable[[], Iterable[Block]],
    *,
    spans: DoubleArray,
    scratch: Path,
    tag: str,
) -> Shard:
    """Write one shard of ``blocks()`` (in the order of the plan) atomically; one is in memory at a time.

    ``blocks`` is called again if another writer swept the temporary file away and it is written anew.
    ``spans`` (sum M, 2) are those of all blocks, small enough to be held.
    """
    target = folder / shard_name(plan.ids)
    data_sha256 = _NOT_YET

    def parts() -> Iterator[npt.NDArray[Any]]:
        yield plan.offsets()
        yield np.ascontiguousarray(spans, dtype="<f8")
        for block in blocks():
            yield np.ascontiguousarray(block.vectors, dtype=plan.dtype)

    def fill(handle: BinaryIO) -> None:
        nonlocal data_sha256
        seen = hashlib.sha256()
        handle.write(plan.header())
        for part in parts():
            handle.write(part.data)
            seen.update(part.data)
        data_sha256 = seen.hexdigest()
        handle.seek(0)
        handle.write(plan.header(data_sha256))

    write_atomic(target, fill, scratch=scratch, tag=tag)
    return plan.shard(target, data_sha256)


def open_shard(path: Path) -> Shard:
    """Read and check the header. StoreError says what is wrong; FileNotFoundError if the file went away."""
    with path.open("rb") as handle:
        size = path.stat().st_size
        header, data_at = read_header(path, handle, size)
        metadata = read_metadata(path, header)
        tensors = {
            name: tensor_of(path, header, name, size - data_at) for name in ("offsets", "spans", "vectors")
        }
        begin, end = tensors["offsets"][2]
        handle.seek(data_at + begin)
        offsets = np.frombuffer(handle.read(end - begin), dtype="<i8")
    ids = json_list(path, metadata, "ids")
    provenance = json_list(path, metadata, "provenance")
    provenance_of = json_list(path, metadata, "provenance_of")
    shape = tensors["vectors"][1]
    check_index(path, ids, offsets, shape, tensors["spans"][1])
    if len(provenance_of) != len(ids) or any(i not in range(len(provenance)) for i in provenance_of):
        raise damaged(path, "the provenance does not fit the ids")
    return Shard(
        path=path,
        key=metadata["key"],
        ids=tuple(ids),
        offsets=offsets,
        shape=shape,
        dtype=tensors["vectors"][0],
        vectors_at=data_at + tensors["vectors"][2][0],
        spans_at=data_at + tensors["spans"][2][0],
        provenance=tuple(provenance),
        provenance_of=tuple(provenance_of),
        num_bytes=size,
        data_sha256=metadata["data_sha256"],
    )


class Maps:
    """The last few mapped shards, so that reading many never holds more than ``limit`` files open."""

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._maps: OrderedDict[Path, Mapped] = OrderedDict()

    def get(self, shard: Shard) -> Mapped:
        """Vectors and spans of the shard's file; FileNotFoundError if it is gone."""
        if shard.path not in self._maps:
            self._maps[shard.path] = shard.map()
            if len(self._maps) > self._limit:
                self._maps.popitem(last=False)
        return self._maps[shard.path]


def blocks_of(shard: Shard) -> Iterator[Block]:
    """All videos of a shard, in its order."""
    mapped = shard.map()
    for index in range(len(shard.ids)):
        yield shard.block(index, mapped)
