"""Features made while they are asked for: decode, augment, encode. And the middle road: stored augmented views.

Both iterate as stored Features do. In an epoch (``for_epoch``) a video has the rows of that epoch's draws, and
a target of boxes has moved with its clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from twlv.augmentation import Augmentation
from twlv.codec import to_json
from twlv.contracts import Backbone, Clip
from twlv.embedding.augmented_reading import AugmentedReading
from twlv.embedding.directions import check_flip
from twlv.embedding.extract import Batching, Failure, extract
from twlv.embedding.features import OfDataset, StoredFeatures
from twlv.embedding.frozen import require_evaluation_mode, require_unchanged, weights_hash
from twlv.embedding.moved_targets import MovedTargets, check_boxes
from twlv.embedding.progress import Progress, Silent
from twlv.embedding.readable import unreadable
from twlv.embedding.reading import Reading, read_sample
from twlv.errors import FeatureError
from twlv.types import BackboneCard, Boxes, Dataset, Embedding, Json, Level, Sample
from twlv.video import clip_random


@dataclass(frozen=True, kw_only=True, eq=False)
class LiveFeatures(OfDataset):
    """Nothing is stored: every iteration decodes and encodes the samples again. ``live_features`` makes one.

    Outside an epoch the clips are those of ``reading``, as a store would hold them. Within one each video has
    ``views`` random clips. Equal epochs give equal bytes, with any number of ``workers``. A sample that could
    be read when the features were made and cannot be any more is an error: none is left out in silence.
    """

    model: Backbone
    reading: Reading
    augmentation: Augmentation
    level: Level = "clip"
    seed: int = 0
    views: int = 1
    workers: int | None = None
    batching: Batching | None = None
    progress: Progress = field(default_factory=Silent)
    weights_sha256: str
    epoch: int | None = None

    @property
    def backbone(self) -> BackboneCard:
        """The card of the backbone that encodes."""
        return self.model.card

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self.model.card.dim

    @property
    def training(self) -> Mapping[str, Json]:
        """How the epochs are made, for a Result."""
        return {
            "kind": "live",
            "views": self.views,
            "seed": self.seed,
            "augmentation": to_json(self.augmentation),
        }

    def for_epoch(self, epoch: int) -> LiveFeatures:
        """These features in one epoch, counted from 0."""
        return replace(self, epoch=epoch)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        require_evaluation_mode(self.model)
        items = extract(
            self.model,
            self.present,
            self.reading,
            level=self.level,
            workers=self.workers,
            batching=self.batching,
            read=self._reader(),
        )
        self.progress.start(len(self), 0)
        moved = self._moved()
        try:
            for item, sample in zip(items, self.present, strict=True):
                if isinstance(item, Failure):
                    raise self._lost(item)
                self.progress.advance(item.video_id, None)
                yield item, moved.of(sample) if moved else sample
        finally:
            self.progress.finish()
        require_unchanged(self.model, self.weights_sha256)

    def _lost(self, item: Failure) -> FeatureError:
        when = "" if self.epoch is None else f" in epoch {self.epoch}"
        return FeatureError(
            f"video '{item.video_id}' could be read before and cannot be{when}: {item.reason}; "
            "leave it out of the data set, or embed the set into a store"
        )

    def _moved(self) -> MovedTargets | None:
        if self.epoch is None:
            return None
        side = self.reading.preprocess.crop_px
        return MovedTargets(augmentation=self.augmentation, side_px=side, seed=self.seed, epoch=self.epoch)

    def _reader(self) -> partial[Iterator[Clip]] | AugmentedReading:
        if self.epoch is None:
            return partial(read_sample, reading=self.reading)
        return AugmentedReading(
            reading=self.reading,
            augmentation=self.augmentation,
            card=self.model.card,
            seed=self.seed,
            epoch=self.epoch,
            views=self.views,
        )


def live_features(
    model: Backbone,
    data: Dataset,
    reading: Reading,
    augmentation: Augmentation,
    *,
    level: Level = "clip",
    seed: int = 0,
    views: int = 1,
    workers: int | None = None,
    batching: Batching | None = None,
    progress: Progress | None = None,
) -> LiveFeatures:
    """Features of ``data`` that are made on the fly, each epoch's clips drawn anew.

    Every video is decoded once first, without encoding, so that it is known from the start which cannot be
    used; they are in ``missing`` and ``coverage`` with their reasons. ``progress`` watches each epoch.

    Raises:
        UsageError: the clips are to be mirrored and the classes have a direction, or boxes cannot follow them.
        FeatureError: the backbone is in training mode.
    """
    check_flip(augmentation, data.card)
    check_boxes(augmentation, data.samples, views)
    require_evaluation_mode(model)
    return LiveFeatures(
        data=data,
        reasons=unreadable(data, reading, workers=workers),
        model=model,
        reading=reading,
        augmentation=augmentation,
        level=level,
        seed=seed,
        views=views,
        workers=workers,
        batching=batching,
        progress=progress or Silent(),
        weights_sha256=weights_hash(model),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class AugmentedViews(StoredFeatures):
    """V augmented views of every video in a store (``embed_dataset(..., augmented=...)``), one drawn per epoch.

    Outside an epoch a video has all its views as rows.
    """

    seed: int = 0
    epoch: int | None = field(default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.store.spec.augmentation is None:
            raise FeatureError("this store holds no augmented views; embed again with an augmentation")
        if any(isinstance(sample.target, Boxes) for sample in self.data.samples):
            raise FeatureError(
                "stored views were cut at random, and boxes do not know where; train on live clips"
            )

    @property
    def training(self) -> Mapping[str, Json]:
        """How the epochs are made, for a Result."""
        return {**(self.store.spec.augmentation or {}), "kind": "views", "draw_seed": self.seed}

    def for_epoch(self, epoch: int) -> AugmentedViews:
        """These features in one epoch, counted from 0: one row of each video."""
        return replace(self, epoch=epoch)

    def __iter__(self) -> Iterator[tuple[Embedding, Sample]]:
        for embedding, sample in super().__iter__():
            yield (embedding if self.epoch is None else self._drawn(embedding, self.epoch)), sample

    def _drawn(self, embedding: Embedding, epoch: int) -> Embedding:
        random = clip_random(self.seed, epoch, embedding.video_id, purpose="view")
        row = int(random.integers(len(embedding.vectors)))
        return replace(
            embedding,
            vectors=embedding.vectors[row : row + 1],
            spans_seconds=embedding.spans_seconds[row : row + 1],
        )
