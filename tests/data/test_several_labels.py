"""A target of several labels in what counts, checks, evaluates and exports samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twlv.data import check_dataset
from twlv.errors import FeatureError, StoreError
from twlv.store.official_store import _annotation
from twlv.tasks.labels import class_label
from twlv.types import ClassLabel, ClassLabels, Dataset, DatasetCard, Sample, label_indices


def sample(name: str, split: str, *labels: int) -> Sample:
    return Sample(video_id=name, path=f"{name}.mp4", split=split, target=ClassLabels(indices=labels))


def test_indices_rise_and_are_distinct() -> None:
    assert ClassLabels(indices=()).indices == ()
    for indices in ((1, 1), (2, 1)):
        with pytest.raises(ValueError, match="must rise and be distinct"):
            ClassLabels(indices=indices)


def test_the_indices_of_any_target() -> None:
    assert label_indices(ClassLabels(indices=(0, 3))) == (0, 3)
    assert label_indices(ClassLabel(index=2)) == (2,)
    assert label_indices(None) == ()


def test_a_check_counts_labels_and_samples_apart(tmp_path: Path) -> None:
    data = Dataset(
        card=DatasetCard(name="several", classes=("a", "b", "c")),
        samples=(sample("x", "train", 0, 1), sample("y", "train"), sample("z", "test", 0, 2)),
        notes=("read from a list",),
    )
    report = check_dataset(data, decode=lambda sample: 1.0)
    assert report.counts == {"train": {"a": 1, "b": 1, "": 1}, "test": {"a": 1, "c": 1}}
    assert "train: 2 samples, 2 classes" in str(report)
    assert report.notes == ("read from a list", "1 classes have no training sample: c")


def test_a_task_of_one_label_says_what_it_was_given() -> None:
    with pytest.raises(FeatureError, match="video 'x' has several class labels; recognition needs one"):
        class_label(sample("x", "train", 0, 1))


def test_the_authors_layout_holds_one_label() -> None:
    with pytest.raises(StoreError, match="video 'x' has several labels; the authors' layout holds one"):
        _annotation(sample("x", "train", 0, 1))


def test_several_labels_as_the_truth_of_mean_average_precision() -> None:
    from twlv.metrics import mean_average_precision

    samples = (sample("x", "test", 0, 1), sample("y", "test"), sample("z", "test", 1))
    truth = np.zeros((3, 2), dtype=bool)
    for row, one in enumerate(samples):
        truth[row, list(label_indices(one.target))] = True
    assert mean_average_precision(np.array([[0.9, 0.2], [0.1, 0.1], [0.3, 0.8]]), truth) == 1.0
