"""Records that cross a room's border. Frozen, keyword-only, numpy only: this module never imports torch.

Conventions: seconds are floats, intervals are half-open ``[start, end)``, a unit is always a suffix
(``_seconds``, ``_fps``, ``_px``), counts are ``num_x``. Time zero of a video is its first frame.

Axis letters: T frames, T' H' W' token grid, N tokens or frame times, M clips, D width, K boxes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
DoubleArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Level: TypeAlias = Literal["clip", "time", "patch"]
Pool: TypeAlias = Literal["mean", "cls", "attention", "mean_norm"]
FrameOrder: TypeAlias = Literal["forward", "reversed"]
Framing: TypeAlias = Literal["crop", "squash"]
"""How a picture becomes a backbone's square: resized and cropped as its card says, or all of it squashed."""
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


# ---------------------------------------------------------------- videos


@dataclass(frozen=True, kw_only=True)
class Span:
    """A half-open interval of a video, in seconds from its first frame."""

    start_seconds: float
    end_seconds: float

    def __post_init__(self) -> None:
        if not self.end_seconds > self.start_seconds:
            raise ValueError(f"a span needs end > start, got [{self.start_seconds}, {self.end_seconds})")

    @property
    def duration_seconds(self) -> float:
        """Length of the interval."""
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What a video is, measured from its presentation timestamps, never from a nominal rate.

    ``pts_seconds`` (num_frames,) are the times at which the frames come on screen, sorted, the first
    is 0. ``duration_seconds`` is the end of the last frame. ``height_px`` and ``width_px`` are those
    of the picture as shown, that is after ``rotation_degrees`` (counter-clockwise, a multiple of 90)
    was applied.
    """

    path: str
    duration_seconds: float
    average_fps: float
    num_frames: int
    height_px: int
    width_px: int
    codec: str
    rotation_degrees: int = 0
    pts_seconds: DoubleArray = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class ClipPlan:
    """One clip to read: the interval it stands for and the times of its frames.

    ``times_seconds`` (N,) is non-decreasing. The frame read for a time t is the one on screen at t:
    the last whose pts is <= t (the first frame if there is none).
    """

    span: Span
    times_seconds: tuple[float, ...]


# ---------------------------------------------------------------- sampling


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """One clip over the whole video, whatever its length (report, section 2.1: Uniform Embedding).

    ``num_frames`` None means the backbone's own frame count.
    """

    num_frames: int | None = None


@dataclass(frozen=True, kw_only=True)
class MultiClip:
    """Clips of ``clip_seconds`` (T) every ``stride_seconds`` (T_s, default T); report, section 2.1.

    ``tail`` says what becomes of a remainder shorter than a clip: ``drop`` leaves it out (the default),
    ``short`` adds a clip ``[start, duration)``, ``shift`` adds ``[duration - T, duration)``. A video
    shorter than T always gives one clip over all of it.
    """

    num_frames: int | None = None
    clip_seconds: float = 2.0
    stride_seconds: float | None = None
    tail: Literal["drop", "short", "shift"] = "drop"


@dataclass(frozen=True, kw_only=True)
class Strided:
    """One clip of every ``frame_step``-th frame by frame index, centred in the video."""

    num_frames: int | None = None
    frame_step: int = 4


@dataclass(frozen=True, kw_only=True)
class Rule:
    """The frame indices of a public code base, by its name (see ``video.sampling.RULES``)."""

    name: str
    num_frames: int | None = None
    frame_step: int = 4
    num_clips: int = 1


@dataclass(frozen=True, kw_only=True)
class Around:
    """One clip of N frames around the middle m of a sample's span: the key frame is frame N // 2 of the clip.

    Frame j is the one on screen at ``m + (j - N // 2) clip_seconds / N``; times before the first frame of the
    video or after its last are theirs. So the clip keeps its length at both ends of a video. The default is 64
    frames at 30 a second, which 16 frames in steps of 4 are taken from.
    """

    num_frames: int | None = None
    clip_seconds: float = 64 / 30


Sampling: TypeAlias = Uniform | MultiClip | Strided | Rule | Around


@dataclass(frozen=True, kw_only=True)
class Views:
    """Multi-view reading: ``temporal`` equal windows in time x ``spatial`` crops along the long side.

    Every view is a row of the embedding, temporal-major. The report writes m x n with m spatial and n
    temporal (section 2.2); on the command line ``--views MxN`` follows it.
    """

    temporal: int = 1
    spatial: Literal[1, 3] = 1


# ---------------------------------------------------------------- samples and data sets


@dataclass(frozen=True, kw_only=True)
class ClassLabel:
    """The target of recognition: an index into ``DatasetCard.classes``."""

    index: int


@dataclass(frozen=True, kw_only=True)
class ClassLabels:
    """The target of multi-label recognition: rising indices into ``DatasetCard.classes``, perhaps none."""

    indices: tuple[int, ...]

    def __post_init__(self) -> None:
        if list(self.indices) != sorted(set(self.indices)):
            raise ValueError(f"class indices must rise and be distinct, got {self.indices}")


@dataclass(frozen=True, kw_only=True)
class Segments:
    """The target of temporal localization: annotated intervals of a long video, perhaps none.

    ``ends_seconds`` are (start, end) as the annotation gives them: they may overlap, and one without a length
    stays here to be counted. ``indices`` are their classes, into ``DatasetCard.classes``. What the annotation
    says of the video, if anything: ``duration_seconds``, and ``fps``, which dates features given by frames.
    """

    ends_seconds: tuple[tuple[float, float], ...]
    indices: tuple[int, ...]
    duration_seconds: float | None = None
    fps: float | None = None

    def __post_init__(self) -> None:
        if len(self.ends_seconds) != len(self.indices):
            raise ValueError(f"{len(self.ends_seconds)} segments have {len(self.indices)} classes")


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameLabels:
    """The target of temporal segmentation: the class of each of F frames, ``indices`` (F,) at ``fps``."""

    indices: IntArray
    fps: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Boxes:
    """The target of spatio-temporal localization: who does what at one time of a video.

    ``time_seconds`` counts from the first frame of the video. ``xyxy`` (K, 4) float64 in [0, 1] of the whole
    picture, ``labels`` (K, classes) bool.
    """

    time_seconds: float
    xyxy: DoubleArray
    labels: npt.NDArray[np.bool_]


Target: TypeAlias = ClassLabel | ClassLabels | Segments | FrameLabels | Boxes | None
"""What is annotated of a sample. None: no label, only embed it."""


def label_indices(target: Target) -> tuple[int, ...]:
    """The class indices of a target of recognition: one, several, or none."""
    if isinstance(target, ClassLabels):
        return target.indices
    return (target.index,) if isinstance(target, ClassLabel) else ()


def classes_in(target: Target) -> tuple[int, ...]:
    """The classes that occur in a target of any kind, rising, each once: for counting samples by class."""
    if isinstance(target, Segments):
        return tuple(sorted(set(target.indices)))
    if isinstance(target, FrameLabels):
        return tuple(np.unique(target.indices[target.indices >= 0]).tolist())
    if isinstance(target, Boxes):
        return tuple(np.flatnonzero(target.labels.any(axis=0)).tolist())
    return label_indices(target)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One video (or one ``span`` of it) of a data set.

    ``group`` is the unit that a split may not cut: an actor, a scene, a source video.
    ``fps`` is only for a folder of frames, whose rate must be declared.
    """

    video_id: str
    path: str
    split: str = ""
    target: Target = None
    span: Span | None = None
    group: str = ""
    fps: float | None = None


@dataclass(frozen=True, kw_only=True)
class DatasetCard:
    """What a data set is. ``annotation_sha256`` is the hash of the annotation file's bytes.

    ``classes`` gives label names in index order. ``kind`` is ``appearance``, ``motion`` or empty. ``scored``
    are the indices of the classes that are evaluated, where these are not all (60 of the 80 of AVA).
    """

    name: str
    title: str = ""
    version: str = "1"
    classes: tuple[str, ...] = ()
    annotation_sha256: str = ""
    licence: str = ""
    citation: str = ""
    kind: str = ""
    selection: str = ""
    scored: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Samples in annotation order, and the ids that are annotated but not on disk.

    ``notes`` are sentences on how the set was read and in what it differs from what its card expects.
    """

    card: DatasetCard
    samples: tuple[Sample, ...]
    missing: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits, in order of first appearance."""
        return tuple(dict.fromkeys(sample.split for sample in self.samples))

    def split(self, name: str) -> Dataset:
        """The part of the data set whose samples carry this split name (may be empty)."""
        samples = tuple(sample for sample in self.samples if sample.split == name)
        ids = {sample.video_id for sample in samples}
        return Dataset(card=self.card, samples=samples, missing=self.missing & ids, notes=self.notes)


# ---------------------------------------------------------------- backbones and embeddings


@dataclass(frozen=True, kw_only=True)
class BackboneCard:
    """What must travel with weights so that they are used as they were trained.

    ``name`` is ``family_arch.weights``. ``num_frames`` and ``image_size_px`` are the clip the weights
    were made for; a reading that disagrees is an error unless ``flexible_frames``. ``resize_px`` is the
    short side (or, with ``stretch``, both sides) before the centre crop of ``image_size_px``. ``mean``
    and ``std`` apply to pixels in [0, 1]. ``modality`` ``image`` means frames are encoded one by one
    and averaged, so the order of time cannot show. ``pool`` names how tokens become one vector:
    ``mean`` of the patch tokens, the class token (``cls``), an ``attention`` pool that came with the weights,
    or the mean and then a norm (``mean_norm``).
    ``pretrained_on`` (data set names) drives the report's dagger. ``details`` holds what an architecture
    needs besides (activation, norm, position code), checked on load.
    """

    name: str
    dim: int
    num_params: int
    num_frames: int
    image_size_px: int
    patch: tuple[int, int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights: str
    weights_sha256: str
    licence: str
    resize_px: int = 0  # 0: the same as image_size_px
    resize_mode: Literal["short_side", "stretch"] = "short_side"
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    modality: Literal["video", "image"] = "video"
    pool: Pool = "mean"
    flexible_frames: bool = False
    dtype: Literal["float32", "bfloat16"] = "float32"
    pretrained_on: tuple[str, ...] = ()
    citation: str = ""
    source: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Embedding:
    """The embedding of one video: M rows, each with the interval it stands for.

    ``vectors`` is (M, D) at level ``clip``, (M, T', D) at ``time``, (M, N, D) at ``patch``, float32.
    ``spans_seconds`` is (M, 2). With spatial views the rows repeat their span, temporal-major.
    ``duration_seconds`` is the length of the video, where the rows do not reach its end and it is known.
    """

    video_id: str
    level: Level
    vectors: FloatArray
    spans_seconds: DoubleArray
    duration_seconds: float | None = None


# ---------------------------------------------------------------- outcomes


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of what was asked is in a score. Every count is of videos (samples).

    ``expected`` annotated; ``present`` found on disk; ``decoded`` embedded; ``used`` in the score.
    ``failed`` maps a video id to its reason and names every video that is not in ``decoded``.
    """

    expected: int
    present: int
    decoded: int
    used: int
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def fraction(self) -> float:
        """Decoded / expected; 1.0 for an empty set."""
        return self.decoded / self.expected if self.expected else 1.0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(
            expected=self.expected + other.expected,
            present=self.present + other.present,
            decoded=self.decoded + other.decoded,
            used=self.used + other.used,
            failed={**self.failed, **other.failed},
        )


@dataclass(frozen=True, kw_only=True)
class Score:
    """A number with what is needed to trust it. ``ci95`` is a 95 % interval in the same unit."""

    value: float
    unit: str
    n: int
    ci95: tuple[float, float] | None = None
    higher_is_better: bool = True


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The answer for one video: true and predicted class index; ``predicted`` None if it was not decoded.

    ``group`` is that of its sample, for intervals of a later comparison.
    """

    video_id: str
    truth: int
    predicted: int | None
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a task returns: scores by ``task/metric`` name, in order of importance.

    ``notes`` are plain sentences a reader must know (k was clipped, zero vectors seen). ``details`` is
    JSON-able: the chosen hyper-parameters, losses, whatever explains the number. ``seeds`` names every
    seed that was used.
    """

    scores: Mapping[str, Score]
    notes: tuple[str, ...] = ()
    details: Mapping[str, Json] = field(default_factory=dict)
    predictions: tuple[Prediction, ...] = ()
    seeds: Mapping[str, int] = field(default_factory=dict)
