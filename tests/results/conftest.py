"""A small, complete Result to vary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from twlv.results import DatasetRecord, Predictions, Result, TaskRecord
from twlv.types import BackboneCard, Coverage, Score


def card(**changes: Any) -> BackboneCard:
    fields: dict[str, Any] = {
        "name": "tiny_vit.random",
        "dim": 8,
        "num_params": 100,
        "num_frames": 16,
        "image_size_px": 32,
        "patch": (2, 16, 16),
        "mean": (0.5, 0.5, 0.5),
        "std": (0.25, 0.25, 0.25),
        "weights": "random:0",
        "weights_sha256": "ab" * 32,
        "licence": "Apache-2.0",
        "pretrained_on": ("ImageNet-1K",),
        "details": {"norm": "layer", "eps": 1e-6},
    }
    return BackboneCard(**{**fields, **changes})


@pytest.fixture
def make_card() -> Callable[..., BackboneCard]:
    return card


@pytest.fixture
def make_result() -> Callable[..., Result]:
    train = Coverage(expected=6, present=6, decoded=6, used=6)
    test = Coverage(
        expected=4, present=3, decoded=2, used=2, failed={"v1": "truncated: 3 of 9", "v0": "not_found"}
    )
    complete = Result(
        task=TaskRecord(name="knn", version="1", config={"k": 20, "temperature": 0.1}),
        dataset=DatasetRecord(
            name="ucf101", train_split="train", test_split="val", annotation_sha256="cd" * 32, num_classes=101
        ),
        backbone=card(),
        scores={
            "knn/top5": Score(value=90.5, unit="%", n=4, ci95=(80.0, 95.0)),
            "knn/top1": Score(value=50.0, unit="%", n=4),
        },
        coverage=train + test,
        coverage_by_split={"train": train, "val": test},
        embedding={"sampling": {"kind": "Uniform", "num_frames": None}, "level": "clip", "dtype": "float32"},
        seeds={"asked": 0},
        environment={"python": "3.11.7", "git_sha": None},
        seconds={"embed": 1.5, "task": 0.25},
        notes=("k was clipped to 6",),
        details={"bank_rows": 6, "losses": [1.0, 0.5]},
        predictions=Predictions(video_ids=("v2", "v0"), truth=(1, 0), predicted=(1, None)),
    )
    return lambda **changes: replace(complete, **changes)
