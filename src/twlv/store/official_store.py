"""Between a store and the authors' layout: import (labels go into a manifest beside the shards) and export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from twlv.errors import FeatureError, StoreError
from twlv.files import write_atomic
from twlv.store.ids import check_id
from twlv.store.official import Record, refuse_twice, stream_official, unknown_card
from twlv.store.official_layout import find_splits, sampling_of, video_ids
from twlv.store.spec import StoreSpec
from twlv.store.store import Store
from twlv.store.writer import StoreWriter
from twlv.types import ClassLabel, ClassLabels, Dataset, Embedding, Sample, Uniform

VIDEOS_PER_SHARD = 256


def import_official(folder: str | Path, store: str | Path, *, command: str = "") -> Store:
    """Read the authors' layout into a store, a few hundred videos in memory at a time.

    The files do not say which model made them, so the store's card is called
    ``official.<folder>`` and knows only the width. Labels and splits go into ``STORE/manifest.csv``, to be
    evaluated with. Videos without usable vectors are recorded as failed. Errors as in ``read_official``.
    """
    folder, store = Path(folder), Path(store)
    layout = find_splits(folder)
    plan = [video_id for path in layout.values() for video_id in video_ids(path)]
    records = stream_official(layout)
    head: list[Record] = []
    first = _first_usable(folder, records, head)
    opened = Store.open_or_create(store, _spec(folder, first), command=command)
    samples: list[Sample] = []
    with StoreWriter(
        opened, plan=plan, videos_per_shard=VIDEOS_PER_SHARD, provenance={"source": "official layout"}
    ) as writer:
        stream = _joined(head, records)
        while block := list(islice(stream, VIDEOS_PER_SHARD)):
            samples += [record.sample for record in block]
            writer.write_many([record.embedding for record in block if record.embedding is not None])
            for record in block:
                if record.embedding is None:
                    writer.fail(record.sample.video_id, record.reason)
    refuse_twice(samples)
    _write_manifest(store, samples)
    return opened


def write_official(store: Store, dataset: Dataset, folder: str | Path) -> int:
    """Write the embeddings of a data set's samples in the authors' layout, float32; how many were written.

    Samples without an embedding are left out. Ids become flat names (``a/b.mp4`` is ``a__b.mp4``). The
    JSON holds ``annotation`` (class index), ``duration`` (end of the last clip), ``video_id`` and the
    clips' times.

    StoreError: the folder is not empty, two ids become one name. FeatureError: the store is not of level clip.
    """
    folder = Path(folder)
    if store.spec.level != "clip":
        raise FeatureError(
            f"{store.path}: level '{store.spec.level}'; the official layout holds level 'clip' only"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder}: not an empty folder; name a new one")
    samples = [sample for sample in dataset.samples if sample.video_id in store]
    names = _flat_names(samples)
    for sample, embedding in zip(samples, store.read([s.video_id for s in samples]), strict=True):
        split = folder / check_id(sample.split or "train")
        split.mkdir(parents=True, exist_ok=True)
        _write_video(split / names[sample.video_id], sample, embedding)
    return len(samples)


def _first_usable(folder: Path, records: Iterator[Record], head: list[Record]) -> Record:
    for record in records:
        head.append(record)
        if record.embedding is not None:
            return record
    reason = head[0].reason if head else "no .json files"
    raise FeatureError(f"{folder}: not one video with usable vectors; the first: {reason}")


def _spec(folder: Path, first: Record) -> StoreSpec:
    dim = 0 if first.embedding is None else first.embedding.vectors.shape[1]
    return StoreSpec(
        backbone=unknown_card(folder, dim),
        sampling=sampling_of(folder) or Uniform(),
        num_frames=0,
        decoder="unknown",
        dtype="float16" if first.dtype == "float16" else "float32",
    )


def _joined(head: Sequence[Record], tail: Iterator[Record]) -> Iterator[Record]:
    yield from head
    yield from tail


def _write_manifest(store: Path, samples: Sequence[Sample]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["video_id", "path", "label", "split"])
    for sample in samples:
        label = _annotation(sample)
        writer.writerow([sample.video_id, sample.video_id, "" if label is None else label, sample.split])

    write_atomic(store / "manifest.csv", text.getvalue(), scratch=store / "tmp")


def _annotation(sample: Sample) -> int | None:
    if sample.target is None or isinstance(sample.target, ClassLabel):
        return None if sample.target is None else sample.target.index
    kind = "several labels" if isinstance(sample.target, ClassLabels) else type(sample.target).__name__
    raise StoreError(f"video '{sample.video_id}' has {kind}; the authors' layout holds one label a video")


def _flat_names(samples: Sequence[Sample]) -> dict[str, str]:
    names: dict[str, str] = {}
    taken: dict[tuple[str, str], str] = {}
    for sample in samples:
        name = sample.video_id.replace("/", "__")
        earlier = taken.setdefault((sample.split, name), sample.video_id)
        if earlier != sample.video_id:
            raise StoreError(
                f"videos '{earlier}' and '{sample.video_id}' would both be called '{name}'; rename one"
            )
        names[sample.video_id] = name
    return names


def _write_video(base: Path, sample: Sample, embedding: Embedding) -> None:
    spans = embedding.spans_seconds
    meta = {
        "video_id": sample.video_id,
        "annotation": _annotation(sample),
        "duration": float(spans[:, 1].max()),
        "clips": [{"start": float(start), "end": float(end)} for start, end in spans],
    }
    vectors = embedding.vectors.astype("<f4")
    np.save(f"{base}_c.npy", vectors, allow_pickle=False)
    np.save(f"{base}_v.npy", vectors.mean(axis=0, dtype=np.float64).astype("<f4"), allow_pickle=False)
    Path(f"{base}.json").write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
