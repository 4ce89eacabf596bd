"""The quickstart's sets of videos, and the whole of it on smaller ones without the image model."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from twlv.cli import quickstart, quickstart_boxes
from twlv.data.synth import settings_for
from twlv.data.synth.make import PLANS
from twlv.tasks import KNN, LinearProbe

Twlv = Callable[..., Any]


def test_the_sets_are_whole_blocks_of_labels() -> None:
    for settings in quickstart.sets():
        plan = PLANS[settings.kind](settings)
        names = ("shape", "texture", "direction") if settings.kind == "recognition-both" else ("direction",)
        for split in ("train", "val"):
            chosen = [video.columns for video in plan.videos if video.split == split]
            counts = Counter(tuple(columns[name] for name in names) for columns in chosen)
            assert len(counts) == (24 if settings.kind == "recognition-both" else 6)
            assert len(set(counts.values())) == 1


def test_an_image_model_cannot_tell_the_clips_of_a_pair_apart(tmp_path: Path) -> None:
    """Not even by rounding: ties are exact, so that neither answer is favoured."""
    from twlv.backbones.frame_mean import frame_mean
    from twlv.data.synth import make_set
    from twlv.video import normalize, read_clip

    make_set(tmp_path, settings_for("reversal", num_train=4, num_val=2, size_px=32))
    weights = torch.randn(3 * 32 * 32, 8, generator=torch.Generator().manual_seed(0))
    encode = frame_mean(lambda _, images: (images[:, :1, :1, :1], (images.flatten(1) @ weights).tanh()))
    rows = []
    for path in sorted((tmp_path / "videos").iterdir()):
        frames = normalize(read_clip(path, num_frames=16).frames[None], (0.5,) * 3, (0.5,) * 3)
        rows.append(encode(torch.nn.Identity(), frames)[1][0])
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(rows[0], rows[2])


def test_smaller_ones_from_videos_to_report(
    twlv: Twlv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = (
        settings_for("recognition-both", num_train=48, num_val=24, difficulty="easy", size_px=64),
        settings_for("reversal", num_train=24, num_val=24, difficulty="easy", size_px=64),
    )
    monkeypatch.setattr(quickstart, "sets", lambda: small)
    few = settings_for("boxes", num_train=9, num_val=9, difficulty="easy", size_px=48)
    monkeypatch.setattr(quickstart_boxes, "box_set", lambda: few)
    monkeypatch.setattr(quickstart, "backbone_names", lambda: ("gradient_flow.fixed",))
    quick = LinearProbe(learning_rates=(0.1,), weight_decays=(0.0,), min_steps=100)
    monkeypatch.setattr(quickstart, "tasks", lambda: (KNN(k=5), quick))
    (attentive,) = quickstart.token_tasks()
    longer = replace(attentive, epochs=40, batch_size=8, learning_rates=(0.03,))
    monkeypatch.setattr(quickstart, "token_tasks", lambda: (longer,))
    done = twlv("quickstart", "--out", "run")
    assert done.status == 0, done.err
    assert "attentive_probe      a small one, to show that it runs" in done.out
    assert "gradient_flow.fixed: sensitive to the order of time" in done.out
    assert "6 classes, chance 16.7 %" in done.out
    assert "render reversal: 48/48 videos" in done.err
    with (tmp_path / "run" / "recognition-both" / "manifest_motion.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 72
    assert (tmp_path / "run" / "recognition-both" / rows[0]["path"]).is_file()

    scores = {}
    for path in (tmp_path / "run" / "results").glob("*.json"):
        document = json.loads(path.read_text())
        for name, score in document["scores"].items():
            scores[document["dataset"]["name"], name] = score["value"]
    for task in ("knn", "linear_probe", "attentive_probe"):
        assert scores["manifest_motion", f"{task}/top1"] > 85
        assert scores["manifest_appearance", f"{task}/top1"] < 50
    for task in ("knn", "linear_probe"):
        assert scores["manifest_reversal", f"{task}/top1"] > 85
    assert scores["manifest_forward", "motion_direction/auc"] > 0.9
    assert scores["untrimmed", "temporal_segmentation/mf1"] > 75
    assert scores["untrimmed", "temporal_localization/map_avg"] > 60
    assert "gradient_flow.fixed" in (tmp_path / "run" / "report.html").read_text()

    files = [*(tmp_path / "run").glob("*/videos/*"), *(tmp_path / "run" / "stores").rglob("*.*")]
    before = {path: path.stat().st_mtime_ns for path in files}
    again = twlv("quickstart", "--out", "run")
    assert again.status == 0
    assert again.err == ""
    assert before == {path: path.stat().st_mtime_ns for path in before}
