"""The spine of a probe on augmented training clips: live, or from stored views. Test clips come from a store.

::

    train split -> LiveFeatures or AugmentedViews --+
    test split  -> embed_dataset -> StoredFeatures -+-> task.run -> Outcome -> Result
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from twlv import backbones
from twlv.augmentation import Augmentation, DrawnViews
from twlv.codec import to_json
from twlv.contracts import Backbone, EpochFeatures, Task
from twlv.embedding import (
    AugmentedViews,
    Progress,
    StoredFeatures,
    embed_dataset,
    live_features,
    reading_for,
    store_spec,
)
from twlv.embedding.cache import default_store, describe_store
from twlv.embedding.directions import check_flip
from twlv.embedding.frozen import require_evaluation_mode, require_unchanged, weights_hash
from twlv.evaluation import choose_splits, default_sampling, evaluate_features, framing_of, with_pictures
from twlv.results import Result
from twlv.store import Store
from twlv.types import Dataset, Json, Sampling, Views


def evaluate_augmented(
    model: Backbone | str,
    dataset: Dataset,
    task: Task,
    augmentation: Augmentation | DrawnViews,
    *,
    sampling: Sampling | None = None,
    views: Views | None = None,
    train_split: str | None = None,
    test_split: str | None = None,
    seed: int = 0,
    min_coverage: float = 0.0,
    store: Path | None = None,
    views_store: Path | None = None,
    workers: int | None = None,
    decoder: str = "pyav",
    progress: Progress | None = None,
) -> Result:
    """Measure a backbone with augmented training clips.

    An ``Augmentation`` decodes and encodes the training videos in every epoch, their clips drawn by ``seed``.
    ``DrawnViews`` embeds its views once, into ``views_store`` (None: the cache), and an epoch draws one of each
    video. ``sampling`` is of both splits (random for training), ``views`` of the test, whose embeddings are
    kept in ``store`` (None: the cache). The Result's ``embedding`` says under ``training`` which
    of the two it was.

    Raises:
        UsageError: no such splits, or a flip where classes have a direction.
        FeatureError: the backbone is not frozen.
        CoverageError: less than ``min_coverage`` of a split's samples can be used.
    """
    splits = choose_splits(dataset, train_split, test_split)
    train_data, test_data = (dataset.split(name) for name in splits)
    drawn = augmentation if isinstance(augmentation, DrawnViews) else None
    check_flip(drawn.augmentation if drawn else cast(Augmentation, augmentation), dataset.card)
    model = backbones.load(model) if isinstance(model, str) else model
    run = _Run(
        model=model,
        whole=_joined(train_data, test_data),
        task=task,
        sampling=sampling or default_sampling(task),
        workers=workers,
        decoder=decoder,
        progress=progress,
    )
    started, before = time.perf_counter(), weights_hash(model)
    require_evaluation_mode(model)
    test = StoredFeatures(data=test_data, store=run.embed(test_data, store, views or Views()))
    train: EpochFeatures
    if drawn is not None:
        kept = run.embed(train_data, views_store, Views(), drawn)
        train = AugmentedViews(data=train_data, store=kept, seed=seed)
    else:
        train = live_features(
            model,
            train_data,
            reading_for(model.card, run.sampling, Views(), decoder, framing=framing_of(task)),
            cast(Augmentation, augmentation),
            level=task.level,
            seed=seed,
            workers=workers,
            progress=progress,
        )
    result = evaluate_features(
        train,
        test,
        task,
        seed=seed,
        min_coverage=min_coverage,
        splits=splits,
        embedding=_described(test.store, train, run.sampling),
        seconds={"embed": time.perf_counter() - started},
    )
    require_unchanged(model, before)
    return with_pictures(result, test_data)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What both halves share."""

    model: Backbone
    whole: Dataset
    task: Task
    sampling: Sampling
    workers: int | None
    decoder: str
    progress: Progress | None

    def embed(self, data: Dataset, store: Path | None, views: Views, drawn: DrawnViews | None = None) -> Store:
        """The embeddings of one half, in its store; the cache is that of the whole data set."""
        framing = framing_of(self.task)
        reading = reading_for(self.model.card, self.sampling, views, self.decoder, framing=framing)
        spec = store_spec(self.model.card, reading, self.task.level, drawn)
        report = embed_dataset(
            self.model,
            data,
            store or default_store(self.whole, spec),
            sampling=self.sampling,
            views=views,
            level=self.task.level,
            workers=self.workers,
            decoder=self.decoder,
            framing=framing,
            drawn=drawn,
            progress=self.progress,
        )
        return Store.open(report.store)


def _joined(train: Dataset, test: Dataset) -> Dataset:
    return Dataset(card=train.card, samples=train.samples + test.samples, missing=train.missing | test.missing)


def _described(store: Store, train: EpochFeatures, sampling: Sampling) -> Mapping[str, Json]:
    training = {**train.training, "sampling": to_json(sampling, Sampling)}
    return {**describe_store(store), "training": training}
