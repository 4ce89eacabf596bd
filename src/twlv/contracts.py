"""Records that hold tensors, and the Protocols that the project stands on.

Axis letters: B batch, T frames, C colours, H W pixels, T' H' W' token grid, M clips, D width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeGuard, runtime_checkable

import torch

from twlv.types import (
    BackboneCard,
    Coverage,
    DatasetCard,
    DoubleArray,
    Embedding,
    Framing,
    Json,
    Level,
    Outcome,
    Sample,
    Sampling,
    Span,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """Decoded frames. ``frames`` uint8 (T, C, H, W), ``pts_seconds`` float64 (T,) of the frames shown.

    ``spatial_view`` numbers the crop along the long side (0 when there is one).
    """

    frames: torch.Tensor
    pts_seconds: DoubleArray
    span: Span
    spatial_view: int = 0

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.frames.shape))
        span = f"[{self.span.start_seconds:.3f}, {self.span.end_seconds:.3f}) s"
        return f"Clip(frames={self.frames.dtype} {shape}, span={span}, view={self.spatial_view})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Tokens:
    """What a backbone returns: ``patches`` float32 (B, T', H', W', D), ``cls`` (B, D) or None.

    ``cls`` is the vector of the card's ``pool``, whichever that is; None where it is the mean of the patches.
    """

    patches: torch.Tensor
    cls: torch.Tensor | None = None


@runtime_checkable
class Backbone(Protocol):
    """Anything with a card that turns frames into tokens."""

    @property
    def card(self) -> BackboneCard:
        """What the weights are and how their input is prepared."""

    def encode(self, frames: torch.Tensor) -> Tokens:
        """Float32 normalised (B, T, C, H, W) to tokens. Device and dtype are the backbone's business.

        On a CPU it may be called from several threads at once (one for each core), so it keeps nothing
        between calls, or keeps it behind a lock.
        """


@runtime_checkable
class Features(Protocol):
    """Embeddings with their samples: from a store, a folder or live. A task cannot tell which.

    Iterating twice gives the same items in the same order (sample order of the data set). Samples
    without an embedding are not yielded; they are listed in ``missing``.
    """

    @property
    def dataset(self) -> DatasetCard:
        """The card of the data set: class names in index order."""

    @property
    def backbone(self) -> BackboneCard:
        """The card of the backbone that made the vectors."""

    @property
    def level(self) -> Level:
        """What a row is: one vector per clip, per time step, or per patch."""

    @property
    def dim(self) -> int:
        """Width D of a vector."""

    @property
    def coverage(self) -> Coverage:
        """How much of the data set is here."""

    @property
    def missing(self) -> tuple[Sample, ...]:
        """Samples of the data set that have no embedding, with their targets."""

    def __len__(self) -> int:
        """Number of videos that are yielded."""

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        """The embedding of each video, with its sample (target, group, span)."""


class EpochFeatures(Features, Protocol):
    """Features of training videos that change from epoch to epoch: augmented anew, or drawn from stored views.

    Iterated as they are, they give what held-out videos are judged by: always the same. A task that knows
    nothing of epochs can so use them like any Features. Ask ``in_epochs`` whether Features are of this kind.
    """

    @property
    def training(self) -> Mapping[str, Json]:
        """How the epochs are made, for a Result: ``kind`` (``live`` or ``views``), augmentation, seed."""

    def for_epoch(self, epoch: int) -> Features:
        """The features of one epoch, counted from 0: the same samples in the same order, new vectors.

        Equal epochs give equal vectors, whatever was asked before.
        """


def in_epochs(features: Features) -> TypeGuard[EpochFeatures]:
    """Whether these features differ from epoch to epoch. Reads nothing."""
    return callable(getattr(features, "for_epoch", None))


class OrderedFeatures(Features, Protocol):
    """Features that can be read in any order, so that what does not fit into memory can be shuffled."""

    def ordered(self, video_ids: Sequence[str]) -> Features:
        """These videos alone, in this order; each has an embedding here and is named once."""


def can_reorder(features: Features) -> TypeGuard[OrderedFeatures]:
    """Whether these features can be read in any order. Reads nothing."""
    return callable(getattr(features, "ordered", None))


@runtime_checkable
class Task(Protocol):
    """A protocol of evaluation: a frozen dataclass of its hyper-parameters with ``run``.

    ``name`` prefixes its scores (``knn/top1``). ``version`` is bumped by whatever moves a number.
    """

    @property
    def name(self) -> str:
        """``knn``, ``linear_probe``, ..."""

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""

    @property
    def level(self) -> Level:
        """The embedding level that it needs."""

    def run(self, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """Fit on ``train``, score on ``test``."""


@runtime_checkable
class SampledTask(Protocol):
    """A Task that says how videos are read where the caller does not (clips along a long video, for one)."""

    @property
    def default_sampling(self) -> Sampling:
        """How clips are laid over a video."""


@runtime_checkable
class TrainedTask(Protocol):
    """A Task whose head was trained before, elsewhere: it is given no training features."""

    @property
    def is_trained(self) -> bool:
        """Always true."""


@runtime_checkable
class FoldedTask(Protocol):
    """A Task that is run on every split of a data set with several, and reports their mean."""

    @property
    def name(self) -> str:
        """``temporal_segmentation``, ..."""

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""

    def run_folds(
        self, checkpoints: Path | None, folds: Sequence[tuple[Features, Features]], *, seed: int = 0
    ) -> Outcome:
        """Fit on the first half of each split, score on the second; ``checkpoints`` as of ResumableTask.

        The card of a half says by its ``selection`` which split it is of.
        """


@runtime_checkable
class FramedTask(Protocol):
    """A Task that says how much of a picture must be shown, whatever the backbone's card has."""

    @property
    def framing(self) -> Framing:
        """``squash`` for boxes: what a crop cuts off could not be found."""


@runtime_checkable
class PairedTask(Protocol):
    """A Task that compares embeddings of one set of videos in two orders of time, and so needs both.

    It fits and judges within that set by itself; there is no split to fit on.
    """

    @property
    def name(self) -> str:
        """``motion_direction``, ..."""

    @property
    def version(self) -> str:
        """Bumped by whatever moves a number."""

    @property
    def level(self) -> Level:
        """The embedding level that it needs."""

    def run_pairs(self, forward: Features, backward: Features, *, seed: int = 0) -> Outcome:
        """``backward`` holds the same frames of the same videos in reverse order."""


@runtime_checkable
class ResumableTask(Protocol):
    """A Task that can go on where an interrupted run of it ended."""

    def run_from(self, checkpoints: Path | None, train: Features, test: Features, *, seed: int = 0) -> Outcome:
        """As ``Task.run``, with the state of the training kept in the folder ``checkpoints``.

        State of other data, settings or seeds that lies there is not touched, nor used. What is kept for this
        run is removed when it ends.
        """
