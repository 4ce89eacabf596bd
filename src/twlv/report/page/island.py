"""JSON inside an HTML page, such that no text in it can end the element that holds it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from twlv.report.text import clean
from twlv.types import Json

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def island(value: Json) -> str:
    """The value as JSON for a ``<script type="application/json">``.

    Every ``<``, ``>`` and ``&`` is written as a JSON escape, so neither ``</script>`` nor ``<!--`` can stand in
    it, whatever a name holds; line separators too. Numbers that are not finite raise ValueError.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text


def printable(value: Json) -> Json:
    """The value with every text and key made one line of printable signs, and numbers finite (else null)."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): printable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [printable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
