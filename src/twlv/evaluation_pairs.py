"""The spine of a PairedTask: the same videos embedded in either order of frames, then one Result.

::

    Dataset -> embed_dataset (forward, reversed) -> two Stores -> task.run_pairs -> Outcome -> Result
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from twlv import backbones, results
from twlv.contracts import Backbone, Features, PairedTask
from twlv.embedding import Progress, StoredFeatures, embed_dataset, reading_for, store_spec
from twlv.embedding.cache import default_store, describe_store
from twlv.errors import CoverageError, FeatureError, UsageError
from twlv.nn.precision import gpu_name
from twlv.results import Result
from twlv.store import Store
from twlv.types import Coverage, Dataset, FrameOrder, Level, Sampling, Uniform, Views

ORDERS: tuple[FrameOrder, FrameOrder] = ("forward", "reversed")


def evaluate_pairs(
    model: Backbone | Store | str,
    dataset: Dataset,
    task: PairedTask,
    *,
    split: str | None = None,
    sampling: Sampling | None = None,
    views: Views | None = None,
    stores: tuple[Path | None, Store | Path | None] = (None, None),
    workers: int | None = None,
    decoder: str = "pyav",
    progress: Progress | None = None,
    seed: int = 0,
    min_coverage: float = 0.0,
) -> Result:
    """Embed what is missing in either order, run the task, record how it was done.

    ``split`` None takes all samples. ``stores`` are where the embeddings are kept, forward and reversed (None:
    the cache); with a Store as ``model`` the second is the store of the reversed ones. Files are read once for
    each order.

    Raises:
        UsageError: no such split, or a Store without its reversed counterpart.
        FeatureError: the two stores are not one reading in two orders, or read clips of one frame.
        CoverageError: less than ``min_coverage`` of the samples have embeddings in both orders.
    """
    wanted = samples_of(dataset, split)
    pair: tuple[Store, Store]
    seconds: Mapping[str, float]
    if isinstance(model, Store):
        pair, seconds = (model, _reversed_store(stores[1])), {}
    else:
        model = backbones.load(model) if isinstance(model, str) else model
        pair, seconds = _embedded(
            model, wanted, task.level, stores, sampling=sampling or Uniform(), views=views or Views(),
            workers=workers, decoder=decoder, progress=progress,
        )  # fmt: skip
    require_twins(*pair)
    forward, backward = (StoredFeatures(data=wanted, store=store) for store in pair)
    coverage = both(forward, backward)
    if coverage.fraction < min_coverage:
        raise CoverageError(
            f"{coverage.decoded} of {coverage.expected} videos have embeddings in both orders of frames "
            f"({coverage.fraction:.4f}, asked {min_coverage:g})",
            coverage,
        )
    started = time.perf_counter()
    outcome = task.run_pairs(forward, backward, seed=seed)
    return results.record(
        task=task,
        outcome=outcome,
        dataset=dataset.card,
        splits=("", split or "all"),
        backbone=forward.backbone,
        embedding={**describe_store(pair[0]), "reversed_store_key": pair[1].spec.key},
        coverage={split or "all": coverage},
        seed=seed,
        gpu=gpu_name(),
        seconds={**seconds, "task": time.perf_counter() - started},
        notes=dataset.notes,
    )


def samples_of(dataset: Dataset, split: str | None) -> Dataset:
    """All samples, or those of one split. Raises UsageError: there is no such split."""
    if split is None:
        return dataset
    if split not in dataset.splits:
        seen = ", ".join(f"'{name}'" for name in dataset.splits)
        raise UsageError(f"{dataset.card.name} has no split '{split}', it has {seen}; leave it out to take all")
    return dataset.split(split)


def require_twins(forward: Store, backward: Store) -> None:
    """Whether two stores are one reading in two orders.

    Raises:
        FeatureError: an order is wrong, other settings differ (all are named), or a video model's clips have
            one frame, so that reversal is the identity.
    """
    for store, order in zip((forward, backward), ORDERS, strict=True):
        if store.spec.frame_order != order:
            raise FeatureError(
                f"{store.path}: this store's frames are {store.spec.frame_order}, needed is one with {order} "
                f"frames; embed it with --frame-order {order}"
            )
    if found := forward.spec.differences(replace(backward.spec, frame_order="forward")):
        lines = [f"  {name}: forward {one!r}, reversed {other!r}" for name, (one, other) in found.items()]
        raise FeatureError(
            "the two stores differ in more than the order of frames\n"
            + "\n".join(lines)
            + "\nembed both with the same backbone and settings"
        )
    if forward.spec.num_frames == 1 and forward.spec.backbone.modality == "video":
        raise FeatureError(
            f"{forward.path}: clips of one frame; reversed they are the same, nothing to measure"
        )


def both(forward: Features, backward: Features) -> Coverage:
    """Coverage in which a video counts once, and as failed if either order failed."""
    first, second = forward.coverage, backward.coverage
    failed = {**{name: f"reversed: {reason}" for name, reason in second.failed.items()}, **first.failed}
    decoded = first.expected - len(failed)
    return replace(
        first, present=min(first.present, second.present), decoded=decoded, used=decoded, failed=failed
    )


def _reversed_store(given: Store | Path | None) -> Store:
    if given is None:
        raise UsageError(
            "the embeddings of the reversed frames are missing: name their store too (--reversed-store STORE, "
            "reversed_store=...), made with --frame-order reversed"
        )
    return given if isinstance(given, Store) else Store.open(given)


def _embedded(
    model: Backbone,
    data: Dataset,
    level: Level,
    stores: tuple[Path | None, Store | Path | None],
    *,
    sampling: Sampling,
    views: Views,
    workers: int | None,
    decoder: str,
    progress: Progress | None,
) -> tuple[tuple[Store, Store], Mapping[str, float]]:
    """Both stores filled, and the seconds of both by stage."""
    specs = [
        store_spec(model.card, reading_for(model.card, sampling, views, decoder, order), level)
        for order in ORDERS
    ]  # a setting that cannot be reversed is refused before anything is read
    seconds: dict[str, float] = {}
    filled = []
    for spec, order, given in zip(specs, ORDERS, stores, strict=True):
        where = given.path if isinstance(given, Store) else given or default_store(data, spec)
        report = embed_dataset(
            model, data, where, sampling=sampling, views=views, level=level, workers=workers,
            decoder=decoder, frame_order=order, progress=progress,
        )  # fmt: skip
        seconds = {stage: seconds.get(stage, 0.0) + spent for stage, spent in report.seconds.items()}
        filled.append(Store.open(report.store))
    if "per_clip" in seconds:
        seconds["per_clip"] /= len(specs)  # as long for either order
    return (filled[0], filled[1]), seconds
