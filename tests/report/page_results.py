"""Results with every figure that a page can draw, made by hand and by a seed; no video is needed."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from twlv.results import Predictions, Result
from twlv.types import Score

CLASSES = ("run", "sit", "wave", "jump")
BACKBONES = ("strong.a", "weak.b")


def picture(width: int = 96, height: int = 54, shade: int = 90) -> str:
    """A small JPEG of stripes as a ``data:`` address."""
    pixels = np.full((height, width, 3), shade, dtype=np.uint8)
    pixels[:, ::8] += 60
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=60)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def every_kind(make: Callable[..., Result]) -> list[Result]:
    """Two backbones on recognition (with answers), motion direction, long videos and boxes."""
    made = []
    for number, backbone in enumerate(BACKBONES):
        rng = np.random.default_rng(number)
        cost: dict[str, Any] = {
            "seconds": {"total": 10.0 + 20 * number, "per_clip": 0.1 + 0.2 * number, "task": 1.5},
            "environment": {"cpu": "a cpu", "cpu_cores": 2},
        }
        for name, kind in (("looks", "appearance"), ("moves", "motion")):
            answers = _answers(rng, right=0.85 - 0.3 * number)
            value = 100 * float(np.mean(np.array(answers.truth) == np.array(answers.predicted)))
            result = make(
                backbone,
                name,
                value,
                kind=kind,
                classes=4,
                ci95=(value - 9, value + 9),
                details={"class_names": list(CLASSES), "gflop_per_clip": 40.0 - 30 * number},
                predictions=answers,
                **cost,
            )
            made.append(result)
        for task, details in _examples(rng, number).items():
            score = Score(
                value=70.0 - 20 * number, unit="%", n=40, ci95=(50.0 - 20 * number, 90.0 - 20 * number)
            )
            made.append(
                make(backbone, "long", task=task, details=details, scores={f"{task}/score": score}, **cost)
            )
    return made


def _answers(rng: np.random.Generator, *, right: float) -> Predictions:
    truth = np.arange(80) % 4
    wrong = (truth + rng.integers(1, 4, 80)) % 4
    predicted = np.where(rng.random(80) < right, truth, wrong)
    return Predictions(
        video_ids=tuple(f"v{n:03}" for n in range(80)),
        truth=tuple(map(int, truth)),
        predicted=tuple(None if n == 7 else int(p) for n, p in enumerate(predicted)),
    )


def _examples(rng: np.random.Generator, number: int) -> dict[str, dict[str, Any]]:
    shift = 0.2 + 0.8 * number
    edges = np.linspace(-4, 4, 17)
    counts = [
        np.histogram(rng.normal(mean, 1, 200), bins=edges)[0].tolist() for mean in (-1 + shift, 1 - shift)
    ]
    segments = [(2.0, 5.0, "run"), (8.0, 12.0, "wave"), (15.0, 18.0, "run")]
    box = [0.2, 0.2, 0.5, 0.9]
    return {
        "motion_direction": {
            "direction_histogram": {"edges": edges.tolist(), "forward": counts[0], "reversed": counts[1]}
        },
        "temporal_localization": {
            "timelines": [
                {
                    "video_id": "film",
                    "duration_seconds": 20.0,
                    "truth": [{"label": label, "segment": [a, b]} for a, b, label in segments],
                    "predictions": [
                        {"label": label, "segment": [a + shift, b + shift], "score": 0.9 - 0.2 * n}
                        for n, (a, b, label) in enumerate(segments)
                    ],
                }
            ]
        },
        "temporal_segmentation": {
            "strips": [
                {
                    "video_id": "kitchen",
                    "duration_seconds": 30.0,
                    "classes": ["background", "stir", "pour"],
                    "truth": [[0, 8, 0], [8, 20, 1], [20, 30, 2]],
                    "predicted": [[0, 8 + shift, 0], [8 + shift, 19, 1], [19, 30, 2]],
                }
            ],
            "confusion": {"classes": ["background", "stir"], "counts": [[40, 3], [5, 60]]},
            "per_class": {"background": 93.0 - 30 * number, "stir": 92.3},
        },
        "spatiotemporal_localization": {
            "key_frames": [
                {
                    "video_id": "street",
                    "time_seconds": 3.0,
                    "width_px": 96,
                    "height_px": 54,
                    "image": picture(),
                    "truth": [{"box": box, "labels": ["walk"]}],
                    "predictions": [{"box": [0.22, 0.2, 0.52, 0.88], "label": "walk", "score": 0.81}],
                }
            ]
        },
    }


def map_of(count: int, classes: int = 12) -> dict[str, Any]:
    """A side file of ``twlv visualize`` with so many points in clusters; the first three have thumbnails."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, count)
    centres = rng.normal(0, 20, (classes, 2))
    points = centres[labels] + rng.normal(0, 3, (count, 2))
    return {
        "kind": "tsne",
        "origin": {"dataset": "sets", "backbone": "strong.a"},
        "numbers": {"knn_purity": 0.93},
        "points": {
            "ids": [f"video{n}" for n in range(count)],
            "labels": [f"class {label:02}" for label in labels],
            "x": points[:, 0].tolist(),
            "y": points[:, 1].tolist(),
        },
        "thumbnails": {f"video{n}": picture(shade=60 + 50 * n) for n in range(3)},
    }
