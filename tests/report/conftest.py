"""A maker of results that differ in what a table cares about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from twlv.results import DatasetRecord, Result, TaskRecord, overlapping
from twlv.types import BackboneCard, Coverage, Score


def result(backbone: str = "model", dataset: str = "data", value: float = 50.0, **changes: Any) -> Result:
    task = changes.pop("task", "knn")
    embedded, expected = changes.pop("videos", (100, 100))
    pretrained_on = changes.pop("pretrained_on", ())
    failed = changes.pop("failed", {f"v{index}": "truncated: 3 of 10" for index in range(expected - embedded)})
    part = Coverage(expected=expected, present=expected, decoded=embedded, used=embedded, failed=failed)
    fields: dict[str, Any] = {
        "task": TaskRecord(
            name=task,
            version=changes.pop("version", "1"),
            config=changes.pop("config", {"k": 200, "temperature": 0.1}),
        ),
        "dataset": DatasetRecord(
            name=dataset,
            kind=changes.pop("kind", ""),
            num_classes=changes.pop("classes", 10),
            train_split="train",
            test_split="val",
        ),
        "backbone": BackboneCard(
            name=backbone,
            dim=8,
            num_params=100,
            num_frames=16,
            image_size_px=32,
            patch=(2, 16, 16),
            mean=(0.5, 0.5, 0.5),
            std=(0.25, 0.25, 0.25),
            weights="w",
            weights_sha256=changes.pop("weights_sha256", "ab" * 32),
            licence="MIT",
            pretrained_on=pretrained_on,
        ),
        "scores": {f"{task}/top1": Score(value=value, unit="%", n=expected, ci95=changes.pop("ci95", None))},
        "coverage": part,
        "coverage_by_split": {"val": part},
        "contaminated_by": overlapping(pretrained_on, dataset),
        "embedding": {"sampling": {"kind": "Uniform"}, "dtype": "float32"},
    }
    return Result(**{**fields, **changes})


@pytest.fixture
def make() -> Callable[..., Result]:
    return result
