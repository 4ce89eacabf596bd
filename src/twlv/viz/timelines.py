"""Timelines of localized videos: what is annotated, and below it what was detected, surer ones darker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twlv.errors import UsageError
from twlv.results import Result
from twlv.types import Json
from twlv.viz.picture import Picture, document
from twlv.viz.strips import class_colours
from twlv.viz.style import bare, caption, new_figure, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 25
"""Detections of a video that are drawn, the surest."""
_MOST_NAMES = 24


def timelines_picture(result: Result, *, title: str = "") -> Picture:
    """The example videos that a result keeps (``details["timelines"]``), one panel each.

    Raises:
        UsageError: the result holds none.
    """
    found: Any = result.details.get("timelines")
    if not isinstance(found, list) or not found:
        raise UsageError(
            f"this result of {result.task.name} on {result.dataset.name} holds no timelines; "
            "temporal-localization leaves some"
        )
    name = f"{result.backbone.name} on {result.dataset.name}: annotated above, detected below"
    parts: dict[str, Json] = {
        "result": {"task": result.task.name, "dataset": result.dataset.name, "backbone": result.backbone.name},
        "timelines": found,
    }
    return Picture(figure=draw_timelines(found, title=title or name), document=document("timelines", parts))


def draw_timelines(timelines: Sequence[Mapping[str, Any]], *, title: str) -> Figure:
    """One panel for each video; time in seconds runs to the right, each panel has its own scale."""
    labels = sorted({bar["label"] for one in timelines for key in ("truth", "predictions") for bar in one[key]})
    colours = class_colours(labels)
    figure = new_figure(10.0, 0.9 + 1.1 * len(timelines))
    panels = figure.subplots(len(timelines), 1, squeeze=False)[:, 0]
    figure.suptitle(text(title, 110), x=0.01, ha="left", fontsize=12)
    for axes, one in zip(panels, timelines, strict=True):
        _panel(axes, one, colours)
    panels[-1].set_xlabel("seconds")
    _legend(figure, timelines, colours)
    caption(figure, [f"The {SHOWN} surest detections of a video; the surest are the darkest."])
    return figure


def _panel(axes: Axes, one: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    best = sorted(one["predictions"], key=lambda bar: -bar["score"])[:SHOWN]
    top = best[0]["score"] if best else 1.0
    for bar in one["truth"]:
        _bar(axes, bar, 1.0, 1.0, colours)
    for bar in reversed(best):  # the surest on top
        _bar(axes, bar, 0.0, max(0.08, bar["score"] / top), colours)
    axes.set_xlim(0, one["duration_seconds"])
    axes.set_ylim(0, 2)
    axes.set_yticks([1.45, 0.45], ("annotated", "detected"), fontsize=8)
    axes.set_title(text(one["video_id"], 60), loc="left", fontsize=8, pad=2)
    axes.tick_params(axis="x", labelsize=8)
    bare(axes)


def _bar(axes: Axes, bar: Mapping[str, Any], bottom: float, alpha: float, colours: Mapping[str, str]) -> None:
    start, end = bar["segment"]
    axes.broken_barh(
        [(start, end - start)], (bottom, 0.9), facecolors=colours[bar["label"]], alpha=alpha, linewidth=0
    )


def _legend(figure: Figure, timelines: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    """Annotated labels first: detections of others are many and pale."""
    from matplotlib.patches import Patch

    annotated = {bar["label"] for one in timelines for bar in one["truth"]}
    names = [name for name in colours if name in annotated][:_MOST_NAMES]
    handles = [Patch(color=colours[name], label=text(name)) for name in names]
    figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=8)
