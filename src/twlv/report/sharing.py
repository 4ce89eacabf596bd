"""Which results may share a column.

Two results do only if they measured the same thing (``results.compare``); otherwise the table is refused or,
with ``mix``, the odd ones are marked ``‡``: those outside the largest group of comparable results (of equally
large groups, the one with the most videos is the rule, then the first given).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twlv.errors import ResultError
from twlv.report.columns import Entry, Key
from twlv.report.model import MIXED, Footnotes
from twlv.report.text import clean
from twlv.results import Result, compare, file_name
from twlv.results.compare import identity_of_measurement


def odd_results(groups: Mapping[Key, Sequence[Entry]], *, mix: bool, notes: Footnotes) -> set[int]:
    """Ids (of the objects) of the results that are out of line in some column.

    Raises:
        ResultError: there are any, and ``mix`` does not allow them.
    """
    odd: set[int] = set()
    for members in groups.values():
        kinds = _comparable_groups(members)
        if len(kinds) == 1:
            continue
        rule = kinds[0][0].result
        texts = [_difference_text(rule, other[0].result) for other in kinds[1:]]
        if not mix:
            raise ResultError(
                "results that are not comparable would share a column:\n  "
                + "\n  ".join(texts[:5])
                + "\ngive them separately, or pass --mix to show them together, marked"
            )
        for text in texts:
            notes.fixed(MIXED, f"not comparable with the rest of its column: {text}")
        odd.update(id(entry.result) for other in kinds[1:] for entry in other)
    return odd


def _comparable_groups(members: Sequence[Entry]) -> list[list[Entry]]:
    """The entries of a column by what was measured: the largest group first, then the one with more videos."""
    kinds: dict[str, list[Entry]] = {}
    for entry in members:
        kinds.setdefault(repr(identity_of_measurement(entry.result)), []).append(entry)
    return sorted(kinds.values(), key=lambda kind: (-len(kind), -kind[0].result.coverage.used))


def _difference_text(rule: Result, other: Result) -> str:
    grave = [clean(difference) for difference in compare(other, rule) if difference.severity == "refuse"]
    return (
        f"{clean(other.task.name)} on {clean(other.dataset.name)}: "
        f"{clean(other.backbone.name)} ({_origin(other)}) and {clean(rule.backbone.name)} ({_origin(rule)}) "
        f"differ in {'; '.join(grave)}"
    )


def _origin(result: Result) -> str:
    return clean(result.file or file_name(result))
