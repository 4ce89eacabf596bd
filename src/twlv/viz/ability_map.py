"""The report's Figure 2: each backbone by its appearance and its motion score, with intervals and chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twlv.errors import ResultError
from twlv.results import Abilities, Ability, Mean
from twlv.types import Json
from twlv.viz.picture import Picture, document
from twlv.viz.style import bare, caption, legend, look, new_figure, text

FAR = 45
"""Longest name in the legend."""


def ability_picture(
    made: Sequence[Abilities], *, title: str = "", extra: Mapping[str, Json] | None = None
) -> Picture:
    """A panel for each score; measured backbones filled, those that the report printed hollow.

    Raises:
        ResultError: no backbone has both an appearance and a motion score over common sets.
    """
    drawn = [picture for picture in made if picture.points]
    if not drawn:
        lacking = [f"{a.backbone} lacks {', '.join(a.lacks)}" for p in made for a in p.backbones if a.lacks]
        raise ResultError(
            "no backbone has a top-1 score on both a data set of kind appearance and one of kind motion"
            + (f": {'; '.join(lacking[:5])}" if lacking else "")
            + "; the kind is a column of the manifest, see docs/guides/own_videos.md"
        )
    figure = new_figure(4.6 * len(drawn) + 3.4, 5.4)
    panels = figure.subplots(1, len(drawn), squeeze=False)[0]
    figure.suptitle(text(title or "Appearance against motion", 110), x=0.01, ha="left", fontsize=12)
    names = list(dict.fromkeys(point.backbone for picture in drawn for point in picture.points))
    handles: dict[str, Any] = {}
    for axes, picture in zip(panels, drawn, strict=True):
        _panel(axes, picture, names, handles)
    legend(figure, list(handles.values()), [text(name, FAR) for name in handles])
    caption(figure, [line for picture in drawn for line in _lines(picture)])
    parts: dict[str, Json] = {**(extra or {}), "pictures": [_json(picture) for picture in made]}
    return Picture(figure=figure, document=document("abilities", parts))


def _panel(axes: Any, picture: Abilities, names: list[str], handles: dict[str, Any]) -> None:
    for point in picture.points:
        number = names.index(point.backbone)
        colour, marker = look(number)
        across, up = point.appearance, point.motion
        if across is None or up is None:
            continue
        handles[_name(point)] = axes.errorbar(
            across.value,
            up.value,
            xerr=_error(across),
            yerr=_error(up),
            fmt=marker,
            color=colour,
            markersize=8,
            markerfacecolor="white" if number >= 7 else colour,
            elinewidth=1,
            capsize=2,
        )
    first = picture.points[0]
    for mean, line in ((first.appearance, axes.axvline), (first.motion, axes.axhline)):
        if mean is not None and mean.chance is not None:
            line(mean.chance, color="#808080", linewidth=0.9, linestyle=":")
    axes.set_title(picture.score, loc="left", fontsize=10)
    axes.set_xlabel(f"appearance: {_sets(picture.appearance_sets)} ({picture.unit})")
    axes.set_ylabel(f"motion: {_sets(picture.motion_sets)} ({picture.unit})")
    axes.margins(0.12)
    axes.grid(color="#ECECEC", linewidth=0.8)
    axes.set_axisbelow(True)
    bare(axes)


def _name(point: Ability) -> str:
    """With the dagger of either kind, and a word on random weights."""
    dagger = " †" if any(mean and mean.contaminated for mean in (point.appearance, point.motion)) else ""
    return point.backbone + dagger + (" (untrained)" if point.untrained else "")


def _error(mean: Mean) -> list[list[float]] | None:
    if mean.ci95 is None:
        return None
    return [[mean.value - mean.ci95[0]], [mean.ci95[1] - mean.value]]


def _sets(names: Sequence[str]) -> str:
    shown = ", ".join(text(name, 24) for name in names)
    return shown if len(names) == 1 else f"mean of {shown}"


def _lines(picture: Abilities) -> list[str]:
    points = picture.points
    means = [mean for point in points for mean in (point.appearance, point.motion) if mean]
    lines = []
    if any(mean.ci95 for mean in means):
        lines.append("Bars: 95 % intervals over test videos; errors of different sets taken as independent.")
    if any(mean.chance is not None for mean in means):
        lines.append("Dotted: guessing.")
    if any(mean.contaminated for mean in means):
        lines.append("†: pretrained on one of these sets.")
    absent = [text(a.backbone) for a in picture.backbones if not a.has_point]
    if absent:
        lines.append(f"Not compared, for want of a set: {', '.join(absent)}.")
    return [" ".join(lines)]


def _json(picture: Abilities) -> dict[str, Json]:
    return {
        "score": picture.score,
        "unit": picture.unit,
        "settings": picture.settings,
        "appearance_sets": list(picture.appearance_sets),
        "motion_sets": list(picture.motion_sets),
        "left_out": list(picture.left_out),
        "backbones": [_ability_json(ability) for ability in picture.backbones],
    }


def _ability_json(ability: Ability) -> dict[str, Json]:
    direction: list[Json] = [
        {"dataset": part.dataset, "auc": part.score.value, "n": part.score.n, "source": part.source}
        for part in ability.direction
    ]
    return {
        "backbone": ability.backbone,
        "appearance": _mean_json(ability.appearance),
        "motion": _mean_json(ability.motion),
        "lacks": list(ability.lacks),
        "motion_direction": direction,
        "untrained": ability.untrained,
    }


def _mean_json(mean: Mean | None) -> Json:
    if mean is None:
        return None
    parts: list[Json] = [
        {
            "dataset": part.dataset,
            "value": part.score.value,
            "ci95": None if part.score.ci95 is None else list(part.score.ci95),
            "n": part.score.n,
            "coverage": part.coverage,
            "contaminated": part.contaminated,
            "source": part.source,
        }
        for part in mean.parts
    ]
    return {"value": mean.value, "ci95": None if mean.ci95 is None else list(mean.ci95), "parts": parts}
