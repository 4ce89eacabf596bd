"""Features of a labelled data set as plain arrays: rows, offsets, labels.

Videos are put in the order of their ids, so a number does not depend on the order in which a manifest or a
folder lists them. Vectors are held once.

Axis letters: n videos, M rows (clips) of a video, R rows of all videos, D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from twlv.errors import FeatureError
from twlv.metrics import Labels
from twlv.tasks.labels import class_label, labels_of, memberships
from twlv.types import Embedding, FloatArray, IntArray, Sample

if TYPE_CHECKING:
    from twlv.contracts import Features

Rows = Literal["video", "clip"]
"""``video``: one row for each video, the mean of its clips. ``clip``: every clip is a row."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """What a recognition task needs of one split.

    ``rows`` (R, D) float32; those of video i are ``offsets[i]:offsets[i + 1]``. ``labels`` (n,), or (n, C) if
    videos have several, ``video_ids`` and ``groups`` are of the videos that have an embedding, ``missing`` of
    those that have none.
    """

    rows: FloatArray
    offsets: IntArray
    labels: Labels
    video_ids: tuple[str, ...]
    groups: tuple[str, ...]
    missing: tuple[Sample, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def one_each(self) -> IntArray:
        """The labels of videos that have one each, (n,)."""
        return self.labels.astype(np.int64)

    @property
    def missing_labels(self) -> Labels:
        """The same as ``labels`` of the missing videos."""
        if self.labels.ndim == 2:
            return memberships(self.missing, self.labels.shape[1])
        return np.array([class_label(sample) for sample in self.missing], dtype=np.int64)

    @property
    def row_video(self) -> IntArray:
        """Number of the video that each row belongs to, (R,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))


def gather(features: Features, rows: Rows, *, role: str, several: bool = False) -> Table:
    """Read ``features`` once. ``role`` (train or test) only words the errors.

    Raises:
        FeatureError: another level than clip, no videos, a vector that is not finite, a width that changes, or
            a video without a class label; one with several, unless ``several`` says that all may have them.
    """
    if features.level != "clip":
        raise FeatureError(
            f"the {role} embeddings are of level '{features.level}', this task needs 'clip'; "
            "embed again into another store with --level clip"
        )
    buffer = _Buffer(features.dim, len(features))
    samples: list[Sample] = []
    counts: list[int] = []
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is found, and named, below
        for embedding, sample in features:
            vectors = _checked(embedding, features.dim, role)
            if rows == "video" and len(vectors) > 1:
                total = np.add.reduce(vectors, axis=0, dtype=np.float64, keepdims=True)
                vectors = (total / len(vectors)).astype(np.float32)
            buffer.append(vectors)
            samples.append(sample)
            counts.append(len(vectors))
    if not samples:
        absent = ", ".join(f"'{sample.video_id}'" for sample in features.missing[:3])
        raise FeatureError(
            f"no {role} video has an embedding ({len(features.missing)} are missing: {absent or 'none asked'}"
            f"{', ...' if len(features.missing) > 3 else ''}); were these embedded from the same manifest?"
        )
    _check_finite(buffer.array(), counts, samples, role)
    order = sorted(range(len(samples)), key=lambda i: samples[i].video_id)
    array = _reorder(buffer.array(), np.array(counts), np.array(order))
    samples = [samples[i] for i in order]
    return Table(
        rows=array,
        offsets=np.concatenate([[0], np.cumsum([counts[i] for i in order])]).astype(np.int64),
        labels=labels_of(samples, features.dataset.classes if several else None),
        video_ids=tuple(sample.video_id for sample in samples),
        groups=tuple(sample.group for sample in samples),
        missing=tuple(sorted(features.missing, key=lambda sample: sample.video_id)),
    )


def check_pair(train: Features, test: Features) -> None:
    """Whether the two can be used together.

    Raises:
        FeatureError: two backbones, two widths, or two lists of classes.
    """
    one, two = train.backbone, test.backbone
    if (one.name, one.weights_sha256) != (two.name, two.weights_sha256):
        raise FeatureError(
            f"train embeddings are by {one.name} ({one.weights_sha256[:12]}), test embeddings by {two.name} "
            f"({two.weights_sha256[:12]}); embed both with one backbone"
        )
    if train.dim != test.dim:
        raise FeatureError(f"train vectors have width {train.dim}, test vectors {test.dim}")
    if train.dataset.classes != test.dataset.classes:
        raise FeatureError(
            f"train and test name different classes ({len(train.dataset.classes)} and "
            f"{len(test.dataset.classes)}); use one class list for both"
        )


def class_count(classes: tuple[str, ...], *tables: Table) -> int:
    """Number of classes: that of the data set's card, else the largest label of all tables plus one.

    Raises:
        FeatureError: a label outside the card's classes, or a negative one; names the video and both numbers.
    """
    if len({table.labels.ndim for table in tables}) > 1:
        raise FeatureError("of train and test, one has a class label for each video, the other several")
    if tables[0].labels.ndim == 2:
        return int(tables[0].labels.shape[1])
    largest = 0
    for table in tables:
        ids = table.video_ids + tuple(sample.video_id for sample in table.missing)
        labels = np.concatenate([table.labels, table.missing_labels])
        bad = np.flatnonzero((labels < 0) | ((labels >= len(classes)) & bool(classes)))
        if len(bad):
            known = (
                f"the data set has {len(classes)} classes (0 to {len(classes) - 1})"
                if classes
                else "labels start at 0"
            )
            raise FeatureError(f"video '{ids[bad[0]]}' has label {labels[bad[0]]}, but {known}")
        largest = max(largest, int(labels.max()))
    return len(classes) or largest + 1


def _checked(embedding: Embedding, dim: int, role: str) -> FloatArray:
    vectors: FloatArray = np.asarray(embedding.vectors, dtype=np.float32)
    if vectors.ndim == 2 and vectors.shape[1] == dim and len(vectors):
        return vectors
    where = f"{role} video '{embedding.video_id}'"
    if vectors.ndim != 2 or not len(vectors):
        raise FeatureError(f"{where}: vectors have shape {vectors.shape}, expected (M, {dim}) with M >= 1")
    raise FeatureError(f"{where}: vectors have width {vectors.shape[1]}, the others {dim}")


def _check_finite(
    rows: FloatArray, counts: list[int], samples: list[Sample], role: str, block: int = 8192
) -> None:
    for start in range(0, len(rows), block):
        finite = np.isfinite(rows[start : start + block]).all(axis=1)
        if not finite.all():
            row = start + int(np.flatnonzero(~finite)[0])
            video = int(np.searchsorted(np.cumsum(counts), row, side="right"))
            name = samples[video].video_id
            raise FeatureError(f"{role} video '{name}' has a vector that is not finite; embed it again")


class _Buffer:
    """Rows appended to one array that grows where it stands (realloc), so nothing is held twice."""

    def __init__(self, dim: int, expected: int) -> None:
        self._data: FloatArray = np.empty((max(expected, 1), dim), dtype=np.float32)
        self._used = 0
        self._waiting: list[FloatArray] = []

    def append(self, rows: FloatArray) -> None:
        self._waiting.append(rows)
        if len(self._waiting) >= 256:
            self._flush()

    def array(self) -> FloatArray:
        self._flush()
        self._resize(self._used)
        return self._data

    def _flush(self) -> None:
        if not self._waiting:
            return
        end = self._used + sum(map(len, self._waiting))
        if end > len(self._data):
            self._resize(max(end, len(self._data) + len(self._data) // 4))
        np.concatenate(self._waiting, out=self._data[self._used : end])
        self._used = end
        self._waiting.clear()

    def _resize(self, num_rows: int) -> None:
        if num_rows != len(self._data):
            self._data.resize((num_rows, self._data.shape[1]), refcheck=False)


def _reorder(rows: FloatArray, counts: IntArray, order: IntArray) -> FloatArray:
    """``rows`` with the videos in ``order``, moved in place along the cycles of the permutation."""
    if np.array_equal(order, np.arange(len(order))):
        return rows
    starts = np.cumsum(counts) - counts
    source = np.concatenate([np.arange(starts[i], starts[i] + counts[i]) for i in order])
    todo = source != np.arange(len(source))
    for first in np.flatnonzero(todo):
        if not todo[first]:
            continue
        saved, here = rows[first].copy(), int(first)
        while source[here] != first:
            rows[here] = rows[source[here]]
            todo[here] = False
            here = int(source[here])
        rows[here] = saved
        todo[here] = False
    return rows
