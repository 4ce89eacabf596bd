"""Folders of frame labels and tables of segments as data sets."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import twlv
from twlv.errors import InputError, ManifestError, UsageError
from twlv.evaluation_folds import folds_of, is_folded
from twlv.tasks import KNN, TemporalSegmentation

# ---------------------------------------------------------------- folders


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_all_splits_of_a_folder_are_one_data_set(root: Path, tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    touch(videos, "S1_Tea_C1.mp4", "deep/S1_Pie_C1.avi", "S2/Tea_C1.mkv", "S2/notes.txt")
    data = twlv.dataset(root, root=videos, label_fps=15)
    assert [(s.video_id, s.split) for s in data.samples] == [
        ("S1_Pie_C1", "split1"),
        ("S1_Tea_C1", "split1"),
        ("S2_Pie_C1", "split2"),
        ("S2_Tea_C1", "split2"),
    ]
    assert data.missing == {"S2_Pie_C1"}
    assert data.card.classes == ("take", "pour", "background")
    assert data.card.selection == ""
    target = data.samples[1].target
    assert isinstance(target, twlv.types.FrameLabels)
    assert (target.indices.tolist(), target.fps) == ([0, 0, 1, 1, 2], 15.0)
    assert is_folded(TemporalSegmentation(), data)
    assert not is_folded(TemporalSegmentation(), data, "split1")
    assert not is_folded(KNN(), data)
    (train, test), _ = folds_of(data)
    assert {s.video_id for s in train.samples} == {"S2_Pie_C1", "S2_Tea_C1"}
    assert {s.video_id for s in test.samples} == {"S1_Pie_C1", "S1_Tea_C1"}
    assert (train.card.selection, train.missing, test.missing) == ("split=1", {"S2_Pie_C1"}, frozenset())


def test_one_split_of_a_folder_has_the_name_it_has_among_all(root: Path) -> None:
    both = twlv.dataset(root, label_fps=15)
    one = twlv.dataset(root, split=2, label_fps=15)
    assert twlv.dataset(root, variant="2", label_fps=15).card == one.card
    halves = folds_of(both)[1]
    assert one.card.selection == halves[0].card.selection == "split=2"
    for name, half in zip(("train", "test"), halves, strict=True):
        assert {s.video_id for s in one.split(name).samples} == {s.video_id for s in half.samples}
    with pytest.raises(InputError, match="no split 3; there are: 1, 2"):
        twlv.dataset(root, split=3, label_fps=15)
    with pytest.raises(UsageError, match="split is the number of a split, got 'first'"):
        twlv.dataset(root, split="first", label_fps=15)


def test_splits_that_do_not_part_the_videos_need_a_choice(root: Path) -> None:
    (root / "splits/test.split2.bundle").write_text("S2_Tea_C1.txt\n")
    with pytest.raises(UsageError, match="its 2 test sets do not part the videos"):
        twlv.dataset(root, label_fps=15)
    one = twlv.dataset(root, split=2, label_fps=15)
    assert len(one.samples) == 3
    assert "1 videos are in neither half of the split and left out" in one.notes


def test_a_folder_with_one_split_or_none(root: Path) -> None:
    for half in ("train", "test"):
        (root / f"splits/{half}.split2.bundle").unlink()
    data = twlv.dataset(root, label_fps=15)
    assert (set(data.splits), data.card.selection) == ({"train", "test"}, "")
    for half in ("train", "test"):
        (root / f"splits/{half}.split1.bundle").unlink()
    assert twlv.dataset(root, label_fps=15).splits == ("",)


def test_the_rate_of_labels_is_said_or_known(root: Path) -> None:
    with pytest.raises(UsageError, match="at how many a second are its labels"):
        twlv.dataset(root)
    with pytest.raises(UsageError, match="label_fps is 0; it needs a positive number"):
        twlv.dataset(root, label_fps=0)
    with pytest.raises(UsageError, match=re.escape("where: ")):
        twlv.dataset(root, label_fps=15, where={"a": "b"})
    gtea = root.rename(root.parent / "GTEA")
    with pytest.raises(ManifestError, match="3 classes, but gtea has 11"):  # it is checked for being that set
        twlv.dataset(gtea)


def test_the_hash_is_of_every_file(root: Path) -> None:
    before = twlv.dataset(root, label_fps=15).card.annotation_sha256
    assert twlv.dataset(root, label_fps=15).card.annotation_sha256 == before
    path = root / "groundTruth/S1_Tea_C1.txt"
    path.write_text(path.read_text().replace("take", "pour", 1))
    assert twlv.dataset(root, label_fps=15).card.annotation_sha256 != before


# ---------------------------------------------------------------- tables


def table(tmp_path: Path, *rows: str, head: str = "path,start_s,end_s,word,split") -> Path:
    path = tmp_path / "words.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_a_table_of_segments_gives_every_frame_its_label(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    data = twlv.dataset(
        table(
            tmp_path,
            "a.mp4,0.5,1.0,bin,train",
            "a.mp4,0.0,0.5,sil,train",
            "b/c.mp4,0.2,0.4,blue,validation",
            "b/c.mp4,0.6,0.7,bin,validation",
        ),
        label_fps=10,
    )
    first, second = data.samples
    assert data.card.classes == ("background", "bin", "blue", "sil")
    assert (first.video_id, first.split, second.split) == ("a.mp4", "train", "val")
    assert data.missing == {"b/c.mp4"}
    assert first.target.indices.tolist() == [3] * 5 + [1] * 5
    assert second.target.indices.tolist() == [0, 0, 2, 2, 0, 0, 1]
    assert "at 10 a second" in data.notes[0]
    gapless = twlv.dataset(table(tmp_path, "a.mp4,0,1,bin,train"))
    assert gapless.card.classes == ("bin",)
    assert gapless.samples[0].target.indices.shape == (25,)


@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        (
            ["a.mp4,0,1,bin,", "a.mp4,0.9,2,blue,"],
            "line 3: this segment starts at 0.9 s, within that of line 2",
        ),
        (["a.mp4,1,1,bin,"], r"line 2: segment \[1, 1\) s; it needs 0 <= start < end"),
        (["a.mp4,x,1,bin,"], "line 2: start_s is 'x'; give a number of seconds"),
        (["a.mp4,0,1,,"], "line 2: the word is empty"),
        (["a.mp4,0,1,bin,train", "a.mp4,1,2,bin,val"], "line 3: the split of one video is 'val', but line 2"),
        (["../a.mp4,0,1,bin,"], "line 2: path '../a.mp4' leaves the root"),
    ],
)
def test_rows_that_cannot_be_used_are_named(tmp_path: Path, rows, seen) -> None:
    with pytest.raises(ManifestError, match=seen):
        twlv.dataset(table(tmp_path, *rows))


def test_a_class_list_is_held_to(tmp_path: Path) -> None:
    path = table(tmp_path, "a.mp4,0,1,bin,", "a.mp4,1,2,blue,")
    assert twlv.dataset(path, classes=["blue", "bin"]).samples[0].target.indices[0] == 1
    with pytest.raises(ManifestError, match="line 3: 'blue' is none of the 1 given classes"):
        twlv.dataset(path, classes=["bin"])
    gap = table(tmp_path, "a.mp4,0.5,1,bin,")
    with pytest.raises(ManifestError, match="time without a segment, and no class 'background' is given"):
        twlv.dataset(gap, classes=["bin"])


def test_a_table_without_labels_or_with_other_options_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no column with the label; name it label or action or word"):
        twlv.dataset(table(tmp_path, "a.mp4,0,1,x,", head="path,start_s,end_s,text,split"))
    with pytest.raises(UsageError, match=r"split: .* it takes root, classes and label_fps"):
        twlv.dataset(table(tmp_path, "a.mp4,0,1,bin,"), split=1)


def test_a_manifest_of_spans_is_still_one_of_spans(tmp_path: Path) -> None:
    path = tmp_path / "spans.csv"
    path.write_text("path,label,start_seconds,end_seconds\na.mp4,bin,0,1\na.mp4,blue,1,2\n")
    assert len(twlv.dataset(path).samples) == 2


def test_a_frame_belongs_to_the_segment_at_its_middle(tmp_path: Path) -> None:
    rows = ["a.mp4,0,0.29,one,", "a.mp4,0.29,1.0,two,"]
    for fps in (10.0, 25.0, 29.97):
        target = twlv.dataset(table(tmp_path, *rows), label_fps=fps).samples[0].target
        middle = (np.arange(len(target.indices)) + 0.5) / fps
        assert target.indices.tolist() == (middle >= 0.29).astype(int).tolist()
