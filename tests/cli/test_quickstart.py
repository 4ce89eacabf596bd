"""The quickstart's set of videos, and the whole of it on a smaller one without the image model."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twlv.cli import quickstart

Twlv = Callable[..., Any]


def test_the_set_is_balanced_and_its_labels_are_independent() -> None:
    from twlv.video.synthetic.legacy import scene

    for first, last in (
        (0, quickstart.NUM_TRAIN),
        (quickstart.NUM_TRAIN, quickstart.NUM_TRAIN + quickstart.NUM_TEST),
    ):
        scenes = [scene(index, seed=quickstart.SEED) for index in range(first, last)]
        pairs = Counter((s.appearance, s.direction) for s in scenes)
        assert len(pairs) == 24
        assert len(set(pairs.values())) == 1


def test_a_smaller_one_from_videos_to_report(
    twlv: Twlv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quickstart, "NUM_TRAIN", 48)
    monkeypatch.setattr(quickstart, "NUM_TEST", 48)
    monkeypatch.setattr(quickstart, "backbone_names", lambda: ("gradient_flow.fixed",))
    done = twlv("quickstart", "--out", "run")
    assert done.status == 0, done.err
    assert "gradient_flow.fixed" in done.out
    assert "chance 16.7 %" in done.out
    with (tmp_path / "run" / "manifest_motion.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 96
    assert (tmp_path / "run" / rows[0]["path"]).is_file()
    scores = {}
    for path in (tmp_path / "run" / "results").glob("*.json"):
        document = json.loads(path.read_text())
        for name, score in document["scores"].items():
            scores[document["dataset"]["name"], name] = score["value"]
    assert scores["manifest_motion", "knn/top1"] > 90
    assert scores["manifest_motion", "linear_probe/top1"] > 90
    assert scores["manifest_appearance", "linear_probe/top1"] < 50
    assert "gradient_flow.fixed" in (tmp_path / "run" / "report.html").read_text()

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "videos").iterdir()}
    assert twlv("quickstart", "--out", "run").status == 0
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "videos").iterdir()}
