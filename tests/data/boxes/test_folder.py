"""Folders of boxes in AVA's form as data sets: real rows, made ones, and rows that cannot be used."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

import twlv
from twlv.data.boxes.classes import AVA_NOT_EVALUATED, read_actions
from twlv.data.boxes.key_frames import frame_id
from twlv.data.boxes.rows import read_box_rows
from twlv.data.synth import make_set, settings_for
from twlv.errors import InputError, ManifestError, UsageError
from twlv.types import Boxes, Dataset, Sample

HERE = Path(__file__).parent / "golden"
CLASSES = "".join(f'item {{\n  name: "act {n}"\n  id: {n}\n}}\n' for n in range(1, 81))
ROW = "-5KQ66BBWC4,0902,0.1,0.2,0.5,0.8,12,0\n"


def _folder(path: Path, rows: str = ROW, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    (path / "val.csv").write_text(rows)
    (path / "actions.pbtxt").write_text(CLASSES)
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def _read(path: Path, rows: str = ROW, **options: object) -> Dataset:
    return twlv.dataset(_folder(path, rows), **options)


def _boxes(sample: Sample) -> Boxes:
    assert isinstance(sample.target, Boxes)
    return sample.target


def test_trap_16_real_rows_are_grouped_into_people_with_several_actions(tmp_path: Path) -> None:
    golden = json.loads((HERE / "real22_grouped.json").read_text())
    data = _read(tmp_path, (HERE / "real22_excerpt.csv").read_text(), starts_at=900)
    assert len(data.samples) == golden["frames"] == 14
    assert sum(len(_boxes(sample).xyxy) for sample in data.samples) == golden["people"] == 28
    ours = {
        (sample.group, int(sample.video_id.split("@")[1]), tuple(box)): sorted(
            (np.flatnonzero(row) + 1).tolist()
        )
        for sample in data.samples
        for box, row in zip(_boxes(sample).xyxy.tolist(), _boxes(sample).labels, strict=True)
    }
    wanted = {
        (group["video"], group["timestamp"], tuple(person["box_xyxy"])): sorted(person["actions"])
        for group in golden["groups"]
        for person in group["people"]
    }
    assert ours == wanted
    assert max(map(len, wanted.values())) == 4
    assert _boxes(data.samples[0]).time_seconds == 2.0


def test_the_set_of_twlv_data_synth(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    made = settings_for("boxes", num_train=9, num_val=9, size_px=64)
    make_set(folder, made)
    data = twlv.dataset(folder)
    assert data.splits == ("train", "val")
    assert data.missing == frozenset()
    assert {sample.split: Path(sample.path).is_file() for sample in data.samples} == {
        "train": True,
        "val": True,
    }
    with (folder / "val.csv").open() as file:
        rows = list(csv.reader(file))
    for sample in data.split("val").samples:
        own = [row for row in rows if row[0] == sample.group]
        assert int(_boxes(sample).labels.sum()) == len(own)
        assert len(_boxes(sample).xyxy) == len({row[7] for row in own})
        assert sample.span is not None
        assert (sample.span.start_seconds + sample.span.end_seconds) / 2 == pytest.approx(1.0)
    alone = twlv.dataset(folder / "val.csv")
    assert alone.splits == ("val",)
    assert [sample.video_id for sample in alone.samples] == [s.video_id for s in data.split("val").samples]


def test_key_frames_with_nobody_and_excluded_ones(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ROW + "v,0903,0.1,0.2,0.5,0.8,12,0\nv,0904\n")
    (folder / "ava_included_timestamps_v2.2.txt").write_text("0902\n0903\n0904\n0905\n")
    (folder / "ava_val_excluded_timestamps_v2.2.csv").write_text("v,0905\nv,0903\n")
    data = twlv.dataset(folder, starts_at=900.0)
    people = {sample.video_id: len(_boxes(sample).xyxy) for sample in data.samples}
    assert people == {
        **{f"-5KQ66BBWC4@{time}": int(time == "0902") for time in ("0902", "0903", "0904", "0905")},
        "v@0902": 0,
        "v@0904": 0,
    }
    assert all(_boxes(sample).labels.shape[1] == 80 for sample in data.samples)
    assert "val: 5 of 6 key frames have nobody in them" in data.notes
    assert "val: 1 rows are of excluded timestamps and are left out" in data.notes


def test_trap_29_ids_that_begin_with_a_dash(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "deep").mkdir()
    (folder / "deep" / "-5KQ66BBWC4.mkv").touch()
    data = twlv.dataset(folder)
    assert [sample.video_id for sample in data.samples] == ["-5KQ66BBWC4@0902"]
    assert data.samples[0].path == str(folder / "deep" / "-5KQ66BBWC4.mkv")
    assert data.missing == frozenset()
    (folder / "deep" / "-5KQ66BBWC4.mkv").unlink()
    assert twlv.dataset(folder).missing == {"-5KQ66BBWC4@0902"}


@pytest.mark.parametrize("written", ["902", "0902", "902.0", "902.000000", " 902", "9.02e2"])
def test_timestamps_are_one_however_they_are_written(written: str, tmp_path: Path) -> None:
    rows = f"v,{written},0.1,0.2,0.5,0.8,12,0\nv,0902,0.1,0.2,0.5,0.8,17,0\n"
    data = _read(tmp_path, rows)
    assert [sample.video_id for sample in data.samples] == ["v@0902"]
    assert np.flatnonzero(_boxes(data.samples[0]).labels[0]).tolist() == [11, 16]
    assert frame_id("v", 902_500_000) == "v@0902.5"


def test_sixty_of_eighty_are_scored(tmp_path: Path) -> None:
    golden = json.loads((HERE / "real22_grouped.json").read_text())
    folder = _folder(tmp_path)
    official = "".join(f'item {{\n name: "act {n}"\n id: {n}\n}}\n' for n in golden["whitelist_60"])
    (folder / "ava_action_list_v2.2_for_activitynet_2019.pbtxt").write_text(official)
    card = twlv.dataset(folder).card
    assert len(card.classes) == 80
    assert [index + 1 for index in card.scored] == golden["whitelist_60"]
    assert sorted(set(range(80)) - set(card.scored)) == [number - 1 for number in AVA_NOT_EVALUATED]


# ---------------------------------------------------------------- odd boxes


def test_boxes_without_area_or_outside_stay_and_are_counted(tmp_path: Path) -> None:
    rows = "v,0902,0.7,0.2,0.7,0.8,12,1\nv,0902,-0.1,0.2,0.5,1.2,12,0\n"
    data = _read(tmp_path, rows)
    assert sorted(map(tuple, _boxes(data.samples[0]).xyxy.tolist())) == [
        (-0.1, 0.2, 0.5, 1.2),
        (0.7, 0.2, 0.7, 0.8),
    ]
    assert any("1 rows have a box without area" in note for note in data.notes)
    assert any("1 rows have a box that reaches outside the picture" in note for note in data.notes)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("v,0902,0.1,0.2,0.5,0.8,12\nv,0902,0.5,0.2,0.1,0.8,12\n", r"line 2: the box .* ends before it begins"),
        ("v,0902,10,20,50,80,12,0\n", r"line 1: the box .* is in pixels"),
        ("v,0902,0.1,0.2,0.5,0.8,81,0\n", r"line 1: action 81 is in no list"),
        ("v,0902,0.1,0.2,0.5,nan,12,0\n", r"line 1: y2 is 'nan'"),
        (ROW + "v,09o2,0.1,0.2,0.5,0.8,12,0\n", r"line 2: timestamp is '09o2'"),
        (ROW + "v,-1,0.1,0.2,0.5,0.8,12,0\n", r"line 2: timestamp is '-1'"),
        (ROW + "v,0902,0.1,0.2,0.5,0.8\n", r"line 2: 6 columns"),
        (ROW + "v,0902,0.1,0.2,0.5,0.8,12.5,0\n", r"line 2: action is '12.5'"),
        (ROW + ",0902,0.1,0.2,0.5,0.8,12,0\n", r"line 2: .* columns"),
        (ROW + "v,0902,.,0.2,0.5,0.8,12,0\n", r"line 2: x1 is '.'"),
    ],
)
def test_rows_that_cannot_be_used_are_named(rows: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=message):
        _read(tmp_path, rows)


def test_arguments_that_boxes_do_not_take(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    with pytest.raises(UsageError, match=r"variant.*takes root, classes, starts_at"):
        twlv.dataset(folder, variant="x")
    with pytest.raises(UsageError, match="starts_at is the timestamp"):
        twlv.dataset(folder, starts_at="900")
    with pytest.raises(ManifestError, match="annotated at 902 s, but its file is said to start at 903 s"):
        twlv.dataset(folder, starts_at=903)
    with pytest.raises(InputError, match="no such folder"):
        twlv.dataset(folder, root=tmp_path / "absent")
    (folder / "actions.pbtxt").unlink()
    with pytest.raises(InputError, match="no list of actions"):
        twlv.dataset(folder / "val.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no entry"),
        ('item { name: "a" }', "line 1: an entry needs"),
        ('item{name:"a" id:1}item{name:"b" id:1}', "several"),
    ],
)
def test_lists_of_actions_that_cannot_be_used(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.pbtxt").write_text(text)
    with pytest.raises(ManifestError, match=message):
        read_actions(tmp_path / "a.pbtxt")


def test_both_forms_of_the_list(tmp_path: Path) -> None:
    (tmp_path / "a.pbtxt").write_text(
        'label {\n  name: "bend/bow (at the waist)"\n  label_id: 1\n  label_type: PERSON_MOVEMENT\n}\n'
        "label {\n  name: 'say \\\"hi\\\"'\n  label_id: 3\n}\n"
    )
    assert read_actions(tmp_path / "a.pbtxt") == {1: "bend/bow (at the waist)", 3: 'say "hi"'}


# ---------------------------------------------------------------- reading numbers


def test_numbers_are_read_as_python_reads_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    texts = [f"{value:.{digits}f}" for digits in (1, 3, 6, 12) for value in rng.random(50)]
    texts += [f".{digits}" for digits in rng.integers(10**16, 10**17, 100)]  # more than 53 bits
    texts += ["1e-9", "+0.5", ".5", "5.", "0.1234567890123456789", "-0.0", "1.7976931348623157e10"] * 2
    texts += ["0"] * (-len(texts) % 4)
    rows = [texts[index : index + 4] for index in range(0, len(texts), 4)]
    path = tmp_path / "a.csv"
    path.write_text(
        "".join(f"v{i % 3},{i}.25,{','.join(row)},{i % 80},{row[0]}\n" for i, row in enumerate(rows))
    )
    found = read_box_rows(path)
    np.testing.assert_array_equal(found.xyxy, np.array([[float(text) for text in row] for row in rows]))
    np.testing.assert_array_equal(found.last, found.xyxy[:, 0])
    assert found.time_us.tolist() == [i * 10**6 + 250_000 for i in range(len(rows))]
    assert [found.videos[i] for i in found.video] == [f"v{i % 3}" for i in range(len(rows))]
    assert found.line.tolist() == list(range(1, len(rows) + 1))


def test_how_a_file_is_written_changes_nothing(tmp_path: Path) -> None:
    text = "ü-1,0902,0.1,0.2,0.5,0.8,12,0\nv,0903,0.1,0.2,0.5,0.8,13,1\n" * 3
    forms = {
        "plain": text.encode(),
        "crlf": text.replace("\n", "\r\n").encode(),
        "marked": b"\xef\xbb\xbf" + text.encode(),
        "unended": text.rstrip("\n").encode(),
        "quoted": text.replace("v,", '"v",').encode(),
        "blank": text.replace("\nv", "\n\nv").encode(),
    }
    read = {}
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        read[name] = read_box_rows(tmp_path / name)
    for name, rows in read.items():
        assert rows.videos == ("ü-1", "v"), name
        for column in ("video", "time_us", "xyxy", "action", "last"):
            np.testing.assert_array_equal(getattr(rows, column), getattr(read["plain"], column), err_msg=name)
    (tmp_path / "latin").write_bytes("ü,1\n".encode("latin1"))
    with pytest.raises(ManifestError, match="not a text in UTF-8"):
        read_box_rows(tmp_path / "latin")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_box_rows(tmp_path / "absent")
    (tmp_path / "nothing").write_bytes(b"")
    assert len(read_box_rows(tmp_path / "nothing")) == 0
    assert os.path.getsize(tmp_path / "nothing") == 0  # noqa: PTH202


def test_a_check_counts_key_frames_by_action(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ROW + ROW.replace(",12,", ",14,") + "-5KQ66BBWC4,0903,0.1,0.2,0.5,0.8,12,0\n")
    (folder / "-5KQ66BBWC4.mp4").touch()
    report = twlv.data.check_dataset(twlv.dataset(folder), decode=lambda sample: 1e6)
    counts = report.counts["val"]
    assert (counts["act 12"], counts["act 14"], report.samples["val"]) == (2, 1, 2)
