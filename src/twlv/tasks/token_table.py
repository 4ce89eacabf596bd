"""Features of level ``patch`` as bags of tokens: what an attentive probe needs of one split.

Videos are put in the order of their ids, so a number does not depend on the order of a listing. Tokens stay in
memory if they fit; else they are read again in the order of each epoch.

Axis letters: n videos, M rows (clips, views) of a video, S spatial views, N tokens of a row, D width.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import numpy as np

from twlv.errors import FeatureError, UsageError
from twlv.tasks.labels import labels_of
from twlv.tasks.table import Table
from twlv.types import DoubleArray, Embedding, FloatArray, IntArray, Json, Sample, label_indices

if TYPE_CHECKING:
    from twlv.contracts import Features

Segments = Literal["each", "across"]
"""``each``: every row is a bag. ``across``: all rows of a spatial view are one (V-JEPA: attend across)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenTable:
    """One split. ``table`` has no rows; its ``offsets`` count bags. ``bags`` gives the tokens.

    ``fingerprint`` is a checksum of the ids, labels and part of every video's tokens.
    """

    table: Table
    bags: FeatureBags
    fingerprint: int

    def __len__(self) -> int:
        return len(self.table)

    @property
    def origin(self) -> dict[str, Json]:
        """What decides a training on these tokens, besides its settings and seeds."""
        from twlv.contracts import in_epochs

        features = self.bags.features
        card = features.backbone
        return {
            "backbone": [card.name, card.weights_sha256],
            "segments": [self.bags.segments, self.bags.spatial_views],
            "tokens": self.fingerprint,
            "epochs": dict(features.training) if in_epochs(features) else {},
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureBags:
    """The bags of the videos of ``features``, numbered in the order of ``video_ids``.

    ``kept`` holds the rows of every video (M, N, D), unless that was too much.
    """

    features: Features
    video_ids: tuple[str, ...]
    counts: IntArray
    segments: Segments
    spatial_views: int
    kept: dict[str, FloatArray] | None = field(repr=False)

    @property
    def dim(self) -> int:
        """Width of a token."""
        return self.features.dim

    @property
    def where(self) -> str:
        """``memory`` or ``read in every epoch``."""
        return "memory" if self.kept is not None else "read in every epoch"

    def visit(self, videos: IntArray, bags: IntArray, *, epoch: int | None = None) -> Iterator[FloatArray]:
        """Bag ``bags[i]`` of video ``videos[i]``, one (N, D) after the other (see ``heads.Bags``).

        In an epoch of features that change a video may have fewer bags; the number is taken modulo theirs.
        """
        names = [self.video_ids[i] for i in videos]
        rows = self._rows([name for name, _ in groupby(names)], epoch)
        position = 0
        for name, run in groupby(names):
            own = bags_of(next(rows), self.segments, self.spatial_views, name)
            for _ in run:
                yield own[int(bags[position]) % len(own)]
                position += 1

    def _rows(self, names: list[str], epoch: int | None) -> Iterator[FloatArray]:
        """Rows (M, N, D) of these videos, in this order."""
        from twlv.contracts import can_reorder, in_epochs

        changing = epoch is not None and in_epochs(self.features)
        if self.kept is not None and not changing:
            return (self.kept[name] for name in names)
        features = self.features
        if in_epochs(features) and epoch is not None:
            features = features.for_epoch(epoch)
        if can_reorder(features):
            return (_rows_of(embedding) for embedding, _ in features.ordered(names))
        every = {sample.video_id: _rows_of(embedding) for embedding, sample in features}
        return (every[name] for name in names)


def bags_of(rows: FloatArray, segments: Segments, spatial_views: int, name: str) -> FloatArray:
    """Rows (M, N, D), temporal-major with S spatial views, to bags: the rows, or (S, M / S * N, D)."""
    if segments == "each":
        return rows
    if len(rows) % spatial_views:
        raise FeatureError(
            f"video '{name}' has {len(rows)} rows, which are not whole sets of {spatial_views} spatial views"
        )
    by_view = rows.reshape(-1, spatial_views, *rows.shape[1:]).swapaxes(0, 1)
    return by_view.reshape(spatial_views, -1, rows.shape[2])


def gather_tokens(
    features: Features, *, role: str, segments: Segments, spatial_views: int | None, memory_bytes: float
) -> TokenTable:
    """Read ``features`` once. ``role`` (train or test) only words the errors.

    ``spatial_views`` None: as many as rows that follow one another with one span, in the video that has fewest.

    Raises:
        FeatureError: another level than patch, no videos, tokens that are not finite or change their width, or
            a video without a class label.
        UsageError: tokens that are too much for ``memory_bytes`` and cannot be read in another order.
    """
    from twlv.contracts import can_reorder

    if features.level != "patch":
        raise FeatureError(
            f"the {role} embeddings are of level '{features.level}', this task needs 'patch'; "
            "embed again into another store with --level patch"
        )
    seen: list[_Seen] = []
    kept: dict[str, FloatArray] | None = {}
    size = 0
    for embedding, sample in features:
        rows = _checked(embedding, features.dim, role)
        seen.append(_Seen.of(sample, rows, embedding.spans_seconds))
        size += rows.nbytes
        if kept is not None:
            kept[sample.video_id] = rows
            kept = kept if size <= memory_bytes else None
    if not seen:
        raise FeatureError(
            f"no {role} video has an embedding ({len(features.missing)} are missing); "
            "were these embedded from the same manifest?"
        )
    if kept is None and not can_reorder(features):
        raise UsageError(
            f"the {role} tokens need {size / 1e9:.1f} GB, memory_gb allows {memory_bytes / 1e9:g}, and these "
            "features cannot be read in another order; raise memory_gb, or embed them into a store"
        )
    seen.sort(key=lambda one: one.sample.video_id)
    views = spatial_views or min(one.same_span for one in seen)
    counts = np.array([one.num_rows if segments == "each" else views for one in seen], dtype=np.int64)
    return TokenTable(
        table=_table(seen, counts, features),
        bags=FeatureBags(
            features=features,
            video_ids=tuple(one.sample.video_id for one in seen),
            counts=counts,
            segments=segments,
            spatial_views=views,
            kept=kept,
        ),
        fingerprint=_fingerprint(seen),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seen:
    """What is remembered of a video when its tokens are not."""

    sample: Sample
    num_rows: int
    same_span: int  # rows at the start that share one span
    checksum: int

    @classmethod
    def of(cls, sample: Sample, rows: FloatArray, spans: DoubleArray) -> _Seen:
        equal = (spans == spans[0]).all(axis=1)
        return cls(
            sample=sample,
            num_rows=len(rows),
            same_span=len(rows) if equal.all() else int(np.argmin(equal)),
            checksum=zlib.crc32(np.ascontiguousarray(rows[:, :: max(1, rows.shape[1] - 1)]).tobytes()),
        )


def _table(seen: list[_Seen], counts: IntArray, features: Features) -> Table:
    return Table(
        rows=np.empty((0, features.dim), dtype=np.float32),
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        labels=labels_of([one.sample for one in seen], features.dataset.classes),
        video_ids=tuple(one.sample.video_id for one in seen),
        groups=tuple(one.sample.group for one in seen),
        missing=tuple(sorted(features.missing, key=lambda sample: sample.video_id)),
    )


def _fingerprint(seen: list[_Seen]) -> int:
    text = "\n".join(
        f"{one.sample.video_id} {_labels(one.sample)} {one.num_rows} {one.checksum}" for one in seen
    )
    return zlib.crc32(text.encode())


def _labels(sample: Sample) -> str:
    return " ".join(str(index) for index in label_indices(sample.target))


def _rows_of(embedding: Embedding) -> FloatArray:
    rows: FloatArray = np.asarray(embedding.vectors, dtype=np.float32)
    return rows


def _checked(embedding: Embedding, dim: int, role: str) -> FloatArray:
    rows = _rows_of(embedding)
    where = f"{role} video '{embedding.video_id}'"
    if rows.ndim != 3 or not rows.size or rows.shape[2] != dim:
        raise FeatureError(f"{where}: tokens have shape {rows.shape}, expected (M, N, {dim}) with M, N >= 1")
    if not np.isfinite(rows).all():
        raise FeatureError(f"{where} has a token that is not finite; embed it again")
    return rows
