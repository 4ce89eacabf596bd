"""Finding the command, and turning what went wrong into one line and an exit code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import twlv
from twlv.cli import main as cli
from twlv.errors import CoverageError, InputError, TwlvError, UsageError
from twlv.types import Coverage

ALL = [" ".join(command.words) for command in cli.COMMANDS]


def run(*words: str) -> int:
    return cli.main(words)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(f"twlv {words} " in shown for words in ALL)


@pytest.mark.parametrize("words", ALL)
def test_every_command_has_help(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words.split(), "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: twlv {words}")
    assert "--config" in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"twlv {twlv.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["embd"], "unknown command 'embd'; did you mean embed?"),
        (["store", "infoo"], "unknown store action 'infoo'; did you mean info?"),
        (["store"], "'twlv store' needs an action"),
        (["--jsn"], "unknown option '--jsn' before the command"),
        (["embed", "a", "--ou", "x"], "unknown option '--ou'; did you mean --out"),
        (["embed", "a", "--backbone", "x", "--out", "s", "--shard", "0/8"], "counts from 1"),
        (["evaluate", "knn", "--dataset", "m.csv"], "--backbone NAME, --store STORE, --official DIR or"),
        (["doctor", "backbon", "x"], "did you mean backbone?"),
    ],
)
def test_usage_errors_are_one_message_and_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("twlv: error: ")
    assert message in shown.err
    assert "Traceback" not in shown.err


def test_no_command_shows_the_help_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "twlv embed" in capsys.readouterr().out


COVERAGE = Coverage(expected=2, present=2, decoded=1, used=1, failed={"a": "empty"})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("u"), 2),
        (InputError("i"), 2),
        (CoverageError("c", COVERAGE), 3),
        (TwlvError("t"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from twlv.cli import models

    def fail(options: models.ListOptions) -> int:
        raise error

    fail.__annotations__["options"] = models.ListOptions
    fake = ModuleType("twlv_fake_command")
    fake.run = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "twlv_fake_command", fake)
    command = cli.Command(words=("embed",), target="twlv_fake_command:run", help="", resumes=True)
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    assert run("embed") == status
    shown = capsys.readouterr().err
    assert ("the same command again to resume" in shown) == (status == 130)
    assert "Traceback" not in shown


HEAVY = ("torch", "av", "transformers", "matplotlib", "scipy", "sklearn")


@pytest.mark.parametrize("words", ["", "--help", "--version", "doctor --help", "quickstart --help", "embd"])
def test_starting_loads_nothing_heavy(words: str) -> None:
    assert loaded_by(f"from twlv.cli.main import main; main({words.split()!r})") == ""


def test_no_help_page_loads_anything_heavy() -> None:
    pages = [[*words.split(), "--help"] for words in ALL]
    assert loaded_by(f"from twlv.cli.main import main\nfor page in {pages!r}: main(page)") == ""


def loaded_by(code: str) -> str:
    """The heavy modules that are loaded in a fresh process after ``code``, joined."""
    after = f"import sys; print('\\nloaded:', *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{after}"], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.splitlines()[-1].removeprefix("loaded:").strip()


@pytest.mark.parametrize(
    "words", [("quickstart", "--out", "FILE"), ("report", "RESULTS", "--out", "FILE/r.md")]
)
def test_a_path_that_cannot_be_written_is_one_line(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from twlv.cli import report

    file = tmp_path / "a file"
    file.touch()
    monkeypatch.setattr(report, "render", lambda *_, **__: "")
    monkeypatch.setattr("twlv.results.load", lambda _: [])
    status = cli.main([word.replace("FILE", str(file)) for word in words])
    assert status == 2
    error = capsys.readouterr().err
    assert error.startswith(f"twlv: error: {file}")
    assert "name another path" in error
