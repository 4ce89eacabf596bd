"""One suite over the miniature copy of every data set: labels, files, and what a file may be spoiled with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twlv.data import check_dataset, dataset
from twlv.errors import InputError, UsageError
from twlv.types import ClassLabels, Dataset, Sample

Make = Callable[..., Any]


def labels(data: Dataset) -> dict[str, tuple[str, object]]:
    def label(sample: Sample) -> object:
        return sample.target.indices if isinstance(sample.target, ClassLabels) else sample.target.index

    return {sample.video_id: (sample.split, label(sample)) for sample in data.samples}


def test_labels_splits_and_files(copy: Any) -> None:
    data = copy.write().read()
    found = labels(data)
    assert {name: found[name] for name in copy.expected} == copy.expected
    assert data.missing == frozenset()
    assert all(Path(sample.path).exists() for sample in data.samples)
    assert data.card.name == copy.name
    assert len(data.card.annotation_sha256) == 64


def test_trap_36_byte_order_marks_and_crlf_change_nothing(copy: Any) -> None:
    plain = copy.write().read()
    odd = copy.write(lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")).read()
    assert odd.samples == plain.samples
    assert odd.card.classes == plain.card.classes
    assert odd.card.annotation_sha256 != plain.card.annotation_sha256


def test_a_video_that_is_not_there_stays_and_is_said(copy: Any) -> None:
    copy.write()
    everything = copy.read()
    path = Path(everything.samples[0].path)
    for inside in path.iterdir() if path.is_dir() else ():
        inside.unlink()
    path.rmdir() if path.is_dir() else path.unlink()
    data = copy.read()
    assert [sample.video_id for sample in data.samples] == [sample.video_id for sample in everything.samples]
    gone = {sample.video_id for sample in everything.samples if sample.path == str(path)}
    assert data.missing == gone
    assert f"{len(gone)} of {len(data.samples)} videos are not on disk" in data.notes[-1]
    report = check_dataset(data, decode=lambda sample: 1e6)
    assert set(report.failed) == gone
    assert data.notes[-1] in report.notes
    assert all(data.split(name).notes == data.notes for name in data.splits)


def test_the_hash_follows_the_annotations(copy: Any) -> None:
    once, again = copy.write().read(), copy.read()
    assert once.card == again.card
    name = next(name for name in copy.texts if "train" in name or "split1" in name)
    copy.texts[name] += "\n"
    assert copy.write().read().card.annotation_sha256 != once.card.annotation_sha256


def test_nothing_there(copy: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no .* here; it is empty; .{20,}"):
        dataset(copy.name, annotations=tmp_path / "empty")
    with pytest.raises(InputError, match="no such file or folder"):
        dataset(copy.name, annotations=tmp_path / "absent")
    with pytest.raises(UsageError, match=rf"{copy.name}: say where the videos and the annotations are"):
        dataset(copy.name)
    copy.write()
    with pytest.raises(InputError, match=r"root .* no such folder"):
        dataset(copy.name, annotations=tmp_path / "annotations", root=tmp_path / "absent")


def test_size_that_nobody_knows_is_noted_and_no_error(copy: Any) -> None:
    notes = [note for note in copy.write().read().notes if "videos are annotated here; known sizes: " in note]
    assert len(notes) == 2, "both splits of a miniature copy are smaller than any known one"


def test_text_that_is_not_utf8(copy: Any) -> None:
    with pytest.raises(InputError, match=r"line \d+: byte 0xff is not UTF-8"):
        copy.write(lambda text: text + b"\xff").read()


@pytest.mark.parametrize(
    ("name", "file", "row"),
    [
        ("kinetics400", "train.csv", "zumba,../../etc/x,1,2,train\n"),
        ("mit339", "trainingSet.csv", "../../etc/passwd.mp4,clapping,1,1\n"),
        ("ucf101", "trainlist01.txt", "../Hammering/v_x.avi 2\n"),
        ("jester", "jester-v1-train.csv", "../9;Swiping Left\n"),
        ("hmdb51", "brush_hair_test_split1.txt", "../../x.avi 1\n"),
        ("charades", "Charades_v1_train.csv", "/etc/x,a,b,6,7,Yes,x,a,y,c000 0 1,18.33\n"),
    ],
)
def test_trap_37_an_id_that_leaves_the_root_is_refused(make_copy: Make, name: str, file: str, row: str) -> None:
    made = make_copy(name)
    made.texts[file] += row
    with pytest.raises(InputError, match=r"line \d+: '.*' is no relative name"):
        made.write().read()
