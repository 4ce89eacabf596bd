"""``twlv evaluate``: run a task on a data set, from a backbone, a store or the authors' files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from twlv.cli.embed import coverage_status
from twlv.cli.evaluate_folder import is_long, measure_folder
from twlv.cli.features import FeatureOptions, feature_flags
from twlv.cli.fields import build, parse_settings
from twlv.cli.options import flag
from twlv.cli.runs import reading_arguments, shot, store_of_all
from twlv.cli.shared import (
    DataOptions,
    ReadingOptions,
    check_min_coverage,
    data_flags,
    dataset_of,
    load_backbone,
    refuse_reading_flags,
)
from twlv.cli.training import (
    TrainingOptions,
    augmentation_of,
    augments,
    check_training,
    overridden,
    protocol_of,
    seeds_of,
)
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.contracts import Backbone, PairedTask, Task
    from twlv.results import Result
    from twlv.store import Store
    from twlv.types import Dataset


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(TrainingOptions, FeatureOptions, ReadingOptions, DataOptions):
    """Flags of ``twlv evaluate``."""

    task: str = field(metadata=flag("knn, linear-probe, motion-direction, ...", metavar="TASK", positional="1"))
    dataset: str | None = field(
        default=None, metadata=flag("a manifest, or the name of a data set", metavar="NAME_OR_MANIFEST")
    )
    backbone: str | None = field(default=None, metadata=flag("embed with this backbone", metavar="NAME"))
    store: Path | None = field(
        default=None,
        metadata=flag("take the embeddings of this store; with --backbone: keep them there", metavar="STORE"),
    )
    reversed_store: Path | None = field(
        default=None,
        metadata=flag("motion-direction: the same for the embeddings of the reversed frames", metavar="STORE"),
    )
    official: Path | None = field(
        default=None,
        metadata=flag(
            "embeddings in the layout of the report's authors; labels are its own, or those of --dataset",
            metavar="DIR",
        ),
    )
    train_split: str | None = field(
        default=None, metadata=flag("split to fit on; default: train", metavar="NAME")
    )
    test_split: str | None = field(
        default=None,
        metadata=flag("split to score on; default: val, else test; motion-direction: all", metavar="NAME"),
    )
    set: tuple[str, ...] = field(
        default=(),
        metadata=flag(
            "a field of the task (k=5); repeatable; an unknown field names the known ones",
            metavar="FIELD=VALUE",
        ),
    )
    seed: int = field(default=0, metadata=flag("seed of whatever is drawn"))
    min_coverage: float = field(
        default=1.0,
        metadata=flag("end with exit code 3 if a smaller fraction of the videos is embedded", metavar="F"),
    )
    out: Path = field(default=Path("results"), metadata=flag("folder of result files", metavar="DIR"))
    json: bool = field(
        default=False,
        metadata=flag("print the result as one JSON document, and everything else on standard error"),
    )


def run(options: EvaluateOptions) -> int:
    """Fit a task on the train split, score it on the test split, write one result file, print the table."""
    check_min_coverage(options.min_coverage)
    seeds = seeds_of(options, options.seed)
    task = task_of(options.task, options.set, recipe=options.recipe)
    paired = not hasattr(task, "run")
    fits = not (paired or hasattr(task, "is_trained"))
    draws = augments(options.task, options.recipe)
    check_training(options, has_backbone=options.backbone is not None, fits=fits, augments=draws)
    _check_source(options)
    measure = _measuring(options, task)
    results = []
    for seed in seeds:
        results.append(measure(seed))
        print(f"result: {results[-1].save(options.out)}", file=sys.stderr)
    show(results, as_json=options.json)
    if paired:  # of a test in two orders of frames the verdict is a sentence
        print("\n".join(f"note: {note}" for note in results[0].notes), file=sys.stderr)
    least = min(results, key=lambda result: result.coverage_fraction)
    return coverage_status(least.coverage, least.coverage_fraction, options.min_coverage)


def task_of(name: str, settings: tuple[str, ...] = (), *, recipe: str | None = None) -> Task | PairedTask:
    """The task of this name with these fields, a probe's others from ``recipe``.

    Raises UnknownName for a name or a field, with the nearest, and UsageError for a recipe of another task.
    """
    from twlv import tasks

    cls = tasks.get(name)
    if recipe is None:
        return cast("Task | PairedTask", build(cls, parse_settings(settings), kind=f"setting of {name}"))
    return cast("Task", overridden(protocol_of(name, recipe).probe, cls, settings, "--set"))


def show(results: Sequence[Result], *, as_json: bool) -> None:
    """Print the results: their documents (a list of several), or the table for people."""
    if as_json:
        documents = [result.to_json() for result in results]
        print(documents[0] if len(documents) == 1 else f"[{', '.join(documents)}]")
        return
    from twlv.report import seeds_text, terminal

    print(terminal(results) if len(results) == 1 else seeds_text(results))


def _check_source(options: EvaluateOptions) -> None:
    given = [n for n in ("backbone", "store", "official", "features") if getattr(options, n) is not None]
    if not given:
        raise UsageError(
            "say where the embeddings come from: --backbone NAME, --store STORE, --official DIR or "
            "--features DIR"
        )
    own = [name for name in ("official", "features") if name in given]
    if own and len(given) > 1:
        others = [f"--{name}" for name in given if name != own[0]]
        raise UsageError(f"--{own[0]} brings its own embeddings: leave out {' and '.join(others)}")
    if not own and feature_flags(options):
        raise UsageError(f"{feature_flags(options)}: of arrays on disk; add --features DIR")
    if "official" not in given and options.dataset is None:
        raise UsageError("missing: --dataset NAME_OR_MANIFEST")
    if options.dataset is None and data_flags(options):
        raise UsageError(f"{data_flags(options)}: of a data set; add --dataset NAME_OR_MANIFEST")
    if options.backbone is None:
        refuse_reading_flags(options, f"--{given[0]}")


def _measuring(options: EvaluateOptions, task: Task | PairedTask) -> Callable[[int], Result]:
    """Data and backbone are read once; what comes back measures them with a seed."""
    if options.features is not None or (options.official is not None and is_long(options)):
        return measure_folder(options, task)
    if options.official is not None:
        return _official(options, task)
    if options.dataset is None:  # _check_source has said so to the user
        raise UsageError("missing: --dataset NAME_OR_MANIFEST")
    data = dataset_of(options.dataset, options)
    if options.backbone is None and options.store is not None:
        from twlv.store import Store

        return partial(_measure, options, task, Store.open(options.store), data)
    return partial(_measure, options, task, load_backbone(options.backbone or "", options), data)


def _measure(
    options: EvaluateOptions, task: Task | PairedTask, model: Backbone | Store, data: Dataset, seed: int
) -> Result:
    from twlv.evaluation import evaluate
    from twlv.store import Store

    arguments: dict[str, Any] = {"train_split": options.train_split, "test_split": options.test_split}
    arguments["seed"] = seed
    if isinstance(model, Store):
        few = shot(data, options, seed)
        return evaluate(model, few, task, reversed_store=options.reversed_store, **arguments)
    reading = reading_arguments(options, task)
    augmentation = augmentation_of(options, options.task)
    if augmentation is not None:
        from twlv.evaluation_live import evaluate_augmented

        few = shot(data, options, seed)
        return evaluate_augmented(
            model, few, cast("Task", task), augmentation, store=options.store, **reading, **arguments
        )
    store = options.store
    if options.shots is not None and store is None:
        store = store_of_all(model, data, task.level, reading, options)
    return evaluate(
        model,
        shot(data, options, seed),
        task,
        store=store,
        reversed_store=options.reversed_store,
        **reading,
        **arguments,
    )


def _official(options: EvaluateOptions, task: Task | PairedTask) -> Callable[[int], Result]:
    from twlv.contracts import PairedTask
    from twlv.evaluation import evaluate_official
    from twlv.store.official import read_official

    if isinstance(task, PairedTask):
        raise UsageError(
            f"{task.name} needs each video in two orders of frames, and --official has one of them"
        )
    if feature_flags(options):
        raise UsageError(f"{feature_flags(options)}: of long videos; --dataset has none")
    found = read_official(options.official or "")
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if options.dataset is not None:
        found = found.labelled_by(dataset_of(options.dataset, options))

    def measure(seed: int) -> Result:
        few = replace(found, data=shot(found.data, options, seed))
        return evaluate_official(
            few, task, train_split=options.train_split, test_split=options.test_split, seed=seed
        )

    return measure
