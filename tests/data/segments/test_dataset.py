"""Annotation files of segments as data sets: splits, order of labels, lists of videos, what is odd."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import twlv
from twlv.errors import InputError, ManifestError, UsageError
from twlv.types import Segments


def entry(subset: str, *segments: tuple[float, float, str], **more: Any) -> dict[str, Any]:
    notes = [{"segment": [start, end], "label": label} for start, end, label in segments]
    return {"subset": subset, "duration": 10.0, "annotations": notes, **more}


def write(folder: Path, videos: dict[str, Any], ids: dict[str, int] | None = None) -> Path:
    for video in videos.values():
        for note in video["annotations"]:
            if ids is not None and note["label"] in ids:
                note["label_id"] = ids[note["label"]]
    path = folder / "long.json"
    path.write_text(json.dumps({"version": "v1", "database": videos}))
    return path


def test_subsets_are_splits_and_missing_videos_stay(tmp_path: Path) -> None:
    videos = {
        "a": entry("training", (1, 2, "run")),
        "b": entry("validation", (1, 2, "jump"), (3, 3, "run"), path="sub/b.mp4", fps=25),
        "c": entry("validation"),
        "d": entry("testing"),
    }
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "v_a.mp4").touch()
    data = twlv.dataset(write(tmp_path, videos), root=tmp_path)
    assert [(s.video_id, s.split) for s in data.samples] == [("a", "train"), ("b", "val"), ("c", "val")]
    assert data.missing == {"b", "c"}
    assert data.samples[0].path == str(tmp_path / "clips" / "v_a.mp4")
    assert data.samples[1].target == Segments(
        ends_seconds=((1, 2), (3, 3)), indices=(0, 1), duration_seconds=10.0, fps=25.0
    )
    assert data.card.classes == ("jump", "run")
    said = " | ".join(data.notes)
    assert "1 videos of subset 'testing' are left out" in said
    assert "val: 1 annotated segments have no length" in said
    assert "val: 1 videos have no segment" in said
    assert "train: 1 labels have no segment here: jump" in said


def test_validation_is_trained_on_where_there_is_no_training_subset_as_in_thumos14(tmp_path: Path) -> None:
    data = twlv.dataset(
        write(tmp_path, {"a": entry("Validation", (0, 1, "x")), "b": entry("Test", (11, 12, "x"))})
    )
    assert [s.split for s in data.samples] == ["train", "test"]
    assert "train: these are the videos of subset 'validation'" in data.notes
    assert "test: videos with segments after their end: b (1)" in data.notes


def test_labels_stand_in_the_order_of_their_numbers_not_of_the_alphabet(tmp_path: Path) -> None:
    videos = {"a": entry("training", (0, 1, "x"), (1, 2, "y"), (2, 3, "z"))}
    assert twlv.dataset(write(tmp_path, videos, {"x": 2, "y": 0, "z": 1})).card.classes == ("y", "z", "x")
    gaps = twlv.dataset(write(tmp_path, videos, {"x": 5, "y": 0, "z": 9}))
    assert gaps.card.classes == ("y", "x", "z")
    assert any("gaps" in note for note in gaps.notes)


@pytest.mark.parametrize("ids", [{"x": 0}, {"x": 0, "y": 0}])
def test_numbers_that_do_not_tell_labels_apart_are_refused(tmp_path: Path, ids: dict[str, int]) -> None:
    path = write(tmp_path, {"a": entry("training", (0, 1, "x"), (1, 2, "y"))}, ids)
    with pytest.raises(ManifestError, match="number every label"):
        twlv.dataset(path)


def test_lists_choose_videos_and_the_choice_is_part_of_the_card(tmp_path: Path) -> None:
    videos = {
        "a": entry("training", (1, 1.05, "x")),
        "b": entry("training", (1, 2, "x")),
        "c": entry("validation", (1, 1.05, "x")),
        "d": entry("validation", (1, 2, "x")),
    }
    path = write(tmp_path, videos)
    filtered = twlv.dataset(path, variant="filtered")
    assert [s.video_id for s in filtered.samples] == ["b", "c", "d"]  # training videos alone are filtered
    assert filtered.card.selection == "filtered"
    only = tmp_path / "only.json"
    only.write_text(json.dumps({"v_d": {}}))
    listed = twlv.dataset(path, only=only)
    assert [s.video_id for s in listed.samples] == ["a", "b", "d"]  # training is whole: the list has none of it
    assert listed.card.selection.startswith("only ")
    without = tmp_path / "without.txt"
    without.write_text("d\n")
    assert [s.video_id for s in twlv.dataset(path, without=without).samples] == ["a", "b", "c"]
    without.write_text("nobody\n")
    with pytest.raises(InputError, match="names no video"):
        twlv.dataset(path, without=without)


def test_what_such_a_file_does_not_take(tmp_path: Path) -> None:
    path = write(tmp_path, {"a": entry("training", (1, 2, "x"))})
    with pytest.raises(UsageError, match="classes"):
        twlv.dataset(path, classes=["x"])
    with pytest.raises(UsageError, match="official or filtered"):
        twlv.dataset(path, variant="some")
    with pytest.raises(InputError, match="no such folder"):
        twlv.dataset(path, root=tmp_path / "nowhere")


def test_real_annotations(shared_dir: Path) -> None:
    """Counts of the data sets' papers and of the release's list of 9,987."""
    thumos = twlv.dataset(shared_dir / "annotations" / "thumos14.json")
    assert Counter(s.split for s in thumos.samples) == {"train": 200, "test": 212}
    assert thumos.card.classes[:2] == ("BaseballPitch", "BasketballDunk")
    assert any("video_test_0000270 (22)" in note for note in thumos.notes)
    net = twlv.dataset(shared_dir / "annotations" / "anet13_full_rebuilt.json.gz", variant="filtered")
    assert Counter(s.split for s in net.samples) == {"train": 9987, "val": 4926}
    assert (
        sum(len(s.target.indices) for s in net.samples if isinstance(s.target, Segments) and s.split == "val")
        == 7654
    )
