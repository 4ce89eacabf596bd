"""``twlv score spatiotemporal-localization`` on files whose ids begin with a dash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twlv.cli.main import main

TRUTH = "-5KQ66BBWC4,0902,0.1,0.1,0.5,0.5,12,0\n-5KQ66BBWC4,0903,0.1,0.1,0.5,0.5,80,0\n"
FOUND = "-5KQ66BBWC4,902,0.1,0.1,0.5,0.5,12,0.9\n-5KQ66BBWC4,902.0,0.6,0.1,0.9,0.5,12,0.8\n"
CLASSES = 'item { name: "stand" id: 12 }\nitem { name: "watch" id: 80 }\nitem { name: "walk" id: 14 }\n'


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    texts = {"truth": TRUTH, "predictions": FOUND, "classes": CLASSES}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    flags = [word for name in texts for word in (f"--{name}", str(tmp_path / name))]
    return ["score", "spatiotemporal-localization", *flags]


def test_as_text(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--per-class"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith(
        "2 detections count, 2 annotated labels of 3 actions on 2 key frames of 1 videos"
    )
    assert any(line.split() == ["fAP@0.5", "50.00"] for line in shown)
    assert any(line.split() == ["-", "0", "0", "walk"] for line in shown)
    assert "note: 1 actions were never detected and have AP 0: watch" in shown


def test_as_json_under_other_rules(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--rules", "mmaction2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rules"], found["frame_map"], found["num_frames"]) == ("mmaction2", 1.0, 2)
    assert [row["id"] for row in found["per_class"]] == [12, 14, 80]
    assert found["per_class"][1]["ap"] is None


def test_excluded_seconds_are_scored_under_the_official_rules(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "excluded.csv").write_text("-5KQ66BBWC4,0903\n")
    values = {}
    for rules in ("official", "slowfast-sorted"):
        main([*words, "--rules", rules, "--excluded", str(tmp_path / "excluded.csv"), "--json"])
        values[rules] = json.loads(capsys.readouterr().out)["frame_map"]
    assert values == {"official": 0.5, "slowfast-sorted": 1.0}


def test_a_bad_row_is_one_line(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "predictions").write_text(FOUND + "v,902,0.1\n")
    assert main(words) == 2
    assert "line 3: 3 columns" in capsys.readouterr().err
