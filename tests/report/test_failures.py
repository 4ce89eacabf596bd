"""The table of videos that failed."""

from __future__ import annotations

from twlv.report import by_reason, failures, failures_markdown

FAILED = {
    "b": "truncated: 3 of 10 frames",
    "a": "clips/a.mp4: truncated: 5 of 10 frames",
    "c": "not_found",
    "d\x1b[2J": "",
    "e": "corrupt: bad header: at 0x00",
}


def test_by_reason():
    assert by_reason(FAILED) == {
        "truncated": (("a", "5 of 10 frames"), ("b", "3 of 10 frames")),
        "corrupt": (("e", "bad header: at 0x00"),),
        "no reason was given": (("d\x1b[2J", ""),),
        "not_found": (("c", ""),),
    }


def test_the_terminal_table():
    text = failures(FAILED)
    assert text.splitlines()[:3] == ["truncated: 2 videos", "  a  5 of 10 frames", "  b  3 of 10 frames"]
    assert "not_found: 1 video\n  c" in text
    assert "\x1b" not in text
    assert failures({}) == ""


def test_a_limit_says_how_many_are_left_out():
    many = {f"v{index:03d}": "empty" for index in range(100)}
    lines = failures(many, limit=3).splitlines()
    assert lines == ["empty: 100 videos", "  v000", "  v001", "  v002", "  and 97 more"]
    assert len(failures(many).splitlines()) == 101
    assert failures(many, limit=0).splitlines() == ["empty: 100 videos", "  and 100 more"]


def test_the_markdown_table_has_every_video_and_is_escaped():
    text = failures_markdown({**FAILED, "x|y\nz": "empty: <b>"})
    assert len(text.splitlines()) == 2 + 6
    assert "| empty | x\\|y z | &lt;b&gt; |" in text
    assert failures_markdown({}) == ""
