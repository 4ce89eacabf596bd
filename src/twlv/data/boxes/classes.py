"""Lists of actions in protobuf text, as AVA publishes them: names and ids.

Two forms: ``item { name: "..." id: 1 }`` (the 60 that are evaluated, ..._for_activitynet_2019.pbtxt) and
``label { name: "..." label_id: 1 label_type: ... }`` (all 80, ava_action_list_v2.2.pbtxt).
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from twlv.errors import ManifestError

NUM_AVA = 60
"""Classes of AVA that are evaluated: those with at least 25 people in the validation and the test split."""

AVA_NOT_EVALUATED = (2, 16, 18, 19, 21, 23, 25, 31, 32, 33, 35, 39, 40, 42, 44, 50, 53, 55, 71, 75)
"""The other 20 ids."""

_BLOCK = re.compile(r"(?:item|label)\s*\{(.*?)\}", re.DOTALL)
_NAME = re.compile(r"""\bname\s*:\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_ID = re.compile(r"\b(?:label_)?id\s*:\s*(\d+)")


def read_actions(path: Path) -> dict[int, str]:
    """Names by id, in the order of the ids.

    Raises:
        ManifestError: no such file, no entry, an entry without name or id, or an id twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: cannot be read: {error}") from error
    found: list[tuple[int, str]] = []
    for block in _BLOCK.finditer(text):
        name, number = _NAME.search(block[1]), _ID.search(block[1])
        if name is None or number is None:
            line = text.count("\n", 0, block.start()) + 1
            raise ManifestError(f"{path}, line {line}: an entry needs a name and an id")
        found.append((int(number[1]), re.sub(r"\\(.)", r"\1", name[1][1:-1])))
    if not found:
        raise ManifestError(f'{path}: no entry such as item {{ name: "stand" id: 12 }}')
    twice = [number for number, count in Counter(number for number, _ in found).items() if count > 1]
    if twice:
        raise ManifestError(f"{path}: the ids {twice} stand for several names")
    return dict(sorted(found))
