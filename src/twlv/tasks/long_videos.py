"""Long videos with annotated segments: their clocks, what is annotated, and their embeddings as they are
asked for.

Videos stand in the order of their ids. Embeddings stay in memory if they fit; else they are read again, in the
order of each epoch. A video whose vectors cannot be used is counted and named, and stays in the ground truth.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twlv.errors import FeatureError, UsageError
from twlv.types import DoubleArray, Embedding, IntArray, Sample, Segments

if TYPE_CHECKING:
    import torch

    from twlv.contracts import Features
    from twlv.heads.actionformer.grid import Grid


@dataclass(frozen=True, kw_only=True)
class LongVideo:
    """A video with embeddings: its clock, and its annotated ``ends_seconds`` (N, 2) and ``labels`` (N,)."""

    video_id: str
    grid: Grid
    num_clips: int
    ends_seconds: DoubleArray
    labels: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class LongVideos:
    """One split. ``unusable``: id -> reason, of videos whose embeddings cannot be used.

    ``samples`` are all that are annotated, with or without embeddings. ``fingerprint`` is a checksum of the
    ids, the annotations and part of every video's vectors.
    """

    features: Features
    videos: tuple[LongVideo, ...]
    samples: tuple[Sample, ...]
    unusable: dict[str, str]
    resize: int | None
    kept: tuple[torch.Tensor, ...] | None
    fingerprint: int

    def __len__(self) -> int:
        return len(self.videos)

    def rows(self, chosen: Sequence[int]) -> Iterator[torch.Tensor]:
        """Embeddings (T, D) of the videos with these numbers, in this order; resized where that is asked."""
        if self.kept is not None:
            yield from (self.kept[index] for index in chosen)
            return
        from twlv.contracts import can_reorder

        if not can_reorder(self.features):
            raise UsageError(
                "these embeddings do not fit into memory_gb and cannot be read in any order; raise it"
            )
        for embedding, _ in self.features.ordered([self.videos[index].video_id for index in chosen]):
            yield _rows(embedding, self.resize)


def gather(features: Features, *, role: str, resize: int | None, memory_bytes: float) -> LongVideos:
    """Read a split once: clocks, annotations, and the embeddings if they fit.

    Raises:
        FeatureError: not one video can be used; rows of another shape; clips that do not begin evenly; a sample
            without annotated segments.
    """
    from twlv.heads.actionformer.grid import grid_of

    found: list[tuple[LongVideo, torch.Tensor | None]] = []
    unusable: dict[str, str] = {}
    present: list[Sample] = []
    room, checksum = memory_bytes, 0
    for embedding, sample in features:
        _check_shape(embedding, features.dim, role)
        present.append(sample)
        checksum = zlib.crc32(f"{embedding.video_id} {sample.target}".encode(), checksum)
        checksum = zlib.crc32(np.ascontiguousarray(embedding.vectors[::16]).tobytes(), checksum)
        if not np.isfinite(embedding.vectors).all():
            unusable[embedding.video_id] = "not_finite: a vector holds NaN or infinity"
            continue
        target = segments_of(sample)
        video = LongVideo(
            video_id=embedding.video_id,
            grid=grid_of(embedding, resize=resize),
            num_clips=len(embedding.vectors),
            ends_seconds=np.array(target.ends_seconds, dtype=np.float64).reshape(-1, 2),
            labels=np.array(target.indices, dtype=np.int64),
        )
        rows = _rows(embedding, resize) if room > 0 else None
        room -= 0 if rows is None else 4 * rows.numel()
        found.append((video, rows if room > 0 else None))
    if not found:
        first = next(iter(unusable.values()), "none was given")
        raise FeatureError(f"no {role} video has embeddings that can be used: {first}")
    found.sort(key=lambda pair: pair[0].video_id)
    kept = [rows for _, rows in found if rows is not None]
    return LongVideos(
        features=features,
        videos=tuple(video for video, _ in found),
        samples=tuple(sorted([*present, *features.missing], key=lambda sample: sample.video_id)),
        unusable=unusable,
        resize=resize,
        kept=tuple(kept) if len(kept) == len(found) else None,
        fingerprint=checksum,
    )


def segments_of(sample: Sample) -> Segments:
    """The annotated segments of a sample; FeatureError, naming the video, if it has none of this kind."""
    if not isinstance(sample.target, Segments):
        raise FeatureError(
            f"video '{sample.video_id}' has no annotated segments; localization needs an annotation file such "
            "as thumos14.json as the data set"
        )
    return sample.target


def _rows(embedding: Embedding, resize: int | None) -> torch.Tensor:
    import torch

    from twlv.heads.actionformer.grid import resized

    return resized(torch.from_numpy(np.ascontiguousarray(embedding.vectors, dtype=np.float32)), resize)


def _check_shape(embedding: Embedding, dim: int, role: str) -> None:
    vectors = embedding.vectors
    if vectors.ndim != 2 or not len(vectors) or vectors.shape[1] != dim:
        raise FeatureError(
            f"{role} video '{embedding.video_id}': vectors have shape {vectors.shape}, expected (M, {dim}) "
            "with M >= 1, one a clip"
        )
