"""Boxes from videos to a result: whole pictures around key frames, stored and live, pictures and figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twlv.cli import quickstart_boxes
from twlv.data.synth import settings_for

Twlv = Callable[..., Any]
TINY = (
    *("num_queries=4", "num_layers=1", "width=16", "num_heads=2", "mlp_width=16", "epochs=2"),
    *("warmup_epochs=1", "batch_size=4", "device=cpu"),
)
SETTINGS = tuple(word for setting in TINY for word in ("--set", setting))


@pytest.fixture
def boxes(twlv: Twlv) -> str:
    done = twlv(
        "data", "synth", "--out", "boxes", "--kind", "boxes", "--train", "9", "--val", "9", "--size-px", "48"
    )
    assert done.status == 0, done.err
    return "boxes"


def documents(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def test_stored_tokens_then_pictures(twlv: Twlv, tmp_path: Path, boxes: str) -> None:
    words = ("evaluate", "spatiotemporal-localization", "--dataset", boxes, "--backbone", "gradient_flow.fixed")
    done = twlv(*words, *SETTINGS, "--out", "results")
    assert done.status == 0, done.err
    (document,) = documents(tmp_path / "results")
    embedding = document["embedding"]
    assert embedding["framing"] == "squash"
    assert embedding["sampling"]["kind"] == "Around"
    assert "spatiotemporal_localization/fap_50" in document["scores"]
    frames = document["details"]["key_frames"]
    assert len(frames) == 8
    assert all(frame["image"].startswith("data:image/jpeg;base64,") for frame in frames)
    assert (frames[0]["width_px"], frames[0]["height_px"]) == (48, 48)
    result = str(next((tmp_path / "results").glob("*.json")))
    for kind in ("key-frames", "class-frequency"):
        drawn = twlv("visualize", result, "--kind", kind, "--out", f"{kind}.png")
        assert drawn.status == 0, drawn.err
        assert (tmp_path / f"{kind}.png").stat().st_size > 1000


def test_live_tokens_and_a_store_of_cropped_pictures(twlv: Twlv, tmp_path: Path, boxes: str) -> None:
    words = ("evaluate", "spatiotemporal-localization", "--dataset", boxes)
    live = ("--backbone", "gradient_flow.fixed", "--augment", "boxes", "--augment-set", "flip=0")
    done = twlv(*words, *live, *SETTINGS, "--out", "results")
    assert done.status == 0, done.err
    (document,) = documents(tmp_path / "results")
    assert document["embedding"]["training"]["kind"] == "live"
    assert document["embedding"]["training"]["augmentation"]["area"] == [0.4, 1.0]
    assert document["embedding"]["framing"] == "squash"

    embed = ("embed", "boxes/manifest.csv", "--backbone", "gradient_flow.fixed", "--level", "patch")
    assert twlv(*embed, "--out", "cropped").status == 0
    refused = twlv(*words, "--store", "cropped", *SETTINGS)
    assert refused.status == 2
    assert "pictures were cropped" in refused.err


def test_the_quickstart_s_set_and_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from twlv.backbones import load

    small = settings_for("boxes", num_train=9, num_val=9, difficulty="easy", size_px=48)
    quick = replace(quickstart_boxes.task(), epochs=3)
    monkeypatch.setattr(quickstart_boxes, "box_set", lambda: small)
    monkeypatch.setattr(quickstart_boxes, "task", lambda: quick)
    folder = quickstart_boxes.render_boxes(tmp_path)
    result = quickstart_boxes.measure_boxes(load("gradient_flow.fixed"), folder, tmp_path / "stores", 0)
    assert result.dataset.num_classes == 9
    assert result.details["num_key_frames"] == {"train": 9, "test": 9}
    assert result.embedding["framing"] == "squash"
