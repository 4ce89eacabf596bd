"""Timelines of localized videos: what is annotated, and below it what was detected, surer ones darker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twlv.results import Result
from twlv.types import Json
from twlv.viz.kept import colour_legend, facts, kept, label_panel, stacked, titled
from twlv.viz.picture import Picture, document
from twlv.viz.strips import class_colours
from twlv.viz.style import caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 25
"""Detections of a video that are drawn, the surest."""


def timelines_picture(result: Result, *, title: str = "") -> Picture:
    """The example videos that a result keeps (``details["timelines"]``), one panel each.

    Raises:
        UsageError: the result holds none.
    """
    found = kept(result, "timelines", task="temporal-localization")
    parts: dict[str, Json] = {"result": facts(result), "timelines": found}
    figure = draw_timelines(found, title=title or titled(result, "annotated above, detected below"))
    return Picture(figure=figure, document=document("timelines", parts))


def draw_timelines(timelines: Sequence[Mapping[str, Any]], *, title: str) -> Figure:
    """One panel for each video; time in seconds runs to the right, each panel has its own scale.

    The legend has the annotated labels: detections of others are many and pale.
    """
    labels = sorted({bar["label"] for one in timelines for key in ("truth", "predictions") for bar in one[key]})
    colours = class_colours(labels)
    figure, panels = stacked(len(timelines), title=title, panel_inches=1.1)
    for axes, one in zip(panels, timelines, strict=True):
        _panel(axes, one, colours)
    colour_legend(figure, colours, (bar["label"] for one in timelines for bar in one["truth"]))
    caption(figure, [f"The {SHOWN} surest detections of a video; the surest are the darkest."])
    return figure


def _panel(axes: Axes, one: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    best = sorted(one["predictions"], key=lambda bar: -bar["score"])[:SHOWN]
    top = best[0]["score"] if best else 1.0
    for bar in one["truth"]:
        _bar(axes, bar, 1.0, 1.0, colours)
    for bar in reversed(best):  # the surest on top
        _bar(axes, bar, 0.0, max(0.08, bar["score"] / top), colours)
    axes.set_ylim(0, 2)
    label_panel(axes, one, ("annotated", "detected"))


def _bar(axes: Axes, bar: Mapping[str, Any], bottom: float, alpha: float, colours: Mapping[str, str]) -> None:
    start, end = bar["segment"]
    axes.broken_barh(
        [(start, end - start)], (bottom, 0.9), facecolors=colours[bar["label"]], alpha=alpha, linewidth=0
    )
