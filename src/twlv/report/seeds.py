"""One measurement with several seeds: the mean of each score and its spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twlv.errors import ResultError
from twlv.report.text import clean, number, pad
from twlv.results import Result


def seeds_text(results: Sequence[Result]) -> str:
    """A line for each score: mean, standard deviation over the seeds (n - 1), least and largest.

    The spread is the luck of the seed alone (order, initial weights, few-shot draw); the interval of each
    result is the luck of its test videos. Raises ResultError if the results are not of one task, data set and
    backbone.
    """
    kinds = {(result.task.name, result.dataset.name, result.backbone.name) for result in results}
    if len(kinds) != 1:
        raise ResultError(f"seeds are compared within one measurement, got {len(kinds)} of them")
    names = [name for name in results[0].scores if all(name in result.scores for result in results)]
    asked = ", ".join(str(result.seeds.get("asked", "?")) for result in results)
    rows = [("score", "mean", "sd", "least", "largest"), *(_row(name, results) for name in names)]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [
        "  ".join([pad(row[0], widths[0]), *(pad(row[i], widths[i], right=True) for i in range(1, 5))])
        for row in rows
    ]
    title = f"{results[0].backbone.name}, {results[0].task.name} on {results[0].dataset.name}"
    return "\n".join([clean(f"{title}: {len(results)} seeds ({asked})"), *lines])


def _row(name: str, results: Sequence[Result]) -> tuple[str, str, str, str, str]:
    values = np.array([result.scores[name].value for result in results])
    unit = results[0].scores[name].unit
    deviation = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    shown = (float(values.mean()), deviation, float(values.min()), float(values.max()))
    return (clean(name), *(number(value, unit) for value in shown))  # type: ignore[return-value]
