"""The layout in which the report's authors publish embeddings, read and written.

    FOLDER/train/<id>.json    {"annotation": 3, "duration": 10.0, ...}: label and meta data
    FOLDER/train/<id>_c.npy   (M, D) one vector a clip; (D,) is taken for M = 1
    FOLDER/train/<id>_v.npy   (D,)   their mean; (1, D) is taken too
    FOLDER/val/...            some data sets have only train

FOLDER is one sampling of one data set (``.../uniform`` or ``.../multi-clip``). The authors' readers list
the folder unsorted and check nothing; this one sorts, and checks labels, widths, dtypes and the mean.
The keys of the clips' times in the JSON are not documented: common spellings are understood, otherwise
the duration is cut into M equal parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from twlv.errors import FeatureError, InputError
from twlv.store.npy import TruncatedNpy, read_npy
from twlv.store.official_json import read_meta
from twlv.store.official_layout import dataset_name, find_splits, orphans, sampling_of, video_ids
from twlv.types import (
    BackboneCard,
    ClassLabel,
    Dataset,
    DatasetCard,
    Embedding,
    Sample,
    Sampling,
    label_indices,
)

GROUP = 64
"""Videos that a thread reads at a time; two groups a thread are in memory at most."""

MEAN_TOLERANCE = 1e-2
"""Largest |mean(_c) - _v| relative to |_v|: far above float16 rounding, far below another video's vector."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OfficialSet:
    """Embeddings and samples of one folder. ``data`` has the samples of all splits, ids sorted in each.

    ``sampling`` is what the name of the folder says, None if it says nothing.

    ``failed`` maps the ids that have a label but no usable vectors to the reason, which names the file.
    ``notes`` are sentences on what was found and left out. ``card`` describes the vectors as far as the
    files do: the width.
    """

    data: Dataset
    embeddings: Mapping[str, Embedding]
    failed: Mapping[str, str]
    notes: tuple[str, ...]
    card: BackboneCard
    sampling: Sampling | None = None

    def labelled_by(self, data: Dataset) -> OfficialSet:
        """The same vectors with the samples, labels and splits of ``data``.

        Ids match as they are, or as ``write_official`` writes them (``a/b`` is ``a__b``). A sample that has
        no vectors here is in ``failed``. FeatureError: not one id matches.
        """
        here = {*self.embeddings, *self.failed}
        flat = {sample.video_id: sample.video_id.replace("/", "__") for sample in data.samples}
        names = {i: i if i in here else name for i, name in flat.items() if i in here or name in here}
        if not names:
            raise FeatureError(
                f"not one id of {data.card.name} has embeddings here: it names {sorted(flat)[:1]}, the folder "
                f"{sorted(here)[:1]}"
            )
        absent = dict.fromkeys(flat.keys() - names.keys(), "not_embedded: the folder holds no such id")
        return replace(
            self,
            data=data,
            embeddings={
                i: replace(self.embeddings[name], video_id=i)
                for i, name in names.items()
                if name in self.embeddings
            },
            failed={**{i: self.failed[name] for i, name in names.items() if name in self.failed}, **absent},
        )


@dataclass(frozen=True, kw_only=True)
class Record:
    """One video of the layout: its sample and its embedding, or the reason why there is none."""

    sample: Sample
    embedding: Embedding | None
    reason: str
    dtype: str


def read_official(
    folder: str | Path,
    splits: Sequence[str] | None = None,
    *,
    classes: int | Sequence[str] | None = None,
    mean_tolerance: float | None = MEAN_TOLERANCE,
    workers: int = 4,
) -> OfficialSet:
    """Read a folder of the authors' layout into memory.

    ``splits``: the sub-folders to read (default: those of train, val, test that exist). ``classes``: their
    number or names; then every label is checked against it, otherwise there are as many as the largest
    label asks for. ``mean_tolerance`` None leaves the ``_v`` files alone, which halves the reading.

    InputError: not such a folder, a JSON file or label that cannot be used, an id in two splits.
    FeatureError: objects or hostile headers, mixed widths or dtypes (naming both files), a ``_v`` that is
    not the mean of its ``_c``. A video whose vectors are absent, cut off or not finite is in ``failed``.
    """
    folder = Path(folder)
    layout = find_splits(folder, splits)
    records = list(stream_official(layout, mean_tolerance=mean_tolerance, workers=workers))
    embeddings = {r.sample.video_id: r.embedding for r in records if r.embedding is not None}
    failed = {r.sample.video_id: r.reason for r in records if r.embedding is None}
    samples = tuple(record.sample for record in records)
    refuse_twice(samples)
    card = DatasetCard(name=dataset_name(folder), classes=class_names(samples, classes))
    dim = next((e.vectors.shape[-1] for e in embeddings.values()), 0)
    if not dim:
        first = next(iter(failed.values()), "no .json files")
        raise FeatureError(f"{folder}: not one video with usable vectors; the first: {first}")
    return OfficialSet(
        data=Dataset(card=card, samples=samples, missing=frozenset()),
        embeddings=embeddings,
        failed=failed,
        notes=tuple(orphans(layout)),
        card=unknown_card(folder, dim),
        sampling=sampling_of(folder),
    )


def stream_official(
    layout: Mapping[str, Path], *, mean_tolerance: float | None = MEAN_TOLERANCE, workers: int = 4
) -> Iterator[Record]:
    """All videos, split by split, ids sorted, a bounded number in memory; errors as in ``read_official``."""
    first: Record | None = None

    with ThreadPoolExecutor(max_workers=workers) as pool:
        for split, folder in layout.items():
            ids = video_ids(folder)
            groups = [ids[at : at + GROUP] for at in range(0, len(ids), GROUP)]
            for at in range(0, len(groups), 2 * workers):
                read = partial(_read_group, split, folder, mean_tolerance)
                for record in chain.from_iterable(pool.map(read, groups[at : at + 2 * workers])):
                    first = first or (record if record.embedding else None)
                    _check_alike(record, first)
                    yield record


def class_names(samples: Sequence[Sample], classes: int | Sequence[str] | None) -> tuple[str, ...]:
    """Class names for the labels seen; InputError for a label out of range."""
    labels = [(index, s.path) for s in samples for index in label_indices(s.target)]
    top, path = max(labels, default=(-1, ""))
    if classes is None:
        classes = top + 1
    names = tuple(map(str, range(classes))) if isinstance(classes, int) else tuple(classes)
    if top >= len(names):
        raise InputError(
            f"{path}.json: label {top}, but there are {len(names)} classes (0 to {len(names) - 1})"
        )
    return names


def unknown_card(folder: Path, dim: int) -> BackboneCard:
    """A card that says no more than the files do."""
    return BackboneCard(
        name=f"official.{dataset_name(folder)}",
        dim=dim,
        num_params=0,
        num_frames=0,
        image_size_px=0,
        patch=(1, 1, 1),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        weights="published embeddings; the files do not name the model",
        weights_sha256="",
        licence="unknown",
    )


# ---------------------------------------------------------------- one video


def _read_group(split: str, folder: Path, tolerance: float | None, ids: Sequence[str]) -> list[Record]:
    return [_read_record(split, folder, video_id, tolerance) for video_id in ids]


def _read_record(split: str, folder: Path, video_id: str, tolerance: float | None) -> Record:
    base = folder / video_id
    meta = read_meta(folder / f"{video_id}.json")
    sample = Sample(
        video_id=video_id,
        path=str(base),
        split=split,
        target=None if meta.label is None else ClassLabel(index=meta.label),
    )
    try:
        vectors, dtype = _vectors(folder / f"{video_id}_c.npy")
        if tolerance is not None:
            _check_mean(vectors, folder, video_id, tolerance)
    except FileNotFoundError as error:
        return Record(sample=sample, embedding=None, reason=f"not_found: {error.filename}", dtype="")
    except (TruncatedNpy, _NotFinite) as error:
        return Record(sample=sample, embedding=None, reason=str(error), dtype="")
    spans = meta.spans(len(vectors))
    embedding = Embedding(video_id=video_id, level="clip", vectors=vectors, spans_seconds=spans)
    return Record(sample=sample, embedding=embedding, reason="", dtype=dtype)


class _NotFinite(Exception):  # noqa: N818
    """Vectors with NaN or infinity; the message names the file."""


def _vectors(path: Path) -> tuple[npt.NDArray[np.float32], str]:
    """(M, D) float32, and the dtype in the file."""
    stored = read_npy(path)
    rows = stored.reshape(1, -1) if stored.ndim == 1 else stored
    if 0 in rows.shape:
        raise FeatureError(f"{path}: shape {stored.shape}; a video needs at least one vector")
    vectors = np.array(rows, dtype=np.float32, order="C")
    if not np.isfinite(vectors).all():
        raise _NotFinite(f"not_finite: {path} holds NaN or infinity")
    return vectors, str(stored.dtype)


def _check_mean(vectors: npt.NDArray[np.float32], folder: Path, video_id: str, tolerance: float) -> None:
    path = folder / f"{video_id}_v.npy"
    video, _ = _vectors(path)
    if video.shape != (1, vectors.shape[1]):
        raise FeatureError(
            f"{path}: shape {video.shape}, but {video_id}_c.npy is {vectors.shape}; need (D,) and (M, D)"
        )
    gap = float(np.linalg.norm(vectors.mean(axis=0, dtype=np.float64) - video[0]))
    if gap > tolerance * float(np.linalg.norm(video[0])) + 1e-6:
        raise FeatureError(
            f"{path}: not the mean of {video_id}_c.npy (they differ by {gap:.4g}); the files are of two runs? "
            "With mean_tolerance=None the _v files are not read"
        )


def _check_alike(record: Record, first: Record | None) -> None:
    if record.embedding is None or first is None or first.embedding is None:
        return
    width, wanted = record.embedding.vectors.shape[1], first.embedding.vectors.shape[1]
    if (width, record.dtype) != (wanted, first.dtype):
        raise FeatureError(
            f"{record.sample.path}_c.npy is {width} wide, {record.dtype}, but {first.sample.path}_c.npy is "
            f"{wanted} wide, {first.dtype}: embeddings of two models in one folder?"
        )


def refuse_twice(samples: Sequence[Sample]) -> None:
    """InputError if a video is in two splits."""
    seen: dict[str, str] = {}
    for sample in samples:
        if sample.video_id in seen:
            raise InputError(f"video '{sample.video_id}' is in {seen[sample.video_id]}/ and in {sample.split}/")
        seen[sample.video_id] = sample.split
