"""Features of videos with a label for every frame, as arrays.

Videos are put in the order of their ids, so that nothing depends on the order of a list. Vectors are kept as
they come, clip by clip; a step is read when it is needed, for steps are several times as many.

Axis letters: M clips, D width, F frames, L steps.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twlv.errors import FeatureError
from twlv.tasks.frame_alignment import Alignment, Steps, align
from twlv.types import Embedding, FloatArray, FrameLabels, IntArray, Json, Sample

if TYPE_CHECKING:
    from twlv.contracts import Features


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledVideo:
    """One video: ``vectors`` (M, D), ``steps`` that say where they are read, ``labels`` (F,) at ``fps``."""

    sample: Sample
    vectors: FloatArray
    steps: Steps
    labels: IntArray
    fps: float

    @property
    def video_id(self) -> str:
        """Its id."""
        return self.sample.video_id

    def features(self) -> FloatArray:
        """Features of every step, (L, D)."""
        return self.steps.read(self.vectors)


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledVideos:
    """One half of a split. ``missing`` have no usable embedding; of some of them ``unusable`` says why.

    ``checksum`` is of all vectors, ``label_checksum`` of all labels, for the name of a checkpoint.
    """

    videos: tuple[LabelledVideo, ...]
    missing: tuple[Sample, ...]
    unusable: dict[str, str]
    label_step: int
    checksum: int

    def __len__(self) -> int:
        return len(self.videos)

    def training(self, index: int) -> tuple[FloatArray, IntArray]:
        """Features (L, D) and classes (L,) of the steps of a video."""
        video = self.videos[index]
        return video.features(), video.labels[:: self.label_step]

    @property
    def label_checksum(self) -> int:
        """As ``checksum``, of the labels in the order of ids."""
        found = 0
        for video in self.videos:
            found = zlib.crc32(video.labels.tobytes(), found)
        return found

    @property
    def leftover(self) -> dict[str, Json]:
        """Seconds by which labels go on after the last clip (below 0: clips after the last label)."""
        left = [video.steps.leftover_seconds for video in self.videos]
        return {
            "largest_seconds": max(left),
            "smallest_seconds": min(left),
            "mean_absolute_seconds": float(np.mean(np.abs(left))),
        }


def gather_labelled(
    features: Features, *, role: str, num_classes: int, label_step: int, rule: Alignment
) -> LabelledVideos:
    """Read ``features`` once. ``role`` (train or test) only words the errors.

    A video with a vector that is not finite is among the missing ones.

    Raises:
        FeatureError: no usable video, one without frame labels or with one that is no class, or rows that
            cannot be laid over time (see ``align``).
    """
    found, unusable, sums = [], dict[str, str](), dict[str, int]()
    missing = list(features.missing)
    for embedding, sample in features:
        target = frame_labels(sample, num_classes, role)
        if not np.isfinite(embedding.vectors).all():
            unusable[sample.video_id] = "a vector is not finite"
            missing.append(sample)
            continue
        sums[sample.video_id] = zlib.crc32(embedding.vectors.tobytes())
        found.append(_video(embedding, sample, target, label_step, rule))
    for sample in features.missing:
        frame_labels(sample, num_classes, role)
    if not found:
        absent = ", ".join(f"'{sample.video_id}'" for sample in missing[:3])
        raise FeatureError(f"no {role} video has a usable embedding ({len(missing)} are missing: {absent})")
    return LabelledVideos(
        videos=tuple(sorted(found, key=lambda video: video.video_id)),
        missing=tuple(sorted(missing, key=lambda sample: sample.video_id)),
        unusable=unusable,
        label_step=label_step,
        checksum=zlib.crc32(repr(sorted(sums.items())).encode()),
    )


def frame_labels(sample: Sample, num_classes: int, role: str) -> FrameLabels:
    """The labels of a sample; FeatureError, naming the video, if it has none or one that is no class."""
    target = sample.target
    if not isinstance(target, FrameLabels):
        seen = "no label" if target is None else type(target).__name__
        raise FeatureError(
            f"{role} video '{sample.video_id}' has {seen}; segmentation needs a label for every frame: give a "
            "folder with mapping.txt and groundTruth, or a CSV of segments"
        )
    if not len(target.indices):
        raise FeatureError(f"{role} video '{sample.video_id}' has labels of no frame")
    low, high = int(target.indices.min()), int(target.indices.max())
    if low < 0 or high >= num_classes:
        raise FeatureError(
            f"{role} video '{sample.video_id}' has label {low if low < 0 else high}, but the data set has "
            f"{num_classes} classes (0 to {num_classes - 1})"
        )
    return target


def _video(
    embedding: Embedding, sample: Sample, target: FrameLabels, label_step: int, rule: Alignment
) -> LabelledVideo:
    steps = align(embedding, len(target.indices), target.fps, label_step=label_step, rule=rule)
    return LabelledVideo(
        sample=sample, vectors=embedding.vectors, steps=steps, labels=target.indices, fps=target.fps
    )
