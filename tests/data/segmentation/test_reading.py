"""Labels, splits and features of action segmentation: what is read, what is checked, what is refused."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from twlv.data.segmentation import facts_of, read_segmentation
from twlv.data.segmentation.labels import read_labels, read_mapping, read_prediction
from twlv.data.segmentation.splits import video_of
from twlv.errors import InputError, ManifestError, UnknownName

FACTS = dataclasses.replace(facts_of("GTEA"), num_classes=3, num_videos=4, num_splits=2)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# ---------------------------------------------------------------- a folder


def test_a_folder_is_read_whole(root: Path) -> None:
    found = read_segmentation(root, FACTS)
    assert found.classes == ("take", "pour", "background")
    assert found.labels["S1_Tea_C1"].tolist() == [0, 0, 1, 1, 2]
    assert [split.number for split in found.splits] == [1, 2]
    assert found.splits[0].test == ("S1_Tea_C1", "S1_Pie_C1")
    assert found.notes == ()
    assert found.indices(("background",)) == (2,)
    with pytest.raises(InputError, match="no class 'SIL'; there are take, pour, background"):
        found.indices(("SIL",))


@pytest.mark.parametrize(
    ("file", "old", "new", "seen"),
    [
        ("splits/train.split1.bundle", "S2_Tea_C1.txt", "S1_Tea_C1.txt", "1 videos are in train and test"),
        ("splits/train.split1.bundle", "S2_Tea_C1.txt", "S2_No_C1.txt", "1 videos have no labels.*S2_No_C1"),
        ("splits/train.split1.bundle", "S2_Tea_C1.txt\n", "", "split 1: 1 videos are in neither half"),
        ("splits/test.split2.bundle", "S2_Tea_C1.txt\n", "", "1 videos are in no test set"),
        ("groundTruth/S2_Pie_C1.txt", "take", "take\ntake", None),
        ("mapping.txt", "2 background\n", "2 background\n3 open\n", "4 classes, but gtea has 3"),
    ],
)
def test_what_must_hold_of_the_splits_is_checked(root, file, old, new, seen) -> None:
    edit(root / file, old, new)
    if seen is None:
        assert read_segmentation(root, FACTS).notes == ()
        return
    with pytest.raises(ManifestError) as caught:
        read_segmentation(root, FACTS)
    found = str(caught.value)
    if "no test set" in seen:  # the split's own fault is named first
        assert "in neither half" in found
        assert "and 1 more" in found
    else:
        assert re.search(seen, found), found


def test_persons_and_classes_of_the_halves_are_checked(root: Path) -> None:
    for half, videos in (("train", "S1_Tea_C1\nS2_Tea_C1\n"), ("test", "S1_Pie_C1\nS2_Pie_C1\n")):
        (root / f"splits/{half}.split1.bundle").write_text(videos)
    with pytest.raises(ManifestError, match="split 1: 2 persons are in train and test, such as S1"):
        read_segmentation(root, FACTS)
    for video in ("S1_Tea_C1", "S2_Tea_C1"):
        edit(root / f"groundTruth/{video}.txt", "background", "take")
    own = read_segmentation(root)  # a set without facts: its persons are not known, the rest is a note
    assert own.notes[0] == "split 1: 1 classes of the test set are not in training, such as background"
    assert own.notes[1:] == ("1 videos are in no test set, such as S1_Tea_C1",)
    for half in ("train", "test"):
        (root / f"splits/{half}.split2.bundle").unlink()
    assert read_segmentation(root).notes == own.notes[:1]  # one split tests a part: that is what it is for


def test_a_video_without_labels_is_an_error_in_any_set(root: Path) -> None:
    (root / "groundTruth/S1_Tea_C1.txt").unlink()
    with pytest.raises(ManifestError, match="split 1: 1 videos have no labels, such as S1_Tea_C1"):
        read_segmentation(root)


def test_a_folder_of_another_form_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no folder groundTruth"):
        read_segmentation(tmp_path)
    (root / "splits/train.split2.bundle").unlink()
    with pytest.raises(ManifestError, match=r"train\.split2\.bundle: cannot be read"):
        read_segmentation(root)
    (root / "splits/train.split2.bundle").write_text("S1_Tea_C1.txt\nS1_Tea_C1\n")
    with pytest.raises(ManifestError, match="'S1_Tea_C1' stands twice"):
        read_segmentation(root)
    with pytest.raises(ManifestError, match="video 'rgb-01-1' has no name of a video of gtea"):
        FACTS.subject_of("rgb-01-1")


def test_a_name_that_is_none_names_the_known_ones() -> None:
    assert facts_of("Breakfast").num_classes == 48
    with pytest.raises(UnknownName, match="did you mean 50salads"):
        facts_of("50salad")


# ---------------------------------------------------------------- label files


def test_an_id_ends_at_the_first_dot() -> None:
    assert video_of("P03_cam01.tar.txt") == "P03_cam01"
    assert video_of("P03_cam01") == "P03_cam01"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("0 take\npour\n", "line 2: expected 'NUMBER NAME', got 'pour'"),
        ("0 take\n2 pour\n", "from 0 without a gap"),
        ("0 take\n0 pour\n", "line 2: '0 pour' repeats"),
        ("", "from 0 without a gap"),
    ],
)
def test_a_mapping_of_another_form_is_refused(tmp_path: Path, text: str, seen: str) -> None:
    (tmp_path / "mapping.txt").write_text(text)
    with pytest.raises(ManifestError, match=seen):
        read_mapping(tmp_path / "mapping.txt")


def test_labels_name_the_line_that_is_wrong(tmp_path: Path) -> None:
    path, classes = tmp_path / "video.txt", {"take": 0, "pour": 1}
    path.write_bytes(b"take\r\npour \r\n\r\n")  # another system's line ends, a blank at an end
    assert read_labels(path, classes).tolist() == [0, 1]
    path.write_text("take\npuor\n")
    with pytest.raises(ManifestError, match=r"video\.txt, line 2: 'puor' is none of the 2 .* mean 'pour'"):
        read_labels(path, classes)
    path.write_text("take\n\npour\n")
    with pytest.raises(ManifestError, match="line 2: no label; every frame needs one"):
        read_labels(path, classes)
    path.write_text("")
    with pytest.raises(ManifestError, match="no label; a video has at least one frame"):
        read_labels(path, classes)


def test_predictions_of_both_forms(tmp_path: Path) -> None:
    path, classes = tmp_path / "video", {"take": 0, "pour": 1}
    path.write_text("### Frame level recognition: ###\ntake take pour")
    assert read_prediction(path, classes).tolist() == [0, 0, 1]
    path.write_text("take\npour\n")
    assert read_prediction(path, classes).tolist() == [0, 1]
    path.write_text("### Frame level recognition: ###\ntake open pour")
    with pytest.raises(ManifestError, match="label 2: 'open'"):
        read_prediction(path, classes)
    path.write_text("### Frame level recognition: ###\n")
    with pytest.raises(ManifestError, match="no label"):
        read_prediction(path, classes)
