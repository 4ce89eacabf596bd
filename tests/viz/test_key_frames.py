"""Boxes where they are, in their colours; AP by class; results without either."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from twlv.errors import UsageError
from twlv.results import Result
from twlv.results.record import record
from twlv.store.official import unknown_card
from twlv.tasks import SpatiotemporalLocalization
from twlv.types import DatasetCard, Json, Outcome, Score
from twlv.viz import class_frequency_picture, key_frames_picture
from twlv.viz.key_frames import draw_key_frames, people, picture_of


def jpeg(width: int = 40, height: int = 20) -> str:
    out = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 200, np.uint8)).save(out, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def frame(**changes: Any) -> dict[str, Any]:
    return {
        "video_id": "-v_1@0902",
        "time_seconds": 2.0,
        "width_px": 40,
        "height_px": 20,
        "image": jpeg(),
        "truth": [{"box": [0.25, 0.5, 0.5, 1.0], "labels": ["stand", "talk $"]}],
        "predictions": [
            {"box": [0.2, 0.4, 0.5, 0.9], "label": "stand", "score": 0.9},
            {"box": [0.2, 0.4, 0.5, 0.9], "label": "talk $", "score": 0.6},
            {"box": [0.0, 0.0, 0.1, 0.1], "label": "stand", "score": 0.1},
        ],
        **changes,
    }


def result(details: dict[str, Json]) -> Result:
    score = Score(value=20.0, unit="%", n=4)
    return record(
        task=SpatiotemporalLocalization(),
        outcome=Outcome(scores={"spatiotemporal_localization/fap_50": score}, details=details),
        dataset=DatasetCard(name="boxes", classes=("stand", "talk $")),
        splits=("train", "val"),
        backbone=unknown_card("me", 4),
        embedding={"level": "patch"},
        coverage={},
        seed=0,
    )


def test_boxes_are_drawn_where_they_are() -> None:
    figure = draw_key_frames([frame()], title="t", least_score=0.3)
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    corners = {
        patch.get_linestyle(): [*patch.get_xy(), patch.get_width(), patch.get_height()] for patch in boxes
    }
    assert len(boxes) == 2
    assert corners["solid"] == pytest.approx([10, 10, 10, 10])
    assert corners["dashed"] == pytest.approx([8, 8, 12, 10])
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said == ["stand, talk \\$", "stand 0.90, talk \\$ 0.60"]


def test_rows_of_one_box_are_one_person() -> None:
    found = people(frame()["predictions"], 0.0)
    assert [labels for _, labels in found] == [["stand 0.90", "talk $ 0.60"], ["stand 0.10"]]


def test_a_frame_without_a_picture_is_drawn_all_the_same(tmp_path: Path) -> None:
    bare = frame(image="https://elsewhere", truth=[], predictions=[])
    assert picture_of(bare) is None
    assert picture_of(frame()).shape == (20, 40, 3)
    picture = key_frames_picture(result({"key_frames": [frame(), bare, {**bare, "video_id": "w"}]}))
    side = picture.save(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 1000
    assert "base64" not in side.read_text()
    assert "-v_1@0902" in side.read_text()


def test_classes_by_frequency_and_people_by_size(tmp_path: Path) -> None:
    details: dict[str, Json] = {
        "per_class": {"stand": 40.0, "talk $": 0.0},
        "class_frequency": {"stand": {"train": 100, "test": 9}, "talk $": {"train": 0, "test": 1}},
        "by_size": {
            "small": {"fap_50": 10.0, "boxes": 4, "least_share": 0.0},
            "large": {"fap_50": None, "boxes": 0, "least_share": 0.3},
        },
    }
    picture = class_frequency_picture(result(details))
    left, right = picture.figure.axes
    assert [tuple(line.get_xydata()[0]) for line in left.lines] == [(100.0, 40.0), (0.5, 0.0)]
    assert len(right.patches) == 1
    assert picture.document["classes"]["stand"] == {"ap": 40.0, "train": 100, "test": 9}
    picture.save(tmp_path / "classes.svg")


def test_results_without_them_are_refused() -> None:
    for draw in (key_frames_picture, class_frequency_picture):
        with pytest.raises(UsageError, match="spatiotemporal-localization"):
            draw(result({}))
