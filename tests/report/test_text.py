"""Hostile text, and numbers."""

from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twlv.report.text import clean, escape_markdown, number, pad, share, spread, width
from twlv.types import Score


@given(st.text())
def test_cleaned_text_is_one_printable_line(text):
    made = clean(text)
    assert len(made.splitlines()) <= 1
    assert all(unicodedata.category(sign) not in {"Cc", "Zl", "Zp"} for sign in made)
    assert clean(made) == made


def test_escape_sequences_and_direction_overrides_are_gone():
    assert clean("a\x1b[31mred\x9b1m\u202etxt.exe\u2066\nb\tc") == "a [31mred 1mtxt.exe b c"
    assert clean("naïve 動画 \u0928\u0940") == "naïve 動画 \u0928\u0940"


def test_markdown_is_shown_as_it_is():
    hostile = "a|b\n<script>alert(1)</script> [x](javascript:y) `c` *d* _e_ snake_case &lt; ~~f~~"
    made = escape_markdown(hostile)
    assert "<" not in made
    assert "\n" not in made
    assert "a\\|b" in made
    assert "\\[x\\](javascript:y)" in made
    assert "\\`c\\` \\*d\\* \\_e\\_ snake_case &amp;lt;" in made


def test_width_and_padding_count_terminal_columns():
    assert width("動画") == 4
    assert width("e\u0301") == 1
    assert pad("動", 4) == "動  "
    assert pad("a", 3, right=True) == "  a"
    assert pad("abc", 2) == "abc"


@pytest.mark.parametrize(
    ("value", "interval", "unit", "text"),
    [
        (50.0, (45.0, 55.0), "%", "± 5.0"),
        (50.0, (45.0, 55.04), "%", "± 5.0"),
        (50.0, (44.0, 55.0), "%", "[44.0, 55.0]"),
        (0.5, (0.4, 0.6), "", "± 0.100"),
        (50.0, None, "%", ""),
        (math.nan, (1.0, 2.0), "%", ""),
        (50.0, (math.nan, 2.0), "%", ""),
    ],
)
def test_spread(value, interval, unit, text):
    assert spread(Score(value=value, unit=unit, n=1, ci95=interval)) == text


def test_numbers():
    assert number(12.3456, "%") == "12.35"
    assert number(0.123456, "") == "0.1235"
    assert number(math.inf, "%") == "n/a"
    assert number(7, "%") == "7.00"


def test_a_share_short_of_all_never_shows_as_all():
    assert share(0.9999) == "99.9 % of videos"
    assert share(0.982) == "98.2 % of videos"
    assert share(0.0) == "0.0 % of videos"
