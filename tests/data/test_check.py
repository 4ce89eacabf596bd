"""The check of a data set, with a decoder made for the test and with the real one."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from twlv.data import CheckReport, check_dataset, collect, read_manifest
from twlv.errors import InputError, VideoError
from twlv.types import Dataset, Sample
from twlv.video import write_video

ROWS = """path,label,split,group,start_seconds,end_seconds
a.mp4,1,train,court 1,,
b.mp4,1,train,court 2,,
c.mp4,2,val,court 2,,
bad.mp4,2,train,,,
odd.mp4,1,train,,,
gone.mp4,3,val,,,
long.mp4,2,train,court 3,0,4
long.mp4,2,train,court 3,12,14
"""


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    for name, content in (
        ("a", b"same"),
        ("b", b"SAME"),
        ("c", b"same"),
        ("bad", b"bad"),
        ("odd", b"o"),
        ("long", b"long!"),
    ):
        (tmp_path / f"{name}.mp4").write_bytes(content)
    (tmp_path / "m.csv").write_text(ROWS)
    return read_manifest(tmp_path / "m.csv")


def decode(sample: Sample) -> float:
    name = Path(sample.path).name
    if name == "bad.mp4":
        raise VideoError(sample.path, "corrupt", "made so")
    if name == "odd.mp4":
        raise InputError("odd.mp4: neither fish nor fowl")
    return 10.0


@pytest.fixture
def report(data: Dataset) -> CheckReport:
    return check_dataset(data, workers=3, decode=decode)


def test_what_cannot_be_read_is_named(report: CheckReport) -> None:
    assert report.broken == {
        "bad.mp4": "corrupt: made so",
        "odd.mp4": "odd.mp4: neither fish nor fowl",
        "long.mp4#12-14": "out_of_range: span [12, 14) s of a video of 10.000 s",
    }
    assert report.missing == ("gone.mp4",)
    assert set(report.failed) == {*report.broken, "gone.mp4"}
    assert report.failed["gone.mp4"].startswith("not_found")
    assert (report.num_samples, report.num_files, report.num_readable) == (8, 7, 4)


def test_counts_leaks_and_twins(report: CheckReport) -> None:
    assert report.counts == {"train": {"1": 3, "2": 3}, "val": {"2": 1, "3": 1}}
    assert report.leaks == {"court 2": ("train", "val")}
    assert report.identical == (("a.mp4", "c.mp4"),)  # equal bytes, not only equal size
    assert report.notes == (
        "no sample has class 0 ('0'): labels may be counted from 1",
        "1 classes have no training sample: 3",
        "1 sets of identical files are cut by a split, for instance a.mp4, c.mp4",
    )


def test_json_and_text(report: CheckReport, tmp_path: Path) -> None:
    path = report.save(tmp_path / "out" / "check.json")
    assert json.loads(path.read_text()) == report.to_json()
    assert [p.name for p in path.parent.iterdir()] == ["check.json"]
    text = str(report)
    for part in (
        "m: 4 of 8 samples readable (7 files)",
        "train: 6 samples, 2 classes, 3 to 3 a class",
        "broken: 3",
        "bad.mp4: corrupt: made so",
        "groups cut by a split: 1",
        "court 2: in train, val",
        "identical files: 1",
        "a.mp4: = c.mp4",
        "note: no sample has class 0",
    ):
        assert part in text


def test_every_file_is_decoded_once_and_in_parallel(data: Dataset) -> None:
    seen: list[str] = []
    meet = threading.Barrier(3, timeout=20)

    def together(sample: Sample) -> float:
        seen.append(sample.path)
        meet.wait()  # passes only if three run at once
        return 10.0

    check_dataset(data, workers=3, decode=together)
    assert len(seen) == len(set(seen)) == 6


def test_a_bug_in_a_decoder_is_not_a_broken_video(data: Dataset) -> None:
    def buggy(sample: Sample) -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check_dataset(data, workers=2, decode=buggy)


def test_nothing_to_complain_about(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"1")
    (tmp_path / "b.mp4").write_bytes(b"2")
    (tmp_path / "m.csv").write_text("path,label,split\na.mp4,x,train\nb.mp4,x,val\n")
    report = check_dataset(read_manifest(tmp_path / "m.csv"), decode=decode)
    assert (report.failed, report.leaks, report.identical, report.notes) == ({}, {}, (), ())
    assert "broken" not in str(report)


def test_real_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    whole = write_video(tmp_path / "whole.mp4", rng.integers(0, 255, (24, 3, 48, 64), dtype=np.uint8), 12.0)
    content = whole.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) // 2])
    hurt = bytearray(content)
    middle = len(hurt) // 2
    hurt[middle : middle + 4000] = bytes(4000)
    (tmp_path / "hurt.mp4").write_bytes(hurt)
    (tmp_path / "page.mp4").write_text("<!DOCTYPE html><html>404</html>")
    (tmp_path / "empty.mp4").touch()
    report = check_dataset(collect([tmp_path]), workers=2)
    assert set(report.broken) == {"cut.mp4", "hurt.mp4", "page.mp4", "empty.mp4"}
    assert report.broken["empty.mp4"].startswith("empty:")
    assert report.num_readable == 1
