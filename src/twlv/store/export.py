"""A store as one file for other tools: .npz (numpy alone) or Parquet (needs pyarrow)."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from twlv.errors import FeatureError, MissingExtra, UnknownName
from twlv.files import write_atomic
from twlv.store.store import Store


def export_npz(store: Store, path: str | Path) -> Path:
    """One .npz with all videos, sorted by id; the path written. No pickle is needed to read it.

    ``ids`` (V,) text, ``offsets`` (V + 1,), ``vectors`` (sum M, ...) in the stored precision, ``spans``
    (sum M, 2) seconds, ``spec`` a JSON text. All vectors are in memory once.
    """
    path = Path(path)
    ids = _ids(store)
    blocks = list(store.blocks(ids))
    arrays: dict[str, Any] = {
        "ids": np.array(ids, dtype=np.str_),
        "offsets": np.cumsum([0, *(len(block.vectors) for block in blocks)], dtype=np.int64),
        "vectors": np.concatenate([block.vectors for block in blocks]),
        "spans": np.concatenate([block.spans for block in blocks]),
        "spec": np.array(json.dumps(store.spec.to_json(), ensure_ascii=False)),
    }

    def fill(handle: BinaryIO) -> None:
        np.savez(handle, allow_pickle=False, **arrays)

    write_atomic(path, fill)
    return path


def export_parquet(store: Store, path: str | Path) -> Path:
    """One Parquet file with a row a clip: video_id, clip, start_seconds, end_seconds, vector (fixed-size list).

    MissingExtra without pyarrow; FeatureError unless the store is of level clip.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtra("pyarrow", "arrow", needed_for="Parquet export")
    if store.spec.level != "clip":
        raise FeatureError(
            f"{store.path}: level '{store.spec.level}'; Parquet export takes level 'clip', or use npz"
        )
    pa: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    path = Path(path)
    ids = _ids(store)
    blocks = list(store.blocks(ids))
    vectors = np.concatenate([block.vectors for block in blocks])
    spans = np.concatenate([block.spans for block in blocks])
    table = pa.table(
        {
            "video_id": [block.video_id for block in blocks for _ in range(len(block.vectors))],
            "clip": [clip for block in blocks for clip in range(len(block.vectors))],
            "start_seconds": spans[:, 0],
            "end_seconds": spans[:, 1],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1]),
        }
    ).replace_schema_metadata({"twlv_spec": json.dumps(store.spec.to_json(), ensure_ascii=False)})

    def fill(handle: BinaryIO) -> None:
        parquet.write_table(table, handle)

    write_atomic(path, fill)
    return path


WRITERS: Mapping[str, Callable[[Store, str | Path], Path]] = {"npz": export_npz, "parquet": export_parquet}


def export(store: Store, path: str | Path, format: str) -> Path:  # noqa: A002 - the command line's word
    """Write ``store`` as one file; UnknownName for a format that is not in ``WRITERS``."""
    if format not in WRITERS:
        raise UnknownName("export format", format, [*WRITERS, "official"])
    return WRITERS[format](store, path)


def _ids(store: Store) -> tuple[str, ...]:
    if not len(store):
        raise FeatureError(f"{store.path}: the store holds no video yet; nothing to export")
    return store.ids
