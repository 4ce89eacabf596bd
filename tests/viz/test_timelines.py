"""Timelines: annotated above detected, one colour a class, surer detections darker; results without any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from twlv.errors import UsageError
from twlv.results.record import record
from twlv.store.official import unknown_card
from twlv.tasks import TemporalLocalization
from twlv.types import Coverage, DatasetCard, Outcome
from twlv.viz.timelines import draw_timelines, timelines_picture

SHOWN: list[dict[str, Any]] = [
    {
        "video_id": "v1",
        "duration_seconds": 10.0,
        "truth": [{"label": "run", "segment": [0.0, 4.0]}, {"label": "jump", "segment": [6.0, 8.0]}],
        "predictions": [
            {"label": "run", "segment": [0.0, 4.0], "score": 0.9},
            {"label": "jump", "segment": [6.0, 8.0], "score": 0.09},
        ],
    }
]


def colour(figure: Any, seconds: float, height: float) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    x, y = figure.axes[0].transData.transform((seconds, height))
    return image[len(image) - 1 - round(y), round(x)]


def test_annotated_above_detected_in_one_colour_and_paler_where_less_sure() -> None:
    figure = draw_timelines(SHOWN, title="t")
    assert np.array_equal(colour(figure, 2, 1.45), colour(figure, 2, 0.45))
    assert not np.array_equal(colour(figure, 2, 1.45), colour(figure, 7, 1.45))
    assert (colour(figure, 5, 0.45) == 255).all()
    pale = colour(figure, 7, 0.45)
    assert (pale >= colour(figure, 7, 1.45)).all()
    assert pale.min() > 200


def result(details: dict[str, Any]) -> Any:
    import pathlib

    whole = Coverage(expected=1, present=1, decoded=1, used=1)
    return record(
        task=TemporalLocalization(),
        outcome=Outcome(scores={}, details=details),
        dataset=DatasetCard(name="long"),
        splits=("train", "val"),
        backbone=unknown_card(pathlib.Path("mine"), 4),
        embedding={"level": "clip"},
        coverage={"train": whole, "val": whole},
        seed=0,
    )


def test_a_picture_of_a_result_and_of_one_without() -> None:
    picture = timelines_picture(result({"timelines": SHOWN}))
    assert picture.document["timelines"] == SHOWN
    with pytest.raises(UsageError, match="holds no timelines"):
        timelines_picture(result({}))


def test_a_video_without_detections_is_drawn() -> None:
    draw_timelines([{**SHOWN[0], "predictions": []}], title="t")
