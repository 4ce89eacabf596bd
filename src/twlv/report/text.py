"""Text from files made harmless for a terminal and for Markdown, and numbers made short."""

from __future__ import annotations

import math
import re
import unicodedata

from twlv.types import Score

PERCENT_UNITS = frozenset({"%", "percent", "per cent"})

_COUNTS = frozenset({"parameters"})
_DECIMALS = {"parameters": 0, "GFLOP": 2, "clips/s": 2, "s": 2}

_KEPT_FORMAT_SIGNS = frozenset("\u200c\u200d")
"""Joiners that some scripts need; every other invisible format sign (direction overrides) is dropped."""


def clean(text: object) -> str:
    """One line of printable text: control and direction signs gone, every run of blanks one space."""
    kept = (
        " " if unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Zs"} else sign
        for sign in str(text)
        if unicodedata.category(sign) not in {"Cf", "Cs", "Co", "Cn"} or sign in _KEPT_FORMAT_SIGNS
    )
    return re.sub(r" +", " ", "".join(kept)).strip()


def width(text: str) -> int:
    """Columns that a text takes on a terminal: two for wide East Asian signs, none for combining ones."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    thin = sum(bool(unicodedata.combining(sign)) or unicodedata.category(sign) == "Cf" for sign in text)
    return len(text) + wide - thin


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled with spaces to a number of terminal columns, on the left if ``right``."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def escape_markdown(text: object) -> str:
    """Text that Markdown (GitHub's too) shows as it is: no HTML, table bars, links, emphasis or code."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = re.sub(r"([\\`*\[\]|~#!])", r"\\\1", safe)
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", safe)


def decimals(unit: str) -> int:
    """Digits behind the point: 2 for per cent and costs, none for counts, 4 otherwise."""
    return _DECIMALS.get(unit, 2 if unit in PERCENT_UNITS else 4)


def number(value: float, unit: str) -> str:
    """The value as printed in a table; ``n/a`` if it is not finite."""
    if unit in _COUNTS and math.isfinite(value):
        return f"{value:,.0f}"
    return f"{value:.{decimals(unit)}f}" if math.isfinite(value) else "n/a"


def spread(score: Score) -> str:
    """``± 1.2`` if the interval reaches as far up as down, as printed, else ``[lo, hi]``; empty if unknown."""
    if score.ci95 is None or not all(map(math.isfinite, (*score.ci95, score.value))):
        return ""
    digits = decimals(score.unit) - 1
    low, high = score.ci95
    below, above = f"{score.value - low:.{digits}f}", f"{high - score.value:.{digits}f}"
    return f"± {above}" if below == above else f"[{low:.{digits}f}, {high:.{digits}f}]"


def share(fraction: float) -> str:
    """``98.2 % of videos``, rounded down: anything short of all never shows as 100."""
    return f"{math.floor(fraction * 1000) / 10:.1f} % of videos"
