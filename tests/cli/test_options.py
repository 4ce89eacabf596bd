"""A dataclass as a command line: flags, types, help, YAML in and out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import yaml

from twlv.cli.fields import build, parse_settings
from twlv.cli.options import command_line, flag, parse
from twlv.errors import InputError, UnknownName, UsageError


@dataclass(frozen=True, kw_only=True)
class Options:
    inputs: tuple[str, ...] = field(metadata=flag("video files", metavar="INPUT", positional="+"))
    out: Path = field(metadata=flag("the store"))
    clip_seconds: float = field(default=2.0, metadata=flag("length T"))
    level: Literal["clip", "time"] = field(default="clip", metadata=flag("what a row is"))
    where: tuple[str, ...] = field(default=(), metadata=flag("filter", metavar="C=V"))
    num_frames: int | None = field(default=None, metadata=flag("frames"))
    json: bool = field(default=False, metadata=flag("100 % JSON"))


def read(*words: str) -> Options:
    return parse(Options, words, prog="twlv verb", description="what it does")


def test_words_become_typed_fields() -> None:
    found = read("a", "--out", "s", "--clip-seconds", "3", "b", "--where", "x=1", "--where", "y=2", "--json")
    assert found == Options(inputs=("a", "b"), out=Path("s"), clip_seconds=3.0, where=("x=1", "y=2"), json=True)
    assert isinstance(found.clip_seconds, float)
    assert read("a", "--out=s", "--num-frames=8").num_frames == 8
    assert read("12", "--out", "13").inputs == ("12",)
    assert read("a", "--out", "13").out == Path("13")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a"], "missing: --out"),
        (["--out", "s"], "missing: INPUT"),
        (["a", "--out", "s", "--clip-seconds", "x"], "--clip-seconds: expected float, got 'x'"),
        (["a", "--out", "s", "--num-frames", "3.5"], "--num-frames: expected int or none, got '3.5'"),
        (["a", "--out", "s", "--level", "tim"], "--level: expected one of clip, time, got 'tim'"),
        (["a", "--out", "s", "--clip-secs", "3"], "unknown option '--clip-secs'; did you mean --clip-seconds"),
        (["a", "--out", "s", "--clip", "3"], "unknown option '--clip'"),
        (["a", "--out"], "argument --out: expected one argument; type: twlv verb --help"),
    ],
)
def test_wrong_words_say_what_was_seen(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(*words)
    assert message in str(caught.value)


def test_what_follows_two_dashes_is_no_option() -> None:
    assert read("a", "--out", "s", "--", "-x.mp4", "--out").inputs == ("a", "-x.mp4", "--out")
    assert read("--out", "s", "--", "-x.mp4").inputs == ("-x.mp4",)


def test_the_command_is_rebuilt_from_the_options() -> None:
    words = ["a b", "c", "--out", "s", "--clip-seconds", "3.0", "--where", "x=1", "--where", "y=2", "--json"]
    shown = command_line("verb", read(*words))
    assert shown == "twlv verb 'a b' c --out s --clip-seconds 3.0 --where x=1 --where y=2 --json"
    assert read(*shlex.split(shown)[2:]) == read(*words)


def test_help_names_every_field_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        read("--help")
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    for part in (
        "INPUT",
        "--clip-seconds X",
        "(default 2.0)",
        "{clip,time}",
        "(required)",
        "100 % JSON",
        "--config",
    ):
        assert part in shown


def test_the_printed_configuration_is_read_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["a", "b", "--out", "s", "--clip-seconds", "3", "--where", "x=1", "--num-frames", "8"]
    with pytest.raises(SystemExit):
        read(*words, "--print_config")
    printed = capsys.readouterr().out
    assert yaml.safe_load(printed)["clip_seconds"] == 3.0
    file = tmp_path / "run.yaml"
    file.write_text(printed)
    assert read("--config", str(file)) == read(*words)
    changed = read("--config", str(file), "--clip-seconds", "5", "c")
    assert (changed.clip_seconds, changed.inputs, changed.num_frames) == (5.0, ("c",), 8)


def test_the_configuration_can_be_printed_before_all_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read("--print_config", "--level", "time")
    printed = capsys.readouterr().out
    assert yaml.safe_load(printed) == {
        "inputs": None, "out": None, "clip_seconds": 2.0, "level": "time",
        "where": [], "num_frames": None, "json": False,
    }  # fmt: skip
    file = tmp_path / "run.yaml"
    file.write_text(printed)
    assert read("a", "--out", "s", "--config", str(file)) == Options(inputs=("a",), out=Path("s"), level="time")
    with pytest.raises(UsageError, match="missing: INPUT, --out"):
        read("--config", str(file))


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("clip_secondz: 3", UnknownName, "did you mean --clip-seconds"),
        ("[1, 2]", InputError, "expected lines 'name: value', got list"),
        ("a: [", InputError, "is not YAML"),
        ("clip-seconds: three", UsageError, "--clip-seconds: expected float, got 'three'"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(text)
    with pytest.raises(error) as caught:
        read("a", "--out", "s", "--config", str(file))
    assert message in str(caught.value)


@dataclass(frozen=True, kw_only=True)
class Task:
    k: int = 20
    temperature: float = 0.07
    rates: tuple[float, ...] = (0.1,)
    vote: Literal["soft", "hard"] = "soft"

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k must be at least 1, got {self.k}")


def test_settings_are_typed_by_the_task() -> None:
    settings = parse_settings(["k=5", "temperature=1e-1", "rates=[1, 2e-1]", "vote=hard"])
    assert build(Task, settings) == Task(k=5, temperature=0.1, rates=(1.0, 0.2), vote="hard")
    assert build(Task, {}) == Task()


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ("kk=5", UnknownName, "unknown setting of knn 'kk'; did you mean k?"),
        ("temprature=5", UnknownName, "did you mean temperature"),
        ("k=five", UsageError, "k: expected int, got 'five'"),
        ("k=0", UsageError, "k must be at least 1, got 0"),
        ("rates=1", UsageError, "rates: expected a list of float, written [a, b], got '1'"),
    ],
)
def test_a_wrong_setting_names_the_field(setting: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        build(Task, parse_settings([setting]), kind="setting of knn")
    assert message in str(caught.value)


@pytest.mark.parametrize("words", [["k"], ["=5"], ["k=1", "k=2"]])
def test_settings_have_a_name_and_one_value(words: list[str]) -> None:
    with pytest.raises(UsageError, match="--set"):
        parse_settings(words)


def test_the_options_of_every_base_are_typed() -> None:
    from twlv.cli.evaluate import EvaluateOptions

    found = build(EvaluateOptions, {"task": "knn", "root": "a", "out": "b", "label_fps": "15"})
    assert (found.root, found.out, found.label_fps) == (Path("a"), Path("b"), 15.0)
    for name, value in (("tail", "cut"), ("features_layout", "sideways"), ("seed", "one")):
        with pytest.raises(UsageError, match=f"{name}: expected"):
            build(EvaluateOptions, {"task": "knn", name: value})
