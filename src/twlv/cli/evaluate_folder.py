"""``twlv evaluate`` on a folder of arrays: those of ``--features``, or of ``--official`` on long videos."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twlv.cli.features import feature_folder
from twlv.cli.runs import shot
from twlv.cli.shared import dataset_of
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.cli.evaluate import EvaluateOptions
    from twlv.contracts import PairedTask, Task
    from twlv.results import Result
    from twlv.types import Dataset


def is_long(options: EvaluateOptions) -> bool:
    """Whether the authors' files are to be read with a clock, one by one, because the videos are long."""
    from twlv.types import FrameLabels, Segments

    if options.dataset is None:
        return False
    samples = dataset_of(options.dataset, options).samples
    return any(isinstance(sample.target, Segments | FrameLabels) for sample in samples)


def measure_folder(options: EvaluateOptions, task: Task | PairedTask) -> Callable[[int], Result]:
    """Measures arrays of a folder: those of ``--features``, or of ``--official`` on long videos."""
    from twlv.contracts import PairedTask
    from twlv.embedding.folder import FolderFeatures
    from twlv.evaluation import choose_splits, evaluate_features
    from twlv.evaluation_folds import evaluate_folds, is_folded

    if isinstance(task, PairedTask) or options.dataset is None:
        raise UsageError(f"{task.name} cannot be measured on a folder of features")
    folder, data = feature_folder(options, options.official), dataset_of(options.dataset, options)
    _require_layout(options, data)

    def measure(seed: int) -> Result:
        few = shot(data, options, seed)
        if is_folded(task, few, options.train_split, options.test_split):
            return evaluate_folds(lambda part: FolderFeatures(data=part, folder=folder), few, task, seed=seed)
        splits = choose_splits(few, options.train_split, options.test_split)
        train, test = (FolderFeatures(data=few.split(name), folder=folder) for name in splits)
        return evaluate_features(train, test, task, seed=seed, splits=splits, notes=few.notes)

    return measure


def _require_layout(options: EvaluateOptions, data: Dataset) -> None:
    """Arrays for frame labels come in both layouts, and a file does not say which is its own."""
    from twlv.types import FrameLabels

    if options.features is None or options.features_layout is not None:
        return
    if any(isinstance(sample.target, FrameLabels) for sample in data.samples):
        raise UsageError(
            "say which axis of the arrays is time: --features-layout dimension-first (MS-TCN's) or time-first"
        )
