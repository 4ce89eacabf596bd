"""The spine: from videos and a backbone to a Result, one function per arrow.

::

    data.dataset -> Dataset -> embedding.embed_dataset -> Store -> StoredFeatures -> task.run -> Outcome
                                                                              results.record -> Result
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from twlv import backbones, data, results
from twlv.backbones.cost import gflop_per_clip
from twlv.codec import to_json
from twlv.contracts import (
    Backbone,
    Features,
    FramedTask,
    PairedTask,
    ResumableTask,
    SampledTask,
    Task,
    TrainedTask,
)
from twlv.embedding import (
    Failure,
    MemoryFeatures,
    Progress,
    StoredFeatures,
    embed_dataset,
    embed_list,
    reading_for,
    store_spec,
)
from twlv.embedding.cache import cache_folder, default_store, describe_store
from twlv.embedding.key_frame_pictures import pictured
from twlv.errors import CoverageError, EmbedError, UsageError
from twlv.evaluation_folds import evaluate_folds, is_folded
from twlv.evaluation_pairs import evaluate_pairs
from twlv.nn.precision import gpu_name
from twlv.results import Result
from twlv.store import Store
from twlv.store.official import OfficialSet
from twlv.tasks import TASKS
from twlv.types import Dataset, Embedding, FrameOrder, Framing, Json, Level, Sampling, Uniform, Views


def embed(
    model: Backbone | str,
    inputs: Sequence[str | Path] | Dataset,
    *,
    sampling: Sampling | None = None,
    views: Views | None = None,
    level: Level = "clip",
    workers: int | None = None,
    decoder: str = "pyav",
    frame_order: FrameOrder = "forward",
    framing: Framing = "crop",
) -> list[Embedding]:
    """Embed video files (paths, folders, or a Dataset) in memory, in order.

    ``frame_order`` "reversed" gives a backbone the frames of every clip the last one first, ``framing``
    "squash" whole pictures.

    Raises:
        EmbedError: some videos failed; it carries the embeddings of all others and every reason.
    """
    model = backbones.load(model) if isinstance(model, str) else model
    samples = (inputs if isinstance(inputs, Dataset) else data.collect(inputs)).samples
    items = list(
        embed_list(
            model,
            samples,
            sampling=sampling,
            views=views,
            level=level,
            workers=workers,
            decoder=decoder,
            frame_order=frame_order,
            framing=framing,
        )
    )
    failed = {item.video_id: item.reason for item in items if isinstance(item, Failure)}
    embeddings = [item for item in items if isinstance(item, Embedding)]
    if failed:
        first = next(iter(failed.items()))
        raise EmbedError(
            f"{len(failed)} of {len(samples)} videos failed, the first is {first[0]} ({first[1]}); "
            f"the other embeddings are in this error's .embeddings, all reasons in .failed",
            embeddings,
            failed,
        )
    return embeddings


def evaluate(
    model: Backbone | Store | str,
    dataset: Dataset,
    task: Task | PairedTask,
    *,
    sampling: Sampling | None = None,
    views: Views | None = None,
    train_split: str | None = None,
    test_split: str | None = None,
    seed: int = 0,
    min_coverage: float = 0.0,
    store: Path | None = None,
    reversed_store: Store | Path | None = None,
    workers: int | None = None,
    decoder: str = "pyav",
    progress: Progress | None = None,
) -> Result:
    """Measure a backbone on a data set: embed what is missing, run the task, record how it was done.

    ``model`` is a backbone, its name, or a Store that was embedded before. Embeddings are kept in
    ``store`` (None: a folder of the cache that is named after the data, the backbone and the settings), so
    the next task on the same data reads no video. Splits default to ``train`` and to whichever of ``val``,
    ``test``, ``validation`` there is. A TrainedTask has none to fit on. A FoldedTask
    (``TemporalSegmentation``) on a data set of several splits runs all of them.

    A PairedTask (``MotionDirection``) has no split to fit on: it takes all samples, or those of ``test_split``,
    and embeds them in either order of frames, the reversed ones into ``reversed_store``. With a Store as
    ``model`` that is the store of the reversed ones. Other tasks refuse ``reversed_store``.

    Raises:
        UsageError: the data set has no such splits, or the task has no use for what was given.
        CoverageError: less than ``min_coverage`` of a split's samples have an embedding.
    """
    _require_task(task)
    if isinstance(task, PairedTask):
        if train_split is not None:
            raise UsageError(f"{task.name} fits within the split it scores: give no train split")
        return evaluate_pairs(
            model,
            dataset,
            task,
            split=test_split,
            sampling=sampling,
            views=views,
            stores=(store, reversed_store),
            workers=workers,
            decoder=decoder,
            progress=progress,
            seed=seed,
            min_coverage=min_coverage,
        )
    if reversed_store is not None:
        raise UsageError(f"{task.name} needs no reversed embeddings: leave out the reversed store")
    folded = is_folded(task, dataset, train_split, test_split)
    fits = not isinstance(task, TrainedTask)
    splits = ("", "") if folded else choose_splits(dataset, train_split, test_split, fits=fits)
    halves = [dataset] if folded else [_half(dataset, name) for name in splits]
    seconds: Mapping[str, float] = {}
    cost: Mapping[str, Json] = {}
    if not isinstance(model, Store):
        model = backbones.load(model) if isinstance(model, str) else model
        wanted = Dataset(
            card=dataset.card,
            samples=tuple(sample for half in halves for sample in half.samples),
            missing=frozenset().union(*(half.missing for half in halves)),
        )
        sampling = sampling or default_sampling(task)
        framing = framing_of(task)
        reading = reading_for(model.card, sampling, views or Views(), decoder, framing=framing)
        report = embed_dataset(
            model,
            wanted,
            store or default_store(wanted, store_spec(model.card, reading, task.level)),
            sampling=sampling,
            views=views,
            level=task.level,
            workers=workers,
            decoder=decoder,
            framing=framing,
            progress=progress,
        )
        cost = cost_of(model, sampling) if report.embedded else {}
        model, seconds = Store.open(report.store), report.seconds
    require_framing(model, task)
    if is_folded(task, dataset, train_split, test_split):
        return evaluate_folds(
            partial(_stored, model),
            dataset,
            task,
            seed=seed,
            min_coverage=min_coverage,
            embedding=describe_store(model),
            seconds=seconds,
        )
    train, test = (StoredFeatures(data=half, store=model) for half in halves)
    result = evaluate_features(
        train,
        test,
        task,
        seed=seed,
        min_coverage=min_coverage,
        splits=splits,
        embedding=describe_store(model),
        seconds=seconds,
        notes=dataset.notes,
    )
    return with_pictures(replace(result, details={**cost, **result.details}), halves[1])


def with_pictures(result: Result, data: Dataset) -> Result:
    """The result with small pictures of the key frames that it keeps, if it keeps any."""
    frames = result.details.get("key_frames")
    if not isinstance(frames, list) or not frames:
        return result
    return replace(result, details={**result.details, "key_frames": pictured(frames, data.samples)})


def cost_of(model: Backbone, sampling: Sampling | None) -> dict[str, Json]:
    """``gflop_per_clip`` of a clip of as many frames as the sampling asks for, where it can be counted."""
    found = gflop_per_clip(model, getattr(sampling, "num_frames", None))
    return {} if found is None else {"gflop_per_clip": found}


def _stored(store: Store, data: Dataset) -> StoredFeatures:
    return StoredFeatures(data=data, store=store)


def evaluate_official(
    found: OfficialSet,
    task: Task,
    *,
    train_split: str | None = None,
    test_split: str | None = None,
    seed: int = 0,
    min_coverage: float = 0.0,
) -> Result:
    """As ``evaluate``, on embeddings in the layout of the report's authors (see ``read_official``)."""
    splits = choose_splits(found.data, train_split, test_split)
    train, test = (MemoryFeatures.of_official(found, name) for name in splits)
    made: dict[str, Json] = {"level": "clip"}
    if found.sampling is not None:
        made["sampling"] = to_json(found.sampling, Sampling)
    return evaluate_features(
        train, test, task, seed=seed, min_coverage=min_coverage, splits=splits, embedding=made
    )


def evaluate_features(
    train: Features,
    test: Features,
    task: Task,
    *,
    seed: int = 0,
    min_coverage: float = 0.0,
    splits: tuple[str, str] = ("train", "test"),
    embedding: Mapping[str, Json] | None = None,
    seconds: Mapping[str, float] | None = None,
    notes: tuple[str, ...] = (),
    checkpoints: Path | None = None,
) -> Result:
    """Run a task on features from anywhere and record the Result; ``notes`` are added to the task's own.

    A task that can be resumed keeps the state of its training in ``checkpoints`` (None: ``runs`` in the cache
    folder) until it ends; started again after an interruption, it goes on there.

    Raises:
        CoverageError: less than ``min_coverage`` of a split's samples have an embedding.
    """
    coverage = train.coverage + test.coverage
    least = min(train.coverage.fraction, test.coverage.fraction)
    if least < min_coverage:
        raise CoverageError(
            f"{coverage.decoded} of {coverage.expected} videos have an embedding "
            f"({least:.4f} of one split, asked {min_coverage:g})",
            coverage,
        )
    started = time.perf_counter()
    if isinstance(task, ResumableTask):
        outcome = task.run_from(checkpoints or cache_folder() / "runs", train, test, seed=seed)
    else:
        outcome = task.run(train, test, seed=seed)
    return results.record(
        task=task,
        outcome=outcome,
        dataset=test.dataset,
        splits=splits,
        backbone=test.backbone,
        embedding=embedding or {"level": test.level},
        coverage={**({splits[0]: train.coverage} if splits[0] else {}), splits[1]: test.coverage},
        seed=seed,
        gpu=gpu_name(),
        seconds={**(seconds or {}), "task": time.perf_counter() - started},
        notes=notes,
    )


def default_sampling(task: object) -> Sampling:
    """How videos are read for this task where the caller does not say: its own way, else one clip over all."""
    return task.default_sampling if isinstance(task, SampledTask) else Uniform()


def framing_of(task: object) -> Framing:
    """How much of a picture this task must be shown."""
    return task.framing if isinstance(task, FramedTask) else "crop"


def require_framing(store: Store, task: object) -> None:
    """UsageError where the task needs whole pictures and the store's were cropped."""
    card, framing = store.spec.backbone, store.spec.framing
    whole = framing == "squash" or (card.resize_mode == "stretch" and card.resize_px <= card.image_size_px)
    if framing_of(task) == "squash" and not whole:
        raise UsageError(
            f"{store.path}: pictures were cropped, so boxes at their edges could not be found; embed whole "
            "pictures into another store: twlv embed ... --framing squash"
        )


TEST_SPLITS = ("val", "test", "validation")


def _half(dataset: Dataset, split: str) -> Dataset:
    """A split; none of the samples where it has no name, because nothing is trained."""
    return dataset.split(split) if split else Dataset(card=dataset.card, samples=())


def _require_task(task: object) -> None:
    """Before any video is read: what is run must be a Task, not its name or its class."""
    if isinstance(task, type) or not isinstance(task, Task | PairedTask):
        raise UsageError(
            f"task must be a Task such as twlv.tasks.KNN(k=20), got {task!r:.80}; "
            f"known: {', '.join(sorted(TASKS))}"
        )


def choose_splits(
    dataset: Dataset, train: str | None, test: str | None, *, fits: bool = True
) -> tuple[str, str]:
    """The names of the splits to fit on and to score on; the first is empty where nothing ``fits``.

    Raises:
        UsageError: there is no such split, or more than one could be the test split.
    """
    if not fits and train is not None:
        raise UsageError("nothing is trained: give no train split")
    names = dataset.splits
    if not any(names):
        raise UsageError(
            f"{dataset.card.name}: no sample names its split; "
            "add a column 'split' with train and val to the manifest"
        )
    seen = ", ".join(f"'{name}'" for name in names)
    chosen_train = train or "train"
    candidates = [test] if test else [name for name in TEST_SPLITS if name in names]
    if (fits and chosen_train not in names) or not candidates or candidates[0] not in names:
        raise UsageError(
            f"{dataset.card.name}: needs a split to fit on ('{chosen_train}') and one to score on "
            f"({' or '.join(repr(name) for name in candidates or TEST_SPLITS)}), has {seen}; "
            f"name them with --train-split and --test-split"
        )
    if len(candidates) > 1:
        raise UsageError(
            f"{dataset.card.name} has the splits {seen}; say which one to score on with --test-split"
        )
    return (chosen_train if fits else ""), candidates[0]
