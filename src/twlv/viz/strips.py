"""Coloured strips of segmented videos: the true labels above the predicted ones (the report's Figure 5).

A class has one colour in all strips of a picture, whichever classes a strip shows.
"""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twlv.errors import UsageError
from twlv.results import Result
from twlv.types import Json
from twlv.viz.picture import Picture, document
from twlv.viz.style import GREY, bare, caption, new_figure, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = ("truth", "predicted")
_MOST_NAMES = 24  # in the legend
_TURN = 0.381966  # of the colour circle from one class to the next: neighbours lie far apart


def strips_picture(result: Result, *, title: str = "") -> Picture:
    """The example videos that a result keeps (``details["strips"]``), one pair of strips each.

    Raises:
        UsageError: the result holds none.
    """
    found: Any = result.details.get("strips")
    if not isinstance(found, list) or not found:
        raise UsageError(
            f"this result of {result.task.name} on {result.dataset.name} holds no strips; "
            "temporal-segmentation leaves some"
        )
    background: Any = result.details.get("background", [])
    name = f"{result.backbone.name} on {result.dataset.name}: true labels above, predicted below"
    parts: dict[str, Json] = {
        "result": {"task": result.task.name, "dataset": result.dataset.name, "backbone": result.backbone.name},
        "strips": found,
        "background": background,
        "notes": ["examples from the video with most frames wrong (top) to the best, evenly"],
    }
    figure = draw_strips(found, background=background, title=title or name)
    return Picture(figure=figure, document=document("strips", parts))


def draw_strips(strips: Sequence[Mapping[str, Any]], *, background: Sequence[str], title: str) -> Figure:
    """One panel for each video; time in seconds runs to the right, each panel has its own scale."""
    colours = class_colours(strips[0]["classes"], background)
    figure = new_figure(10.0, 0.9 + 0.8 * len(strips))
    panels = figure.subplots(len(strips), 1, squeeze=False)[:, 0]
    figure.suptitle(text(title, 110), x=0.01, ha="left", fontsize=12)
    for axes, strip in zip(panels, strips, strict=True):
        _panel(axes, strip, colours)
    panels[-1].set_xlabel("seconds")
    _legend(figure, strips, colours)
    caption(figure, ["Grey is background." if background else ""])
    return figure


def class_colours(classes: Sequence[str], background: Sequence[str] = ()) -> dict[str, str]:
    """The colour of every class, by its place in the whole list; background is grey."""
    found = {}
    for index, name in enumerate(classes):
        level = (0.78, 0.58, 0.92)[index // 16 % 3]
        red, green, blue = colorsys.hsv_to_rgb(index * _TURN % 1.0, 0.72, level)
        rgb = "".join(f"{round(255 * part):02X}" for part in (red, green, blue))
        found[name] = GREY if name in background else f"#{rgb}"
    return found


def _panel(axes: Axes, strip: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    names = strip["classes"]
    for row, key in enumerate(ROWS):
        runs = strip[key]
        axes.broken_barh(
            [(start, end - start) for start, end, _ in runs],
            (1 - row, 0.9),
            facecolors=[colours[names[label]] for _, _, label in runs],
            linewidth=0,
        )
    axes.set_xlim(0, strip["duration_seconds"])
    axes.set_yticks([1.45, 0.45], ROWS, fontsize=8)
    axes.set_title(text(strip["video_id"], 60), loc="left", fontsize=8, pad=2)
    axes.tick_params(axis="x", labelsize=8)
    bare(axes)


def _legend(figure: Figure, strips: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    shown = {strip["classes"][label] for strip in strips for key in ROWS for _, _, label in strip[key]}
    names = [name for name in colours if name in shown][:_MOST_NAMES]
    handles = [Patch(color=colours[name], label=text(name)) for name in names]
    figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=8)
