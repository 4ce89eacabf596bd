"""Segments and frame labels of untrimmed videos, read back as others would read them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from twlv.data.segmentation import read_segmentation
from twlv.data.synth import make_set, settings_for
from twlv.data.synth.make import PLANS
from twlv.data.synth.untrimmed import CLASSES_OF
from twlv.video import probe


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("untrimmed")
    make_set(folder, settings_for("untrimmed", num_train=6, num_val=4, num_frames=160, size_px=24))
    return folder


def database(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "annotations.json").read_text())["database"]
    return found


def test_segments_are_sorted_disjoint_and_inside_the_video(made: Path) -> None:
    found = database(made)
    assert Counter(video["subset"] for video in found.values()) == {"training": 6, "validation": 4}
    lengths = set()
    for name, video in found.items():
        assert video["duration"] == pytest.approx(probe(made / "videos" / f"{name}.mp4").duration_seconds)
        lengths.add(video["duration"])
        times = [edge for segment in video["annotations"] for edge in segment["segment"]]
        assert times == sorted(times)
        assert len(set(times)) == len(times)
        assert times[0] > 0
        assert times[-1] <= video["duration"]
        for segment in video["annotations"]:
            assert CLASSES_OF["default"][segment["label_id"]] == segment["label"]
    assert len(lengths) > 5


def test_frame_labels_are_the_segments_rasterised(made: Path) -> None:
    for name, video in database(made).items():
        text = (made / "groundTruth" / f"{name}.txt").read_text()
        assert text.endswith("\n")
        labels = text.splitlines()
        assert len(labels) == probe(made / "videos" / f"{name}.mp4").num_frames
        for frame, label in enumerate(labels):
            middle = (frame + 0.5) / video["fps"]
            inside = [s["label"] for s in video["annotations"] if s["segment"][0] <= middle < s["segment"][1]]
            assert label == (inside[0] if inside else "background")


def test_mapping_and_bundles_are_complete(made: Path) -> None:
    lines = (made / "mapping.txt").read_text().splitlines()
    assert lines == [f"{number} {name}" for number, name in enumerate(("background", *CLASSES_OF["default"]))]
    train, test = (
        (made / "splits" / f"{name}.split1.bundle").read_text().split() for name in ("train", "test")
    )
    assert set(train).isdisjoint(test)
    assert set(train) | set(test) == {path.name for path in (made / "groundTruth").iterdir()}

    def classes(files: list[str]) -> set[str]:
        return {line for file in files for line in (made / "groundTruth" / file).read_text().splitlines()}

    assert classes(test) <= classes(train)


def test_our_own_reader_finds_nothing_unusual(made: Path) -> None:
    found = read_segmentation(made)
    assert found.notes == ()
    assert found.classes == ("background", *CLASSES_OF["default"])
    frames = {name: probe(made / "videos" / f"{name}.mp4").num_frames for name in database(made)}
    assert {name: len(labels) for name, labels in found.labels.items()} == frames


def test_every_action_occurs_equally_often_and_there_is_background(tmp_path: Path) -> None:
    plan = PLANS["untrimmed"](settings_for("untrimmed"))
    plan.annotate(tmp_path)
    for subset in ("training", "validation"):
        videos = [video for video in database(tmp_path).values() if video["subset"] == subset]
        counts = Counter(segment["label"] for video in videos for segment in video["annotations"])
        assert set(counts) == set(CLASSES_OF["default"])
        assert max(counts.values()) - min(counts.values()) <= 1
        action = sum(s["segment"][1] - s["segment"][0] for video in videos for s in video["annotations"])
        assert 0.4 < action / sum(video["duration"] for video in videos) < 0.75


def test_looks_of_validation_are_new_and_turning_shows() -> None:
    plan = PLANS["untrimmed"](settings_for("untrimmed"))
    assert len(plan.videos) == 60
    assert {video.columns["texture"] for video in plan.videos}.isdisjoint({"plain"})
    looks = {
        split: {(v.columns["shape"], v.columns["texture"]) for v in plan.videos if v.split == split}
        for split in ("train", "val")
    }
    assert looks["train"].isdisjoint(looks["val"])
    assert len(looks["train"]) > 2 < len(looks["val"])
    assert all(video.scene is not None for video in plan.videos)
