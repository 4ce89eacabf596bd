"""Coloured strips of segmented videos: the true labels above the predicted ones (the report's Figure 5).

A class has one colour in all strips of a picture, whichever classes a strip shows.
"""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twlv.results import Result
from twlv.types import Json
from twlv.viz.kept import colour_legend, facts, kept, label_panel, stacked, titled
from twlv.viz.picture import Picture, document
from twlv.viz.style import GREY, caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = ("truth", "predicted")
_TURN = 0.381966  # of the colour circle from one class to the next: neighbours lie far apart


def strips_picture(result: Result, *, title: str = "") -> Picture:
    """The example videos that a result keeps (``details["strips"]``), one pair of strips each.

    Raises:
        UsageError: the result holds none.
    """
    found = kept(result, "strips", task="temporal-segmentation")
    background: Any = result.details.get("background", [])
    parts: dict[str, Json] = {
        "result": facts(result),
        "strips": found,
        "background": background,
        "notes": ["examples from the video with most frames wrong (top) to the best, evenly"],
    }
    name = title or titled(result, "true labels above, predicted below")
    figure = draw_strips(found, background=background, title=name)
    return Picture(figure=figure, document=document("strips", parts))


def draw_strips(strips: Sequence[Mapping[str, Any]], *, background: Sequence[str], title: str) -> Figure:
    """One panel for each video; time in seconds runs to the right, each panel has its own scale."""
    colours = class_colours(strips[0]["classes"], background)
    figure, panels = stacked(len(strips), title=title, panel_inches=0.8)
    for axes, strip in zip(panels, strips, strict=True):
        _panel(axes, strip, colours)
    shown = (strip["classes"][label] for strip in strips for key in ROWS for _, _, label in strip[key])
    colour_legend(figure, colours, shown)
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
    label_panel(axes, strip, ROWS)
