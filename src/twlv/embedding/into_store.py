"""Embed a data set into a store: skip what is there, commit every video, name every failure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from twlv import video
from twlv.augmentation import DrawnViews
from twlv.codec import to_json
from twlv.contracts import Backbone
from twlv.embedding.augmented_reading import AugmentedReading
from twlv.embedding.directions import check_flip
from twlv.embedding.extract import Batching, Failure, Timings, device_of, extract, groups
from twlv.embedding.features import StoredFeatures
from twlv.embedding.progress import Progress, Silent
from twlv.embedding.reading import Reading, reading_for
from twlv.store import Store, StoreSpec, StoreWriter, share
from twlv.types import (
    BackboneCard,
    Coverage,
    Dataset,
    Embedding,
    FrameOrder,
    Framing,
    Json,
    Level,
    Sample,
    Sampling,
    Uniform,
    Views,
)
from twlv.version import __version__


@dataclass(frozen=True, kw_only=True)
class EmbedReport:
    """What one run did. ``coverage`` is over this run's part of the data set.

    ``skipped`` videos were in the store already. ``seconds`` by stage: ``decode`` (summed over readers),
    ``encode`` (summed over encoders), ``wait`` (no clip was ready), ``write``, ``total`` (wall); ``per_clip``
    is the total over the clips that this run embedded, absent if there were none.
    """

    store: Path
    coverage: Coverage
    skipped: int
    embedded: int
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def videos_per_second(self) -> float:
        """Videos embedded by this run, by the wall clock."""
        return self.embedded / self.seconds["total"] if self.seconds.get("total") else 0.0


def store_spec(
    card: BackboneCard, reading: Reading, level: Level, drawn: DrawnViews | None = None
) -> StoreSpec:
    """The settings that a store of these embeddings (of these augmented views) is known by."""
    return StoreSpec(
        backbone=card,
        sampling=reading.sampling,
        num_frames=reading.num_frames,
        views=reading.views,
        level=level,
        decoder=reading.decoder,
        frame_order=reading.frame_order,
        framing=reading.framing,
        augmentation=None if drawn is None else cast("dict[str, Json]", to_json(drawn)),
        dtype="float16" if level == "patch" and card.dtype == "bfloat16" else "float32",
    )


def embed_dataset(
    model: Backbone,
    data: Dataset,
    store: Path,
    *,
    sampling: Sampling | None = None,
    views: Views | None = None,
    level: Level = "clip",
    part: tuple[int, int] = (1, 1),
    workers: int | None = None,
    decoder: str = "pyav",
    frame_order: FrameOrder = "forward",
    framing: Framing = "crop",
    drawn: DrawnViews | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> EmbedReport:
    """Embed every sample of ``data`` (of its ``part``) that the store at ``store`` does not hold yet.

    ``part`` (i, n), counted from 1, takes every n-th sample from the i-th on (see ``store.share``).
    Every video is durable as soon as it is done. A sample that fails is recorded with its reason, never
    replaced, and tried again by the next run. Any number of parts may write to one store at the same time.
    ``frame_order`` "reversed" embeds the frames of every clip the last one first, into a store of its own; so
    does ``framing`` "squash", which shows the whole picture instead of a crop.
    ``drawn`` embeds augmented views of every video as its rows, for training (see ``AugmentedViews``).
    ``command`` is kept by a new store, so that it can say what made it.

    Raises:
        StoreError: the store holds embeddings made with other settings; the message names them.
        UsageError: the settings fit no video or not the backbone, or the part does not exist; no store is made.
    """
    started, timings, watch = time.perf_counter(), Timings(), progress or Silent()
    reading = reading_for(
        model.card, sampling or Uniform(), views or Views(), decoder, frame_order, framing=framing
    )
    read = None
    if drawn is not None:
        check_flip(drawn.augmentation, data.card)
        read = AugmentedReading(
            reading=reading,
            augmentation=drawn.augmentation,
            card=model.card,
            seed=drawn.seed,
            views=drawn.views,
        )
    provenance = _versions(decoder)
    plan = [sample.video_id for sample in data.samples]
    mine = frozenset(share(plan, part))
    opened = Store.open_or_create(store, store_spec(model.card, reading, level, drawn), command=command)
    samples = [sample for sample in data.samples if sample.video_id in mine]
    batching = Batching.for_device(device_of(model))
    pending = _pending(samples, frozenset(opened.ids), batching.videos)
    skipped = sum(sample.video_id in opened for sample in samples)
    watch.start(len(samples), skipped)
    writing, embedded, clips = 0.0, 0, 0
    try:
        with StoreWriter(opened, part=part, plan=plan, provenance=provenance) as writer:
            for item in extract(
                model,
                pending,
                reading,
                level=level,
                workers=workers,
                batching=batching,
                timings=timings,
                read=read,
            ):
                before = time.perf_counter()
                if _commit(writer, item) and isinstance(item, Embedding):
                    embedded, clips = embedded + 1, clips + len(item.vectors)
                writing += time.perf_counter() - before
                watch.advance(item.video_id, item.reason if isinstance(item, Failure) else None)
    finally:
        watch.finish()
    total = time.perf_counter() - started
    part_data = Dataset(card=data.card, samples=tuple(samples), missing=data.missing & mine)
    coverage = StoredFeatures(data=part_data, store=Store.open(store)).coverage
    return EmbedReport(
        store=store,
        coverage=coverage,
        skipped=skipped,
        embedded=embedded,
        seconds={
            "decode": timings.decode,
            "encode": timings.encode,
            "wait": timings.wait,
            "write": writing,
            "total": total,
            **({"per_clip": total / clips} if clips else {}),
        },
    )


def _pending(samples: Sequence[Sample], known: frozenset[str], group: int) -> list[Sample]:
    """The samples of every group that is not wholly in the store: a group is computed whole."""
    return [
        sample
        for members in groups(samples, group)
        if any(member.video_id not in known for member in members)
        for sample in members
    ]


def _commit(writer: StoreWriter, item: Embedding | Failure) -> bool:
    """Write what came out; whether an embedding was new."""
    if isinstance(item, Embedding):
        return writer.write(item)
    writer.fail(item.video_id, item.reason)
    return False


def _versions(decoder: str) -> dict[str, str]:
    from importlib.metadata import version

    return {**video.decoder_versions(decoder), "torch": version("torch"), "twlv": __version__}


def embed_list(
    model: Backbone,
    samples: Sequence[Sample],
    *,
    sampling: Sampling | None = None,
    views: Views | None = None,
    level: Level = "clip",
    workers: int | None = None,
    decoder: str = "pyav",
    frame_order: FrameOrder = "forward",
    framing: Framing = "crop",
) -> Iterator[Embedding | Failure]:
    """Embed samples in memory, in order, with nothing written."""
    reading = reading_for(
        model.card, sampling or Uniform(), views or Views(), decoder, frame_order, framing=framing
    )
    return extract(model, samples, reading, level=level, workers=workers)
