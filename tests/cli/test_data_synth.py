"""``twlv data synth``: what is printed, what is refused, that a second run resumes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Twlv = Callable[..., Any]


def test_a_set_is_made_and_the_next_command_named(twlv: Twlv, tmp_path: Path) -> None:
    words = ("data", "synth", "--out", "set", "--kind", "reversal", "--train", 4, "--val", 2, "--size-px", 32)
    done = twlv(*words)
    assert done.status == 0, done.err
    assert "reversal: 6 videos" in done.err
    assert "4 training and 2 validation videos are in set" in done.out
    assert "twlv evaluate motion-direction --dataset set/manifest_forward.csv" in done.out
    assert twlv("data", "check", "set/manifest.csv").status == 0

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set" / "videos").iterdir()}
    again = twlv(*words)
    assert again.status == 0
    assert again.err == ""
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "set" / "videos").iterdir()}
    other = twlv(*words, "--difficulty", "hard")
    assert other.status == 2
    assert "difficulty is default, asked for hard" in other.err


def test_the_help_names_every_kind(twlv: Twlv) -> None:
    from twlv.data.synth import KINDS

    shown = twlv("data", "synth", "--help").out
    assert [kind for kind in KINDS if kind not in shown.replace("\n", " ")] == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("untrimmed", ("--train", 4, "--val", 4, "--num-frames", 48, "--difficulty", "easy")),
        ("boxes", ("--train", 9, "--val", 9)),
        ("pretrain", ("--train", 2, "--level", 1)),
    ],
)
def test_kinds_without_a_class_a_video_say_where_their_annotations_are(
    twlv: Twlv, kind: str, words: tuple[object, ...]
) -> None:
    done = twlv("data", "synth", "--out", "set", "--kind", kind, "--size-px", 24, *words)
    assert done.status == 0, done.err
    files = {"untrimmed": "annotations.json", "boxes": "actions.pbtxt", "pretrain": "videos"}
    assert files[kind] in done.out
    assert json.loads(Path("set/synth.json").read_text())["complete"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "reversals"), "did you mean reversal?"),
        (("--kind", "reversal", "--train", 3), "not whole pairs"),
        (("--kind", "boxes", "--workers", 0), "--workers must be 1 or more"),
        (("--kind", "boxes", "--difficulty", "harder"), "--difficulty"),
        ((), "--kind"),
    ],
)
def test_bad_options_are_one_line(twlv: Twlv, words: tuple[object, ...], said: str) -> None:
    done = twlv("data", "synth", "--out", "set", *words)
    assert done.status == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not Path("set").exists()
