"""The curve of borders: its points are those of the result, unknown ones are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twlv.backbones.random_weights import random_card
from twlv.errors import UsageError
from twlv.results import Result, record
from twlv.tasks import TemporalSegmentation
from twlv.types import DatasetCard, Outcome
from twlv.viz import boundaries_picture

CURVE = {"tolerances_seconds": [0.1, 1.0, 5.0], "f1": [None, 40.0, 75.0]}


def segmented(details: dict[str, Any]) -> Result:
    config = {"width": 16, "depth": 1, "num_heads": 2, "mlp_width": 16}
    return record(
        task=TemporalSegmentation(),
        outcome=Outcome(scores={}, details=details),
        dataset=DatasetCard(name="kitchen", classes=("pour", "stir")),
        backbone=random_card("video_transformer", config),
        coverage={},
    )


def test_points_are_those_of_the_result_and_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    picture = boundaries_picture(segmented({"boundary_f1": CURVE}))
    (axes,) = picture.figure.axes
    (line,) = axes.lines
    assert line.get_xdata() == pytest.approx([1.0, 5.0])
    assert line.get_ydata() == pytest.approx([40.0, 75.0])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.1", "1", "5"]
    side = picture.save(tmp_path / "boundaries.png")
    assert side.exists()
    assert picture.document["boundary_f1"] == CURVE


def test_nothing_known_gives_an_empty_picture_and_no_curve_an_error() -> None:
    picture = boundaries_picture(segmented({"boundary_f1": {"tolerances_seconds": [1.0], "f1": [None]}}))
    assert len(picture.figure.axes[0].lines[0].get_xdata()) == 0
    with pytest.raises(UsageError, match="holds no boundary F1; temporal-segmentation leaves some"):
        boundaries_picture(segmented({}))
