"""AP of each class against how often it occurs in training, and AP by the size of the people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twlv.errors import UsageError
from twlv.results import Result
from twlv.types import Json
from twlv.viz.kept import facts, titled
from twlv.viz.picture import Picture, document
from twlv.viz.style import COLOURS, bare, caption, new_figure, text

_NAMED = 40


def class_frequency_picture(result: Result, *, title: str = "") -> Picture:
    """Two panels of a result of spatio-temporal localization.

    Raises:
        UsageError: the result does not say how often its classes occur.
    """
    details = result.details
    ap, often, sizes = (details.get(name) for name in ("per_class", "class_frequency", "by_size"))
    if not (isinstance(ap, dict) and isinstance(often, dict) and isinstance(sizes, dict)):
        raise UsageError(
            f"this result of {result.task.name} on {result.dataset.name} does not say how often its classes "
            "occur; spatiotemporal-localization does"
        )
    counts: Any = often
    points: dict[str, Json] = {
        name: {"ap": value, "train": counts[name]["train"], "test": counts[name]["test"]}
        for name, value in ap.items()
    }
    figure = _draw(points, sizes, title or titled(result, "AP by class and by size"))
    parts: dict[str, Json] = {
        "result": facts(result),
        "classes": points,
        "by_size": sizes,
    }
    return Picture(figure=figure, document=document("class-frequency", parts))


def _draw(points: Mapping[str, Any], sizes: Mapping[str, Any], title: str) -> Any:
    figure = new_figure(10.0, 4.6)
    figure.suptitle(text(title, 110), x=0.01, ha="left", fontsize=12)
    left, right = figure.subplots(1, 2, width_ratios=(3, 1))
    for name, point in points.items():
        left.plot(max(point["train"], 0.5), point["ap"], "o", color=COLOURS[0], markersize=5, alpha=0.8)
        if len(points) <= _NAMED:
            place = (max(point["train"], 0.5), point["ap"])
            left.annotate(text(name), place, xytext=(4, 3), textcoords="offset points", fontsize=7)
    left.set_xscale("log")
    left.set_xlabel("people of the class in training")
    left.set_ylabel("AP at an overlap of 0.5, %")
    left.set_ylim(bottom=0)
    shown = {name: size for name, size in sizes.items() if size["fap_50"] is not None}
    right.bar(range(len(shown)), [size["fap_50"] for size in shown.values()], color=COLOURS[4])
    names = [f"{name}\nn = {size['boxes']:,}" for name, size in shown.items()]
    right.set_xticks(range(len(shown)), names, fontsize=8)
    right.set_ylabel("mean AP, %")
    right.set_xlabel("share of the picture")
    for axes in (left, right):
        bare(axes)
    edges = ", ".join(f"{name} from {100 * size['least_share']:g} %" for name, size in sizes.items())
    caption(figure, [f"Sizes: {edges}. n counts annotated rows, one for each person and class."])
    return figure
