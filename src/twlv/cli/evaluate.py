"""``twlv evaluate``: run a task on a data set, from a backbone, a store or the authors' files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from twlv.cli.embed import coverage_status
from twlv.cli.fields import build, parse_settings
from twlv.cli.options import flag
from twlv.cli.sampling import sampling_of, views_of
from twlv.cli.shared import (
    DataOptions,
    ReadingOptions,
    check_min_coverage,
    data_flags,
    dataset_of,
    load_backbone,
    refuse_reading_flags,
)
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.contracts import PairedTask, Task
    from twlv.results import Result


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions(ReadingOptions, DataOptions):
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
    seed: int = field(default=0, metadata=flag("seed of whatever the task draws"))
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
    task = task_of(options.task, parse_settings(options.set))
    _check_source(options)
    result = _official(options, task) if options.official is not None else _evaluate(options, task)
    path = result.save(options.out)
    print(f"result: {path}", file=sys.stderr)
    show(result, as_json=options.json)
    if not hasattr(task, "run"):  # of a test in two orders of frames the verdict is a sentence
        print("\n".join(f"note: {note}" for note in result.notes), file=sys.stderr)
    return coverage_status(result.coverage, result.coverage_fraction, options.min_coverage)


def task_of(name: str, settings: Mapping[str, str]) -> Task | PairedTask:
    """The task of this name with these fields. Raises UnknownName for either, with the nearest."""
    from twlv import tasks

    return cast("Task | PairedTask", build(tasks.get(name), settings, kind=f"setting of {name}"))


def show(result: Result, *, as_json: bool) -> None:
    """Print the result: its file's document, or the table for people."""
    if as_json:
        print(result.to_json())
        return
    from twlv.report import terminal

    print(terminal([result]))


def _check_source(options: EvaluateOptions) -> None:
    given = [n for n in ("backbone", "store", "official") if getattr(options, n) is not None]
    if not given:
        raise UsageError("say where the embeddings come from: --backbone NAME, --store STORE or --official DIR")
    if "official" in given and len(given) > 1:
        raise UsageError("--official brings its own embeddings: leave out --backbone and --store")
    if "official" not in given and options.dataset is None:
        raise UsageError("missing: --dataset NAME_OR_MANIFEST")
    if options.dataset is None and data_flags(options):
        raise UsageError(f"{data_flags(options)}: of a data set; add --dataset NAME_OR_MANIFEST")
    if options.backbone is None:
        refuse_reading_flags(options, f"--{given[0]}")


def _evaluate(options: EvaluateOptions, task: Task | PairedTask) -> Result:
    from twlv.cli.progress import progress
    from twlv.evaluation import evaluate

    if options.dataset is None:  # _check_source has said so to the user
        raise UsageError("missing: --dataset NAME_OR_MANIFEST")
    data = dataset_of(options.dataset, options)
    arguments: dict[str, Any] = {
        "train_split": options.train_split,
        "test_split": options.test_split,
        "reversed_store": options.reversed_store,
        "seed": options.seed,
    }
    if options.backbone is None and options.store is not None:
        from twlv.store import Store

        return evaluate(Store.open(options.store), data, task, **arguments)
    return evaluate(
        load_backbone(options.backbone or "", options),
        data,
        task,
        sampling=sampling_of(options),
        views=views_of(options.views),
        store=options.store,
        workers=options.workers,
        decoder=options.decoder,
        progress=progress(),
        **arguments,
    )


def _official(options: EvaluateOptions, task: Task | PairedTask) -> Result:
    from twlv.contracts import PairedTask
    from twlv.evaluation import evaluate_official
    from twlv.store.official import read_official

    if isinstance(task, PairedTask):
        raise UsageError(
            f"{task.name} needs each video in two orders of frames, and --official has one of them"
        )
    found = read_official(options.official or "")
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if options.dataset is not None:
        found = found.labelled_by(dataset_of(options.dataset, options))
    return evaluate_official(
        found, task, train_split=options.train_split, test_split=options.test_split, seed=options.seed
    )
