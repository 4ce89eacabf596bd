"""Drawing a map: coloured classes over grey ones, or the histograms of a map with one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from twlv.types import DoubleArray
from twlv.viz.choose import Colouring
from twlv.viz.points import NO_LABEL, Points
from twlv.viz.projection import Projection
from twlv.viz.style import COLOURS, GREY, RASTER, bare, caption, legend, look, new_figure, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_map(
    points: Points, projection: Projection, colouring: Colouring, *, title: str, lines: Sequence[str] = ()
) -> Figure:
    """The picture of a map, with a legend outside and ``lines`` below."""
    figure = new_figure(9.0, 6.2)
    axes = figure.add_subplot()
    axes.set_title(text(title, 90), loc="left", fontsize=12)
    if projection.coordinates.shape[1] == 1:
        named = [
            (f"{text(points.classes[label])} ({n})", projection.coordinates[points.labels == label, 0])
            for label in points.present
            if (n := int((points.labels == label).sum()))
        ]
        histograms(axes, named, axis=projection.axes[0])
        legend(figure, *axes.get_legend_handles_labels())
    else:
        _scatter(axes, points, projection, colouring)
        handles, labels = axes.get_legend_handles_labels()
        if handles:
            legend(figure, handles, labels)
    caption(figure, list(lines))
    return figure


def _scatter(axes: Any, points: Points, projection: Projection, colouring: Colouring) -> None:
    n, shown = len(points), projection.coordinates
    size = float(np.clip(16000 / n, 4, 42))
    common = {
        "linewidths": 0.4 if n < 1500 else 0,
        "edgecolors": "white",
        "rasterized": n >= RASTER,
    }
    rest = ~np.isin(points.labels, colouring.shown)
    if rest.any():
        name = _rest_name(points, colouring)
        axes.scatter(*shown[rest].T, s=0.7 * size, c=GREY, marker="o", label=f"{name} ({rest.sum()})", **common)
    for number, label in enumerate(colouring.shown):
        colour, marker = look(number)
        here = points.labels == label
        name = f"{text(points.classes[label])} ({here.sum()})"
        axes.scatter(*shown[here].T, s=size, c=colour, marker=marker, alpha=0.85, label=name, **common)
    axes.set_xlabel(projection.axes[0])
    axes.set_ylabel(projection.axes[1])
    if projection.kind in ("tsne", "umap"):  # units and angles mean nothing
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_aspect("equal", adjustable="datalim")
    bare(axes)


def _rest_name(points: Points, colouring: Colouring) -> str:
    others = [label for label in points.present if label not in colouring.shown]
    if not points.present:
        return "no labels"
    if not others:
        return "no label"
    plural = "class" if len(others) == 1 else "classes"
    unlabelled = " or none" if (points.labels == NO_LABEL).any() else ""
    return f"{len(others)} other {plural}{unlabelled}"


def histograms(axes: Any, named: Sequence[tuple[str, DoubleArray]], *, axis: str) -> None:
    """Densities over shared bins, and below them each single value as a line (a rug)."""
    values = np.concatenate([one for _, one in named])
    edges = shared_bins(values)
    top = 0.0
    for number, (name, one) in enumerate(named):
        colour, style = COLOURS[number % len(COLOURS)], ("-", "--")[number % 2]
        heights, _, _ = axes.hist(one, bins=edges, density=True, alpha=0.5, color=colour, label=name)
        axes.hist(one, bins=edges, density=True, histtype="step", color=colour, linestyle=style, linewidth=1.4)
        top = max(top, float(np.max(heights)))
    for number, (_, one) in enumerate(named):
        low = -0.05 * top * (number + 1)
        axes.vlines(one, low, low + 0.04 * top, color=COLOURS[number % len(COLOURS)], linewidth=0.6, alpha=0.7)
    axes.axhline(0, color="#404040", linewidth=0.8)
    axes.set_xlabel(axis)
    axes.set_ylabel("density")
    axes.set_ylim(-0.05 * top * (len(named) + 0.6), 1.08 * top)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1.08 * top])
    bare(axes)


def shared_bins(values: DoubleArray) -> DoubleArray:
    """Edges of up to 60 bins over all values (Freedman and Diaconis, 1981); one value lies amid 13."""
    low, high = float(values.min()), float(values.max())
    if not high - low > 1e-9 * max(abs(low), abs(high), 1e-300):
        return np.linspace(low - 0.5, high + 0.5, 14)
    quarter = float(np.subtract(*np.percentile(values, [75, 25])))
    wanted = (high - low) / (2 * quarter / len(values) ** (1 / 3)) if quarter > 0 else 30
    return np.linspace(low, high, int(np.clip(wanted, 24 if len(values) >= 60 else 12, 60)) + 1)
