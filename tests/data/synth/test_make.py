"""From settings to files: valid, resumable, the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from twlv import data
from twlv.data.synth import KINDS, Settings, make_set, settings_for

TINY = {
    "recognition-appearance": {"num_train": 6, "num_val": 6, "difficulty": "easy"},
    "recognition-motion": {"num_train": 4, "num_val": 4, "difficulty": "easy"},
    "recognition-both": {"num_train": 6, "num_val": 6, "difficulty": "easy"},
    "reversal": {"num_train": 4, "num_val": 2},
    "speed": {"num_train": 5, "num_val": 5},
    "order": {"num_train": 12, "num_val": 12},
    "dots": {"num_train": 8, "num_val": 8},
    "untrimmed": {"num_train": 4, "num_val": 4, "num_frames": 80, "difficulty": "easy"},
    "boxes": {"num_train": 9, "num_val": 9},
    "pretrain": {"num_train": 3, "num_val": 0},
}


def tiny(kind: str, **changes: object) -> Settings:
    return settings_for(kind, size_px=32, **{**TINY[kind], **changes})  # type: ignore[arg-type]


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_passes_the_check_of_data_and_says_what_it_is(kind: str, tmp_path: Path) -> None:
    settings = tiny(kind)
    manifests = make_set(tmp_path / "set", settings)
    for path in manifests.values():
        report = data.check_dataset(data.dataset(path))
        assert not report.failed
        assert not report.leaks
        assert not report.identical
        assert report.num_samples > 0
    side = json.loads((tmp_path / "set" / "synth.json").read_text())
    assert side["complete"] is True
    assert side["made_from"]["kind"] == kind
    assert side["made_from"]["size_px"] == 32
    assert sum(side["videos"].values()) == settings.num_train + settings.num_val
    assert len(list((tmp_path / "set" / "videos").iterdir())) == settings.num_train + settings.num_val


def test_the_two_label_sets_are_over_the_same_files(tmp_path: Path) -> None:
    manifests = make_set(tmp_path / "set", tiny("recognition-both"))
    tables = {}
    for name, path in manifests.items():
        with path.open() as file:
            tables[name] = list(csv.DictReader(file))
    looks, ways, both = (tables[n] for n in ("manifest_appearance", "manifest_motion", "manifest"))
    assert [row["path"] for row in looks] == [row["path"] for row in ways] == [row["path"] for row in both]
    assert {row["kind"] for row in looks} == {"appearance"}
    assert {row["kind"] for row in ways} == {"motion"}
    assert [f"{a['label']}-{m['label']}" for a, m in zip(looks, ways, strict=True)] == [
        r["label"] for r in both
    ]
    side = json.loads((tmp_path / "set" / "synth.json").read_text())
    assert side["manifests"]["manifest_motion"]["chance_percent"] == 25
    assert side["manifests"]["manifest_appearance"]["chance_percent"] == pytest.approx(16.67)


def test_the_same_settings_give_the_same_bytes_with_any_number_of_workers(tmp_path: Path) -> None:
    make_set(tmp_path / "a", tiny("recognition-both"), workers=1)
    make_set(tmp_path / "b", tiny("recognition-both"), workers=3)
    make_set(tmp_path / "c", tiny("recognition-both", seed=1))
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert hashes(tmp_path / "a") != hashes(tmp_path / "c")


def test_a_larger_set_begins_with_the_files_of_the_smaller(tmp_path: Path) -> None:
    make_set(tmp_path / "a", tiny("recognition-both"))
    make_set(tmp_path / "b", tiny("recognition-both", num_train=9))
    small, large = (hashes(tmp_path / name / "videos") for name in "ab")
    assert small.items() <= large.items()
    assert len(large) == len(small) + 3


def test_a_second_run_renders_only_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    make_set(folder, tiny("dots"))
    whole = hashes(folder)
    lost, kept = sorted((folder / "videos").iterdir())[2:4]
    lost.unlink()
    (folder / "manifest.csv").unlink()
    before, told = kept.stat().st_mtime_ns, []
    make_set(folder, tiny("dots"), watch=lambda done, total: told.append((done, total)))
    assert told == [(15, 16), (16, 16)]
    assert kept.stat().st_mtime_ns == before
    assert hashes(folder) == whole


def test_an_interrupted_run_leaves_whole_files_and_can_go_on(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_set(tmp_path / "set", tiny("dots"), workers=2, watch=stop)
    side = json.loads((tmp_path / "set" / "synth.json").read_text())
    assert side["complete"] is False
    assert not (tmp_path / "set" / "manifest.csv").exists()
    assert not list((tmp_path / "set" / "videos").glob(".*"))
    make_set(tmp_path / "set", tiny("dots"))
    make_set(tmp_path / "other", tiny("dots"))
    assert hashes(tmp_path / "set") == hashes(tmp_path / "other")


def test_webm_and_other_lengths(tmp_path: Path) -> None:
    from twlv.video import probe

    settings = tiny("speed", format="webm", num_frames=10, fps=5)
    make_set(tmp_path / "set", settings)
    info = probe(tmp_path / "set" / "videos" / "train00000.webm")
    assert (info.num_frames, info.codec, info.height_px) == (10, "vp9", 32)
    assert info.duration_seconds == pytest.approx(2.0)
