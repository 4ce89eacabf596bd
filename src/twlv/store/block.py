"""An embedding checked against the spec and brought into the stored form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from twlv.errors import FeatureError
from twlv.store.ids import check_id
from twlv.store.shard import Block
from twlv.store.spec import StoreSpec
from twlv.types import DoubleArray, Embedding

AXES = {"clip": "(M, D)", "time": "(M, T', D)", "patch": "(M, N, D)"}


def to_block(embedding: Embedding, spec: StoreSpec, provenance: Mapping[str, str]) -> Block:
    """Check and convert; FeatureError names the id and says what does not fit the store.

    Refused: another level, another width than the backbone's, no rows, values that are not finite (also
    after rounding to float16, whose largest number is 65,504), spans that do not fit the rows.
    """
    name = check_id(embedding.video_id)
    if embedding.level != spec.level:
        raise FeatureError(f"video '{name}': level '{embedding.level}', but the store holds '{spec.level}'")
    vectors = np.asarray(embedding.vectors)
    _check_shape(name, vectors.shape, spec)
    if vectors.dtype.kind != "f":
        raise FeatureError(f"video '{name}': vectors of {vectors.dtype}; give float32")
    if not _finite(vectors):
        raise FeatureError(f"video '{name}': {_first_bad(vectors)}; it is not stored")
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(vectors, dtype=np.dtype(spec.dtype))
    if not _finite(stored):
        largest = float(np.abs(vectors).max())
        raise FeatureError(
            f"video '{name}': {largest:.6g} is too large for {spec.dtype}; make the store with dtype float32"
        )
    spans = _check_spans(name, np.asarray(embedding.spans_seconds, dtype=np.float64), len(stored))
    return Block(video_id=name, vectors=stored, spans=spans, provenance=provenance)


def _check_shape(name: str, shape: tuple[int, ...], spec: StoreSpec) -> None:
    axes = AXES[spec.level]
    if len(shape) != axes.count(",") + 1 or 0 in shape:
        raise FeatureError(f"video '{name}': vectors of shape {shape}; level '{spec.level}' is {axes}")
    if shape[-1] != spec.backbone.dim:
        raise FeatureError(
            f"video '{name}': vectors are {shape[-1]} wide, but backbone '{spec.backbone.name}' "
            f"of this store gives {spec.backbone.dim}"
        )


def _check_spans(name: str, spans: DoubleArray, rows: int) -> DoubleArray:
    if spans.shape != (rows, 2):
        raise FeatureError(f"video '{name}': spans of shape {spans.shape} for {rows} rows; need ({rows}, 2)")
    if not np.isfinite(spans).all() or not (spans[:, 1] > spans[:, 0]).all():
        raise FeatureError(f"video '{name}': a span is not [start, end) with end > start: {spans.tolist()}")
    return np.ascontiguousarray(spans)


def _finite(vectors: npt.NDArray[Any]) -> bool:
    """Row by row: a mask of all rows would be a quarter of a large embedding again."""
    return all(bool(np.isfinite(row).all()) for row in vectors)


def _first_bad(vectors: npt.NDArray[Any]) -> str:
    bad = np.argwhere(~np.isfinite(vectors))
    where = ", ".join(str(int(i)) for i in bad[0])
    first = vectors[tuple(bad[0])]
    return f"{len(bad)} of {vectors.size} values are not finite (the first is {first} at [{where}])"
