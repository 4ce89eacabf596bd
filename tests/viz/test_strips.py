"""Strips of labels: one colour a class wherever it stands, the true strip above, results without strips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twlv.errors import UsageError
from twlv.results import Result
from twlv.results.record import record
from twlv.store.official import unknown_card
from twlv.tasks import TemporalSegmentation
from twlv.types import DatasetCard, Outcome
from twlv.viz.strips import class_colours, draw_strips, strips_picture

CLASSES = [f"class {i}" for i in range(12)]


def strip(truth: list[list[float]], predicted: list[list[float]]) -> dict[str, Any]:
    return {
        "video_id": "v1",
        "duration_seconds": 10.0,
        "classes": CLASSES,
        "truth": truth,
        "predicted": predicted,
    }


def pixels(figure: Any) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def colours_at(figure: Any, axes: Any, seconds: float) -> list[tuple[int, ...]]:
    """What is drawn at this time in the upper and the lower strip."""
    image = pixels(figure)
    places = [axes.transData.transform((seconds, height)) for height in (1.45, 0.45)]
    return [tuple(int(part) for part in image[len(image) - 1 - round(y), round(x)]) for x, y in places]


def test_trap_29_a_class_has_one_colour_in_truth_and_prediction() -> None:
    figure = draw_strips([strip([[0, 10, 3]], [[0, 5, 3], [5, 10, 9]])], background=(), title="t")
    axes = figure.axes[0]
    above, below = colours_at(figure, axes, 2.0)
    assert above == below
    above, other = colours_at(figure, axes, 7.0)
    assert above == below != other
    expected = tuple(int(class_colours(CLASSES)["class 3"][i : i + 2], 16) for i in (1, 3, 5))
    assert below == expected


def test_colours_depend_on_the_class_list_alone_and_differ() -> None:
    names = [str(i) for i in range(48)]
    colours = class_colours(names, background=["5"])
    assert len(set(colours.values())) == 48
    assert colours["5"] == "#C4C4C4"
    assert class_colours(names)["7"] == colours["7"]


def test_truth_is_above_and_every_video_has_its_own_scale() -> None:
    short = {**strip([[0, 4, 1]], [[0, 4, 2]]), "duration_seconds": 4.0, "video_id": "v2"}
    figure = draw_strips([strip([[0, 10, 1]], [[0, 10, 2]]), short], background=(), title="t")
    first, second = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["truth", "predicted"]
    assert first.get_yticks()[0] > first.get_yticks()[1]
    assert (first.get_xlim()[1], second.get_xlim()[1]) == (10.0, 4.0)
    assert second.get_title(loc="left") == "v2"


def make_segmented(strips: Any) -> Result:
    details = {} if strips is None else {"strips": strips, "background": ["class 0"]}
    return record(
        task=TemporalSegmentation(),
        outcome=Outcome(scores={}, details=details),
        dataset=DatasetCard(name="kitchen", classes=tuple(CLASSES)),
        backbone=unknown_card(Path("features"), 4),
        coverage={},
    )


def test_a_picture_of_a_result_and_its_side_file(tmp_path: Path) -> None:
    result = make_segmented([strip([[0, 10, 3]], [[0, 10, 3]])])
    picture = strips_picture(result)
    side = picture.save(tmp_path / "strips.png")
    assert side.exists()
    assert (tmp_path / "strips.png").stat().st_size > 1000
    assert picture.document["strips"][0]["video_id"] == "v1"
    with pytest.raises(UsageError, match="holds no strips; temporal-segmentation leaves some"):
        strips_picture(make_segmented(None))
