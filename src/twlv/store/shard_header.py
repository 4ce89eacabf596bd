"""The header of a shard's file, read without trust: whatever does not fit is a StoreError that says so."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from twlv.errors import StoreError
from twlv.store.ids import check_id
from twlv.store.spec import SCHEMA
from twlv.types import IntArray

FORMAT = "twlv-store"
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library
DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(code) for name, code in {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I64": "<i8"}.items()
}
METADATA = ("format", "schema", "key", "level", "ids", "provenance", "provenance_of", "data_sha256")


def read_header(path: Path, handle: BinaryIO, size: int) -> tuple[dict[str, Any], int]:
    """The JSON at the head of an open file of ``size`` bytes, and where the data begins."""
    length = int.from_bytes(handle.read(8), "little")
    if size < 8 or length > min(size - 8, MAX_HEADER_BYTES):
        raise damaged(path, f"it is truncated: {size} bytes, header of {length}")
    try:
        header = json.loads(handle.read(length))
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"its header is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise damaged(path, "its header is not an object")
    return header, 8 + length


def read_metadata(path: Path, header: dict[str, Any]) -> dict[str, str]:
    """The texts that twlv wrote beside the tensors; refused if they are of a newer layout."""
    metadata = header.get("__metadata__")
    absent = [n for n in METADATA if not isinstance(metadata, dict) or not isinstance(metadata.get(n), str)]
    if absent:
        raise damaged(path, f"its metadata lacks {', '.join(absent)}; it was not written by twlv")
    metadata = cast("dict[str, str]", metadata)
    if metadata["format"] != FORMAT or not metadata["schema"].isdecimal() or int(metadata["schema"]) > SCHEMA:
        seen = f"format {metadata['format']!r}, schema {metadata['schema']!r}"
        raise StoreError(f"{path}: {seen}, but this twlv reads {FORMAT!r} up to {SCHEMA}; use a newer twlv")
    return metadata


def tensor_of(
    path: Path, header: dict[str, Any], name: str, room: int
) -> tuple[np.dtype[Any], tuple[int, ...], tuple[int, int]]:
    """Dtype, shape and place of a tensor in the ``room`` bytes of data."""
    entry: Any = header.get(name)
    try:
        dtype, shape = DTYPES[entry["dtype"]], tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        whole = all(type(n) is int and n >= 0 for n in (*shape, begin, end))
        fits = whole and end - begin == dtype.itemsize * math.prod(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"its tensor '{name}' is absent or malformed ({entry!r:.100})") from error
    if not fits:
        raise damaged(path, f"its tensor '{name}' does not fit its shape ({entry!r:.100})")
    if end > room:
        raise damaged(path, f"it is truncated: '{name}' ends at byte {end} of {room}")
    return dtype, shape, (begin, end)


def json_list(path: Path, metadata: dict[str, str], name: str) -> list[Any]:
    """The list in a text of the metadata."""
    try:
        value = json.loads(metadata[name])
    except ValueError as error:
        raise damaged(path, f"its metadata '{name}' is not JSON") from error
    if not isinstance(value, list):
        raise damaged(path, f"its metadata '{name}' is not a list")
    return value


def check_index(
    path: Path, ids: list[Any], offsets: IntArray, shape: tuple[int, ...], spans: tuple[int, ...]
) -> None:
    """Ids, first rows, and the shapes of vectors and spans must fit one another."""
    for video_id in ids:
        if not isinstance(video_id, str):
            raise damaged(path, f"an id is not a text: {video_id!r:.80}")
        check_id(video_id)
    if len(set(ids)) != len(ids):
        raise damaged(path, "an id stands in it twice")
    rows = shape[0] if shape else -1
    ordered = bool(np.all(np.diff(offsets) > 0)) and len(offsets) == len(ids) + 1 and bool(ids)
    if not ordered or offsets[0] != 0 or offsets[-1] != rows or spans != (rows, 2) or len(shape) < 2:
        raise damaged(
            path, f"its offsets are inconsistent: {len(ids)} ids, {len(offsets)} offsets, vectors {shape}"
        )


def damaged(path: Path, seen: str) -> StoreError:
    """The error for a file that cannot be believed."""
    return StoreError(f"{path}: this shard is damaged: {seen}; delete the file and run the same embed again")
