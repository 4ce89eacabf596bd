"""Fields that take one of a few words."""

from __future__ import annotations

from typing import get_args

from twlv.errors import UsageError


def require_choice(field: str, value: str, choices: object) -> None:
    """Raises UsageError unless ``value`` is one of the words of the Literal ``choices``."""
    known = get_args(choices)
    if value not in known:
        raise UsageError(f"{field} is one of {', '.join(known)}; got '{value}'")
