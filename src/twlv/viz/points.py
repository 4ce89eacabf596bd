"""The points of a picture: vectors with ids and labels, from a store and the data set that labels it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from twlv.errors import FeatureError, UnknownName, UsageError
from twlv.store import Store
from twlv.types import ClassLabel, Dataset, DoubleArray, Embedding, FloatArray, IntArray, Json, Sample

PointsOf: TypeAlias = Literal["video", "clip"]
NO_LABEL = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """``vectors`` (n, D), ``ids`` n names, ``labels`` (n,) indices into ``classes`` or -1.

    ``groups``: for each point what a fold may not cut (a source video, else the video itself). ``origin`` says
    where they come from (store, key, backbone, data set), ``notes`` what a reader must know.
    """

    vectors: FloatArray
    ids: tuple[str, ...]
    labels: IntArray
    groups: tuple[str, ...]
    classes: tuple[str, ...] = ()
    origin: Mapping[str, Json] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def present(self) -> tuple[int, ...]:
        """Indices of the classes that have a point, in order."""
        return tuple(int(label) for label in np.unique(self.labels[self.labels != NO_LABEL]))

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_], *notes: str) -> Points:
        """Some of the points, with notes on why."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return replace(
            self,
            vectors=self.vectors[chosen],
            ids=tuple(self.ids[row] for row in chosen),
            labels=self.labels[chosen],
            groups=tuple(self.groups[row] for row in chosen),
            notes=(*self.notes, *notes),
        )


def read_points(
    store: Store, data: Dataset | None = None, *, split: str | None = None, of: PointsOf = "video"
) -> Points:
    """The points of a store, in data set order (without a data set: by id, unlabelled).

    ``of`` video: one point each, the mean over all its rows; clip: one point a clip, named ``id#0``, ``id#1``.

    Raises:
        UnknownName: the data set has no such split.
        UsageError: none of its videos is in the store.
        FeatureError: values that are not finite; names the videos.
    """
    samples = [Sample(video_id=i, path="") for i in store.ids] if data is None else _of_split(data, split)
    if data is None and split is not None:
        raise UsageError("--split needs --dataset MANIFEST, which says which videos are in it")
    here = [sample for sample in samples if sample.video_id in store]
    if not here:
        where = f"the {len(samples)} samples of {data.card.name}" if data is not None else "its videos"
        raise UsageError(
            f"{store.path}: holds an embedding of none of {where}; embed them first, or name another"
        )
    rows = [
        row
        for embedding, sample in zip(store.read([s.video_id for s in here]), here, strict=True)
        for row in _rows(embedding, sample, of)
    ]
    vectors = np.stack([vector for _, vector, _, _ in rows]).astype(np.float32)
    ids = tuple(name for name, _, _, _ in rows)
    _require_finite(store, vectors, ids)
    left = len(samples) - len(here)
    return Points(
        vectors=vectors,
        ids=ids,
        labels=np.array([label for _, _, label, _ in rows], dtype=np.int64),
        groups=tuple(group for _, _, _, group in rows),
        classes=() if data is None else data.card.classes,
        origin=_origin(store, data, split, of, expected=len(samples), present=len(here)),
        notes=(f"{left} of {len(samples)} videos have no embedding and are not shown",) if left else (),
    )


def _of_split(data: Dataset, split: str | None) -> list[Sample]:
    if split is None:
        return list(data.samples)
    if split not in data.splits:
        raise UnknownName("split", split, [name for name in data.splits if name])
    return list(data.split(split).samples)


def _rows(embedding: Embedding, sample: Sample, of: PointsOf) -> Iterator[tuple[str, DoubleArray, int, str]]:
    """(id, vector, label, group) of each point of one video."""
    target = sample.target
    label = target.index if isinstance(target, ClassLabel) else NO_LABEL
    group = sample.group or sample.video_id
    width = embedding.vectors.shape[-1]
    clips = embedding.vectors.reshape(len(embedding.vectors), -1, width).mean(axis=1, dtype=np.float64)
    if of == "video":
        yield sample.video_id, clips.mean(axis=0), label, group
        return
    for number, clip in enumerate(clips):
        yield f"{sample.video_id}#{number}", clip, label, group


def _require_finite(store: Store, vectors: FloatArray, ids: tuple[str, ...]) -> None:
    odd = [ids[row] for row in np.flatnonzero(~np.isfinite(vectors).all(axis=1))]
    if odd:
        raise FeatureError(
            f"{store.path}: {len(odd)} of {len(ids)} points are not finite (NaN or infinity): "
            f"{', '.join(odd[:5])}{', ...' if len(odd) > 5 else ''}; embed them again, or leave them out"
        )


def _origin(
    store: Store, data: Dataset | None, split: str | None, of: PointsOf, *, expected: int, present: int
) -> dict[str, Json]:
    spec = store.spec
    made: dict[str, Json] = {
        "store": str(store.path),
        "store_key": spec.key,
        "backbone": spec.backbone.name,
        "weights_sha256": spec.backbone.weights_sha256,
        "dim": spec.backbone.dim,
        "level": spec.level,
        "point": of,
        "videos": {"expected": expected, "present": present},
    }
    if data is not None:
        made["dataset"] = data.card.name
        made["annotation_sha256"] = data.card.annotation_sha256
        made["split"] = split or "all"
    return made
