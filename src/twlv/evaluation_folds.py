"""The spine of a FoldedTask: a data set with several splits, each tested in its turn, then one Result.

::

    Dataset -> Features of each half of each split -> task.run_folds -> Outcome -> Result

A data set is of this kind if the splits of its samples are ``split1``, ``split2``, ...: each sample stands in
the test set of one of them, and in the training set of all others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from twlv import results
from twlv.contracts import Features, FoldedTask
from twlv.embedding.cache import cache_folder
from twlv.errors import CoverageError
from twlv.nn.precision import gpu_name
from twlv.results import Result
from twlv.types import Dataset, DatasetCard, Json, Sample

_TEST_SET = re.compile(r"split(\d+)")


def is_folded(task: object, dataset: Dataset, *chosen: str | None) -> TypeGuard[FoldedTask]:
    """Whether all splits are to be run: the task and the data set are of that kind, and none was chosen."""
    return (
        isinstance(task, FoldedTask)
        and len(dataset.splits) > 1
        and all(_TEST_SET.fullmatch(name) for name in dataset.splits)
        and not any(chosen)
    )


def folds_of(dataset: Dataset) -> list[tuple[Dataset, Dataset]]:
    """Training and test half of every split, in the order of their numbers; a half's card names its split."""
    return [_halves(dataset, name) for name in sorted(dataset.splits, key=_number)]


def evaluate_folds(
    features_of: Callable[[Dataset], Features],
    dataset: Dataset,
    task: FoldedTask,
    *,
    seed: int = 0,
    min_coverage: float = 0.0,
    embedding: Mapping[str, Json] | None = None,
    seconds: Mapping[str, float] | None = None,
    checkpoints: Path | None = None,
) -> Result:
    """Run a task on every split of ``dataset``; ``features_of`` gives the features of a part of it.

    Raises:
        CoverageError: less than ``min_coverage`` of the samples have an embedding.
    """
    whole = features_of(dataset)
    coverage = whole.coverage
    if coverage.fraction < min_coverage:
        raise CoverageError(
            f"{coverage.decoded} of {coverage.expected} videos have an embedding "
            f"({coverage.fraction:.4f}, asked {min_coverage:g})",
            coverage,
        )
    started = time.perf_counter()
    folds = [(features_of(train), features_of(test)) for train, test in folds_of(dataset)]
    outcome = task.run_folds(checkpoints or cache_folder() / "runs", folds, seed=seed)
    return results.record(
        task=task,
        outcome=outcome,
        dataset=dataset.card,
        splits=("", "all"),
        backbone=whole.backbone,
        embedding=embedding or {"level": whole.level},
        coverage={"all": coverage},
        seed=seed,
        gpu=gpu_name(),
        seconds={**(seconds or {}), "task": time.perf_counter() - started},
        notes=dataset.notes,
    )


def _number(name: str) -> int:
    found = _TEST_SET.fullmatch(name)
    return int(found[1]) if found else 0


def _halves(dataset: Dataset, name: str) -> tuple[Dataset, Dataset]:
    own = f"split={_number(name)}"
    chosen = ", ".join(word for word in (dataset.card.selection, own) if word)
    card = replace(dataset.card, selection=chosen)
    test = [sample.split == name for sample in dataset.samples]
    train, tested = (
        tuple(sample for sample, inside in zip(dataset.samples, test, strict=True) if inside is half)
        for half in (False, True)
    )
    return _part(dataset, card, train), _part(dataset, card, tested)


def _part(dataset: Dataset, card: DatasetCard, samples: tuple[Sample, ...]) -> Dataset:
    ids = {sample.video_id for sample in samples}
    return Dataset(card=card, samples=samples, missing=dataset.missing & ids, notes=dataset.notes)
