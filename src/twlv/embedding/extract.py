"""Samples to embeddings: decode ahead in threads, encode in batches, pool, in the order of the samples.

The same bytes come out whatever the number of workers, and whatever an earlier run had already done: batches
never cross the border of a *group* of consecutive samples, and a group is always computed whole.

Axes: B batch, T frames, C colours, H W pixels, M clips, D width.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from twlv import video
from twlv.contracts import Backbone, Clip
from twlv.embedding.pool import pool
from twlv.embedding.prefetch import prefetch
from twlv.embedding.reading import Reading, read_sample
from twlv.errors import VideoError
from twlv.results.environment import cpu_cores
from twlv.threads import one_core_workers
from twlv.types import Embedding, FloatArray, Level, Sample


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A sample that could not be embedded, and why."""

    video_id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Batching:
    """How clips are put together for the backbone.

    ``clips`` go through the backbone at once; clips of up to ``videos`` consecutive samples may share a
    batch. One video at a time loses nothing on a CPU and keeps every video's bytes independent of its
    neighbours; a GPU wants more. ``encoders`` threads encode batches side by side, each on one core: threads
    inside an operation would wait for each other, and the slower one sets the pace.
    """

    clips: int = 4
    videos: int = 1
    encoders: int = 1

    @staticmethod
    def for_device(device: torch.device) -> Batching:
        """Small batches and an encoder for every core on a CPU, large batches on an accelerator."""
        if device.type == "cpu":
            return Batching(encoders=torch.get_num_threads())
        return Batching(clips=16, videos=16)


@dataclass
class Timings:
    """Seconds by stage, summed over threads; ``wait`` is the time spent waiting for clips."""

    decode: float = 0.0
    encode: float = 0.0
    wait: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, stage: Literal["decode", "encode", "wait"], started: float) -> None:
        """Count the seconds since ``started`` (``time.perf_counter``); any thread may call it."""
        seconds = time.perf_counter() - started
        with self._lock:
            setattr(self, stage, getattr(self, stage) + seconds)


def default_workers() -> int:
    """One reader for every two cores that this process may use, at most 8: decoding is the lighter half."""
    return max(1, min(8, cpu_cores() // 2))


def groups(samples: Sequence[Sample], size: int) -> Iterator[Sequence[Sample]]:
    """Consecutive samples, ``size`` at a time."""
    return (samples[start : start + size] for start in range(0, len(samples), size))


def extract(
    model: Backbone,
    samples: Sequence[Sample],
    reading: Reading,
    *,
    level: Level = "clip",
    workers: int | None = None,
    batching: Batching | None = None,
    timings: Timings | None = None,
    read: Callable[[Sample], Iterator[Clip]] | None = None,
) -> Iterator[Embedding | Failure]:
    """Embed samples: one Embedding or Failure for each, in order. A failure never ends the run.

    ``samples`` are taken in groups of ``batching.videos`` from the first on; a caller who resumes passes
    whole groups. ``workers`` threads decode (None: ``default_workers``; 0: none, for debugging). ``read`` gives
    the clips of a sample where they are not those of ``reading``: augmented ones.
    """
    timings = timings if timings is not None else Timings()
    batching = batching or Batching.for_device(device_of(model))
    workers = default_workers() if workers is None else workers

    reader = read or partial(read_sample, reading=reading)

    def timed(sample: Sample) -> Iterator[Clip]:
        return _timed_reading(sample, reader, timings)

    stream = prefetch(samples, timed, workers=workers, depth=2 * batching.clips)
    encoders = one_core_workers(batching.encoders, "twlv-encode")
    under_way: deque[_Batch | _Video] = deque()
    try:
        for event in _batches(stream, batching, timings):
            if isinstance(event, _Batch):
                event.rows = encoders.submit(_encode, model, event.frames(), level, timings)
            under_way.append(event)
            while len(under_way) > 2 * batching.encoders:
                yield from _settle(under_way.popleft(), level)
        while under_way:
            yield from _settle(under_way.popleft(), level)
    finally:
        encoders.shutdown(cancel_futures=True)
        stream.close()


def device_of(model: Backbone) -> torch.device:
    """Where the backbone computes: its ``device`` attribute if it has one, else the CPU."""
    return torch.device(getattr(model, "device", "cpu"))


# ---------------------------------------------------------------- reading


def read_checked(sample: Sample, read: Callable[[Sample], Iterator[Clip]]) -> Iterator[Clip]:
    """The clips that ``read`` gives. VideoError ``not_found`` if the file is not there."""
    if not Path(sample.path).exists():
        raise VideoError(sample.path, "not_found", "no such file")
    yield from read(sample)


def _timed_reading(
    sample: Sample, read: Callable[[Sample], Iterator[Clip]], timings: Timings
) -> Iterator[Clip]:
    started = time.perf_counter()
    for clip in read_checked(sample, read):
        timings.add("decode", started)
        yield clip
        started = time.perf_counter()
    timings.add("decode", started)


# ---------------------------------------------------------------- batches


@dataclass
class _Video:
    """The rows of one video while they are being made."""

    sample: Sample
    rows: list[FloatArray] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    failed: str | None = None

    def result(self, level: Level) -> Embedding | Failure:
        if self.failed is None and not self.rows:
            self.failed = "no_frames: the plan gave no clip"
        if self.failed is not None:
            return Failure(video_id=self.sample.video_id, reason=self.failed)
        vectors, finite = self._stacked()
        if not finite:
            return Failure(
                video_id=self.sample.video_id, reason="not_finite: the backbone gave NaN or infinity"
            )
        return Embedding(
            video_id=self.sample.video_id,
            level=level,
            vectors=vectors,
            spans_seconds=np.array(self.spans, dtype=np.float64),
        )

    def _stacked(self) -> tuple[FloatArray, bool]:
        """All rows in one array, and whether they are finite; each is let go as it is copied.

        At level ``patch`` a long video has gigabytes of rows, which should not stand here twice.
        """
        vectors = np.empty((len(self.rows), *self.rows[0].shape), dtype=np.float32)
        finite = True
        while self.rows:
            row = self.rows.pop()
            vectors[len(self.rows)] = row
            finite = finite and bool(np.isfinite(row).all())
        return vectors, finite


@dataclass
class _Batch:
    """Clips that go through the backbone at once, each with the video that it belongs to."""

    owners: list[_Video] = field(default_factory=list)
    clips: list[Clip] = field(default_factory=list)
    rows: Future[FloatArray] | None = None

    def frames(self) -> torch.Tensor:
        """uint8 (B, T, C, H, W); the clips themselves are let go."""
        stacked = torch.stack([clip.frames for clip in self.clips])
        for owner, clip in zip(self.owners, self.clips, strict=True):
            owner.spans.append((clip.span.start_seconds, clip.span.end_seconds))
        self.clips.clear()
        return stacked


def _batches(
    stream: Iterator[tuple[Sample, Iterator[Clip]]], batching: Batching, timings: Timings
) -> Iterator[_Batch | _Video]:
    """Full batches as they fill up, and every video after the last batch that holds a clip of it."""
    while group := list(itertools.islice(stream, 1)):
        batch, videos = _Batch(), []
        for sample, clips in itertools.chain(group, itertools.islice(stream, batching.videos - 1)):
            current = _Video(sample=sample)
            videos.append(current)
            try:
                for clip in _waited(clips, timings):
                    batch.owners.append(current)
                    batch.clips.append(clip)
                    if len(batch.clips) == batching.clips:
                        yield batch
                        batch = _Batch()
            except VideoError as error:
                current.failed = f"{error.reason}: {error.seen}"
        if batch.clips:
            yield batch
        yield from videos


def _waited(clips: Iterator[Clip], timings: Timings) -> Iterator[Clip]:
    while True:
        started = time.perf_counter()
        clip = next(clips, None)
        timings.add("wait", started)
        if clip is None:
            return
        yield clip


# ---------------------------------------------------------------- encoding


def _encode(model: Backbone, frames: torch.Tensor, level: Level, timings: Timings) -> FloatArray:
    """Rows of an embedding for clips uint8 (B, T, C, H, W); runs in an encoder's thread."""
    started = time.perf_counter()
    with torch.inference_mode():
        normalised = video.normalize(frames.to(device_of(model)), model.card.mean, model.card.std)
        rows: FloatArray = pool(model.encode(normalised), model.card, level).cpu().numpy()
    timings.add("encode", started)
    return rows


def _settle(event: _Batch | _Video, level: Level) -> Iterator[Embedding | Failure]:
    """Hand a batch's rows to their videos, or finish a video; events settle in the order they came."""
    if isinstance(event, _Video):
        yield event.result(level)
    elif event.rows is not None:
        for owner, row in zip(event.owners, event.rows.result(), strict=True):
            owner.rows.append(row)
