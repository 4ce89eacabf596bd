"""Executable blocks of a Markdown page: ```python and ```bash, in order. Other languages are for reading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"# file: (\S+)\n")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block: its language, its text, the line it starts on, and the file it is to be written to, if any."""

    language: str
    text: str
    line: int
    file: str = ""


def blocks(page: Path) -> list[Block]:
    """All executable blocks. One whose first line is ``# file: NAME`` is written there instead of being run."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        body = match.group(2)
        named = _FILE.match(body)
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(language=match.group(1), text=body, line=line, file=named.group(1) if named else ""))
    return found
