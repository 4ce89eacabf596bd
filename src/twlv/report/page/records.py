"""The full record of every result, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.report.command import command
from twlv.report.provenance import provenance
from twlv.results import Result
from twlv.results.document import to_document
from twlv.types import Json

MOST_ANSWERS = 20_000
MOST_DOCUMENTS = 400
"""Of so many answers, and of so many results, the whole documents stand in the page; of more their facts."""


def records(results: Sequence[Result]) -> list[Json]:
    """For each result: title, facts, command, and its document as in its file."""
    answers = sum(len(result.predictions) for result in results)
    whole = len(results) <= MOST_DOCUMENTS
    return [_record(result, whole, answers <= MOST_ANSWERS) for result in results]


def _record(result: Result, whole: bool, with_answers: bool) -> dict[str, Json]:
    title, facts = provenance(result)
    made: dict[str, Json] = {
        "title": title,
        "facts": [[name, text] for name, text in facts],
        "command": command(result),
    }
    if whole:
        made["document"] = _document(result, with_answers)
    return made


def _document(result: Result, with_answers: bool) -> dict[str, Json]:
    """The file's contents; pictures are drawn elsewhere on the page and would only be bytes here."""
    document = to_document(result)
    if not with_answers and len(result.predictions):
        document["predictions"] = f"{len(result.predictions)} answers, in the result's file"
    details = document.get("details")
    if isinstance(details, dict) and "key_frames" in details:
        document["details"] = {**details, "key_frames": "drawn above; in the result's file"}
    return document
