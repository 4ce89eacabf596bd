"""Samples to embeddings: decode ahead in threads, encode in batches, pool, in the order of the samples.

The same bytes come out whatever the number of workers, and whatever an earlier run had already done: batches
never cross the border of a *group* of consecutive samples, and a group is always computed whole.

Axes: B batch, T frames, C colours, H W pixels, M clips, D width.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from twlv import video
from twlv.contracts import Backbone, Clip
from twlv.embedding.pool import pool
from twlv.embedding.prefetch import prefetch
from twlv.embedding.reading import Reading, read_sample
from twlv.errors import VideoError
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
    neighbours; a GPU wants more.
    """

    clips: int = 4
    videos: int = 1

    @staticmethod
    def for_device(device: torch.device) -> Batching:
        """Small on a CPU, large on an accelerator."""
        return Batching() if device.type == "cpu" else Batching(clips=16, videos=16)


@dataclass
class Timings:
    """Seconds by stage, summed over threads; ``wait`` is the encoder's time without work."""

    decode: float = 0.0
    encode: float = 0.0
    wait: float = 0.0


def default_workers() -> int:
    """One reader for every two cores, at most 8: decoding is the lighter half."""
    return max(1, min(8, (os.cpu_count() or 2) // 2))


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
) -> Iterator[Embedding | Failure]:
    """Embed samples: one Embedding or Failure for each, in order. A failure never ends the run.

    ``samples`` are taken in groups of ``batching.videos`` from the first on; a caller who resumes passes
    whole groups. ``workers`` threads decode (None: ``default_workers``; 0: none, for debugging).
    """
    timings = timings if timings is not None else Timings()
    batching = batching or Batching.for_device(device_of(model))
    workers = default_workers() if workers is None else workers

    def read(sample: Sample) -> Iterator[Clip]:
        return _timed_reading(sample, reading, timings)

    stream = prefetch(
        samples, read, workers=workers, depth=2 * batching.clips, on_thread_start=_single_threaded
    )
    try:
        for group in groups(samples, batching.videos):
            yield from _embed_group(model, itertools.islice(stream, len(group)), level, batching, timings)
    finally:
        stream.close()
        torch.set_num_threads(torch.get_num_threads())  # this thread's count is the default again


def device_of(model: Backbone) -> torch.device:
    """Where the backbone computes: its ``device`` attribute if it has one, else the CPU."""
    return torch.device(getattr(model, "device", "cpu"))


# ---------------------------------------------------------------- reading


def _single_threaded() -> None:
    """A reader resizes on its own core and leaves the others to the encoder.

    The setting is the calling thread's own, and also the default of threads that start later; ``extract``
    restores that default when it ends.
    """
    torch.set_num_threads(1)


def _timed_reading(sample: Sample, reading: Reading, timings: Timings) -> Iterator[Clip]:
    started = time.perf_counter()
    if not Path(sample.path).exists():
        raise VideoError(sample.path, "not_found", "no such file")
    for clip in read_sample(sample, reading):
        timings.decode += time.perf_counter() - started
        yield clip
        started = time.perf_counter()
    timings.decode += time.perf_counter() - started


# ---------------------------------------------------------------- encoding


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
        vectors = np.stack(self.rows)
        if not np.isfinite(vectors).all():
            return Failure(
                video_id=self.sample.video_id, reason="not_finite: the backbone gave NaN or infinity"
            )
        return Embedding(
            video_id=self.sample.video_id,
            level=level,
            vectors=vectors,
            spans_seconds=np.array(self.spans, dtype=np.float64),
        )


def _embed_group(
    model: Backbone,
    stream: Iterator[tuple[Sample, Iterator[Clip]]],
    level: Level,
    batching: Batching,
    timings: Timings,
) -> Iterator[Embedding | Failure]:
    """Embed a few consecutive videos whose clips share batches."""
    done: list[_Video] = []
    waiting: list[tuple[_Video, Clip]] = []
    for sample, clips in stream:
        current = _Video(sample=sample)
        done.append(current)
        try:
            for clip in _waited(clips, timings):
                waiting.append((current, clip))
                if len(waiting) == batching.clips:
                    _encode(model, waiting, level, timings)
        except VideoError as error:
            current.failed = f"{error.reason}: {error.seen}"
    _encode(model, waiting, level, timings)
    for finished in done:
        yield finished.result(level)


def _waited(clips: Iterator[Clip], timings: Timings) -> Iterator[Clip]:
    while True:
        started = time.perf_counter()
        clip = next(clips, None)
        timings.wait += time.perf_counter() - started
        if clip is None:
            return
        yield clip


@torch.inference_mode()
def _encode(model: Backbone, waiting: list[tuple[_Video, Clip]], level: Level, timings: Timings) -> None:
    """Encode the waiting clips at once, hand the rows to their videos, and empty the list."""
    if not waiting:
        return
    started = time.perf_counter()
    frames = torch.stack([clip.frames for _, clip in waiting]).to(device_of(model))
    tokens = model.encode(video.normalize(frames, model.card.mean, model.card.std))
    rows = pool(tokens, model.card, level).cpu().numpy()
    for (owner, clip), row in zip(waiting, rows, strict=True):
        owner.rows.append(row)
        owner.spans.append((clip.span.start_seconds, clip.span.end_seconds))
    waiting.clear()
    timings.encode += time.perf_counter() - started
