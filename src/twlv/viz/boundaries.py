"""How well the borders of segments are met, by how far off they may be."""

from __future__ import annotations

from typing import Any

from twlv.errors import UsageError
from twlv.results import Result
from twlv.types import Json
from twlv.viz.kept import facts, titled
from twlv.viz.picture import Picture, document
from twlv.viz.style import COLOURS, bare, new_figure, text


def boundaries_picture(result: Result, *, title: str = "") -> Picture:
    """The curve ``details["boundary_f1"]``: F1 of borders, in %, over the tolerance in seconds.

    Raises:
        UsageError: the result holds none.
    """
    found: Any = result.details.get("boundary_f1")
    if not isinstance(found, dict):
        raise UsageError(
            f"this result of {result.task.name} on {result.dataset.name} holds no boundary F1; "
            "temporal-segmentation leaves some"
        )
    known = [
        (tolerance, value)
        for tolerance, value in zip(found["tolerances_seconds"], found["f1"], strict=True)
        if value is not None
    ]
    figure = new_figure(6.0, 4.0)
    figure.suptitle(text(title or titled(result, "borders met"), 80), x=0.01, ha="left", fontsize=12)
    axes = figure.subplots()
    axes.plot(*zip(*known, strict=True) if known else ([], []), "o-", color=COLOURS[0])
    axes.set_xscale("log")
    axes.set_xticks(found["tolerances_seconds"], [f"{value:g}" for value in found["tolerances_seconds"]])
    axes.set_xticks([], minor=True)
    axes.set_ylim(0, 102)
    axes.set_xlabel("a border may be so many seconds off")
    axes.set_ylabel("F1 of borders, %")
    bare(axes)
    parts: dict[str, Json] = {"result": facts(result), "boundary_f1": found}
    return Picture(figure=figure, document=document("boundaries", parts))
