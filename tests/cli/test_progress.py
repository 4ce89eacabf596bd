from __future__ import annotations

import io

from twlv.cli.progress import Bar, Lines


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_every_few_seconds() -> None:
    clock, out = Clock(), io.StringIO()
    lines = Lines("embed", every_seconds=10, out=out, clock=clock)
    lines.start(total=12, done=2)
    for index in range(10):
        clock.now += 3
        lines.advance(f"v{index}", "empty" if index == 4 else None)
    lines.finish()
    assert out.getvalue().splitlines() == [
        "embed: 12 videos, 2 already in the store",
        "embed: 6/12 videos, 0.3 videos/s, 18 s left",
        "embed: failed: v4: empty",
        "embed: 10/12 videos, 1 failed, 0.3 videos/s, 6 s left",
        "embed: 12/12 videos, 1 failed, 0.3 videos/s, 0 s left",
    ]


def test_nothing_to_do_says_nothing() -> None:
    out = io.StringIO()
    lines = Lines(out=out)
    lines.start(total=3, done=3)
    lines.finish()
    assert out.getvalue() == ""


def test_the_bar_counts_and_names_failures(capsys) -> None:
    bar = Bar()
    bar.start(total=3, done=1)
    bar.advance("a", None)
    bar.advance("b", "truncated")
    bar.finish()
    shown = capsys.readouterr().err
    assert "failed: b: truncated" in shown
    assert "3/3" in shown


def test_the_bar_may_be_closed_before_it_started() -> None:
    Bar().finish()
