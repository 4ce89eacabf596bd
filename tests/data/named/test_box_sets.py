"""AVA, UCF101-24 and JHMDB by name, from miniature copies of their annotation files."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

import twlv
from twlv.data.boxes.classes import AVA_NOT_EVALUATED
from twlv.errors import InputError
from twlv.types import Boxes, Dataset, Sample


def _boxes(sample: Sample) -> Boxes:
    assert isinstance(sample.target, Boxes)
    return sample.target


# ---------------------------------------------------------------- AVA

ALL = "".join(
    f'label {{\n  name: "act {n}"\n  label_id: {n}\n  label_type: PERSON_MOVEMENT\n}}\n' for n in range(1, 81)
)
EVALUATED = "".join(
    f'item {{\n  name: "act {n}"\n  id: {n}\n}}\n' for n in range(1, 81) if n not in AVA_NOT_EVALUATED
)


def _ava(folder: Path, **change: str) -> Path:
    files = {
        "ava_train_v2.2.csv": "".join(f"_a1234567890,0902,0.1,0.2,0.5,0.8,{n},0\n" for n in (12, 17)),
        "ava_val_v2.2.csv": "-5KQ66BBWC4,1798,0.1,0.2,0.5,0.8,80,7\n",
        "ava_action_list_v2.2.pbtxt": ALL,
        "ava_action_list_v2.2_for_activitynet_2019.pbtxt": EVALUATED,
        "ava_included_timestamps_v2.2.txt": "".join(f"{second:04}\n" for second in range(902, 1799)),
        "ava_train_excluded_timestamps_v2.2.csv": "_a1234567890,0903\n_a1234567890,0904\n",
        "ava_val_excluded_timestamps_v2.2.csv": "",
        **change,
    }
    (folder / "annotations").mkdir(parents=True)
    for name, text in files.items():
        (folder / "annotations" / name).write_text(text)
    for name in ("trainval/_a1234567890.mkv", "trainval/-5KQ66BBWC4.mp4"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return folder


def _read_ava(folder: Path, **options: object) -> Dataset:
    return twlv.dataset("ava", root=folder, annotations=folder / "annotations", **options)


def test_trap_26_every_valid_second_of_ava_is_one_key_frame(tmp_path: Path) -> None:
    data = _read_ava(_ava(tmp_path))
    assert len(data.split("train").samples) == 897 - 2
    assert len(data.split("val").samples) == 897
    assert len({sample.video_id for sample in data.samples}) == len(data.samples)
    assert 235 * 897 - 161 == 210_634
    assert 64 * 897 - 37 == 57_371
    first, last = data.samples[0], data.samples[-1]
    assert (first.video_id, first.group) == ("_a1234567890@0902", "_a1234567890")
    assert first.path.endswith("trainval/_a1234567890.mkv")
    assert _boxes(first).time_seconds == 2.0
    assert np.flatnonzero(_boxes(first).labels[0]).tolist() == [11, 16]
    assert last.video_id == "-5KQ66BBWC4@1798"
    assert np.flatnonzero(_boxes(last).labels[0]).tolist() == [79]
    assert first.span is not None
    assert first.span.start_seconds == pytest.approx(2 - 32 / 30)
    assert sum(len(_boxes(sample).xyxy) for sample in data.samples) == 2
    assert data.missing == frozenset()
    assert len(data.card.classes) == 80
    assert [index + 1 for index in data.card.scored] == [n for n in range(1, 81) if n not in AVA_NOT_EVALUATED]
    assert any("895 videos are annotated here; known sizes: 210,634" in note for note in data.notes)
    movies = _read_ava(tmp_path, variant="movies")
    assert _boxes(movies.samples[0]).time_seconds == 902.0
    assert movies.card.annotation_sha256 == data.card.annotation_sha256


def test_ava_without_the_lists_that_are_not_needed(tmp_path: Path) -> None:
    folder = _ava(tmp_path)
    for name in ("ava_action_list_v2.2.pbtxt", "ava_included_timestamps_v2.2.txt"):
        (folder / "annotations" / name).unlink()
    (folder / "annotations" / "ava_train_excluded_timestamps_v2.2.csv").unlink()
    data = _read_ava(folder)
    assert data.card.classes[1] == "action 2"
    assert data.card.classes[11] == "act 12"
    assert len(data.split("train").samples) == 897
    assert "train: no list of excluded seconds; those are among the key frames" in data.notes
    (folder / "annotations" / "ava_action_list_v2.2_for_activitynet_2019.pbtxt").unlink()
    with pytest.raises(InputError, match="no ava_action_list"):
        _read_ava(folder)


# ---------------------------------------------------------------- every frame labelled


def _tube(first: int, corners: list[float], frames: int) -> np.ndarray:
    return np.array([[first + index, *corners] for index in range(frames)], dtype=np.float32)


def _cache(names: list[str], label: int) -> dict[str, object]:
    tubes = [_tube(2, [32, 24, 160, 120], 3), _tube(3, [0, 0, 320, 240], 1)]
    return {
        "labels": [f"class{n:02}" for n in range(21 if label == 20 else 24)],
        "train_videos": [names[:1]] * 3,
        "test_videos": [names[1:]] * 3,
        "nframes": dict.fromkeys(names, 5),
        "resolution": dict.fromkeys(names, (240, 320)),
        "gttubes": {names[0]: {label: tubes}, names[1]: {0: tubes[:1]}},
    }


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_jhmdb_from_its_cache(protocol: int, tmp_path: Path) -> None:
    names = ["class20/a b", "class00/-c"]
    (tmp_path / "JHMDB-GT.pkl").write_bytes(pickle.dumps(_cache(names, 20), protocol=protocol))
    (tmp_path / "Frames" / names[0]).mkdir(parents=True)
    (tmp_path / "Frames" / names[0] / "00001.png").touch()
    data = twlv.dataset("jhmdb", root=tmp_path, split="2")
    train = data.split("train").samples
    assert [sample.video_id for sample in train] == [f"class20/a b@{n:05}" for n in range(1, 6)]
    assert [len(_boxes(sample).xyxy) for sample in train] == [0, 1, 2, 1, 0]
    np.testing.assert_allclose(_boxes(train[1]).xyxy, [[0.1, 0.1, 0.5, 0.5]])
    assert _boxes(train[1]).labels.argmax() == 20
    assert train[1].fps == 30.0
    assert _boxes(train[1]).time_seconds == pytest.approx(1.5 / 30)
    assert data.card.selection == "split=2"
    assert len(data.card.classes) == 21
    assert data.missing == {sample.video_id for sample in data.split("test").samples}


def test_ucf101_24_from_its_cache_and_from_matlab(tmp_path: Path) -> None:
    folders = [f"class{n:02}" for n in range(24)]
    names = [f"{folder}/v_{folder}" for folder in folders]
    tubes = np.array([[32, 24, 128, 96]] * 9, dtype=np.int16)
    records = np.zeros(24, dtype=[("num_imgs", "O"), ("name", "O"), ("tubes", "O")])
    inner = [("ef", "O"), ("sf", "O"), ("class", "O"), ("boxes", "O")]
    for number, name in enumerate(names):
        records[number] = (20, name, np.array([(10, 2, number + 1, tubes)], dtype=inner))
    savemat(tmp_path / "finalAnnots.mat", {"annot": records})
    (tmp_path / "trainlist01.txt").write_text("".join(f"{name}.avi 1\n" for name in [*names[1:], "other/v_x"]))
    (tmp_path / "testlist01.txt").write_text(f"{names[0]}.avi\n")
    data = twlv.dataset("ucf101-24", root=tmp_path)
    test = data.split("test").samples
    assert [sample.video_id for sample in test] == [f"{names[0]}@{n:05}" for n in (1, 9, 17)]
    assert [len(_boxes(sample).xyxy) for sample in test] == [0, 1, 0]
    np.testing.assert_allclose(_boxes(test[1]).xyxy, [[0.1, 0.1, 0.5, 0.5]])
    assert len(twlv.dataset("ucf101-24", root=tmp_path, frames="all").samples) == 24 * 20
    assert data.card.classes == tuple(folders)
    (tmp_path / "UCF101v2-GT.pkl").write_bytes(pickle.dumps(_cache(["class23/a", "class00/b"], 23)))
    assert len(twlv.dataset("ucf101-24", root=tmp_path, splits="train").samples) == 1


class Harm:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("harmed",)


def test_nothing_in_a_pickle_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for content in ({**_cache(["class20/a", "class00/b"], 20), "labels": Harm()}, [1], {"labels": []}):
        Path("JHMDB-GT.pkl").write_bytes(pickle.dumps(content))
        with pytest.raises(InputError, match=r"not run|dictionary|no train_videos"):
            twlv.dataset("jhmdb", root=tmp_path)
    assert not Path("harmed").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c["gttubes"]["class20/a"].update({99: [_tube(1, [0, 0, 1, 1], 1)]}),
            "has class 99, there are 21",
        ),
        (
            lambda c: c["gttubes"]["class20/a"].update({1: [_tube(4, [0, 0, 1, 1], 3)]}),
            "frames 4 to 6, the video has 5",
        ),
        (
            lambda c: c["gttubes"]["class20/a"].update({1: [_tube(1, [0, 0, 1, 1], 3)[::2]]}),
            "consecutive frames",
        ),
        (lambda c: c["nframes"].clear(), "not a cache of tubes"),
        (lambda c: c["train_videos"][0].append("class20/x"), "'class20/x' of split 1 has no annotation"),
    ],
)
def test_caches_that_cannot_be_used(change: object, message: str, tmp_path: Path) -> None:
    cache = _cache(["class20/a", "class00/b"], 20)
    change(cache)
    (tmp_path / "JHMDB-GT.pkl").write_bytes(pickle.dumps(cache))
    with pytest.raises(InputError, match=message):
        twlv.dataset("jhmdb", root=tmp_path)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for name in ("jhmdb", "ucf101-24", "ava"):
        with pytest.raises(InputError, match=r"no .* here; .{20,}"):
            twlv.dataset(name, annotations=tmp_path)
    (tmp_path / "finalAnnots.mat").write_bytes(b"MATLAB 5.0" + bytes(200))
    with pytest.raises(InputError, match="not the annotations of UCF101-24"):
        twlv.dataset("ucf101-24", annotations=tmp_path)
