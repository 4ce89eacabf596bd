"""Appearance against motion (the report's Figure 2), and the five differences of its abstract, as data."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.results import Abilities, Ability, Mean, Result, abilities, published_abilities
from twlv.results.published import headlines
from twlv.types import Json

HOW = (
    "A point is a backbone: its mean score over the appearance sets to the right, over the motion sets "
    "upwards. Bars are 95 % intervals over test videos. Dotted lines are the level of chance, where known."
)


def ability_figures(results: Sequence[Result], *, paper: bool, mix: bool) -> list[Json]:
    """A figure for each score and setting in which some backbone has both kinds; the report's own with it."""
    made = [picture for picture in abilities(results, mix=mix) if picture.points] if results else []
    drawn: list[Json] = [
        _figure(picture, f"ability-{number}", published=False) for number, picture in enumerate(made)
    ]
    if paper:
        drawn.append(_figure(published_abilities(), "ability-published", published=True))
    return drawn


def _figure(picture: Abilities, name: str, *, published: bool) -> dict[str, Json]:
    sets = {"appearance": picture.appearance_sets, "motion": picture.motion_sets}
    source = " (the report's Figure 2, as published)" if published else f", {picture.score}"
    named = {kind: f"{kind}: mean of {', '.join(names)}" for kind, names in sets.items() if names}
    return {
        "id": name,
        "kind": "scatter",
        "title": f"Appearance against motion{source}",
        "how": HOW + _more(picture, published=published),
        "settings": "" if published else picture.settings,
        "x": {"name": named.get("appearance", "appearance"), "unit": picture.unit},
        "y": {"name": named.get("motion", "motion"), "unit": picture.unit},
        "points": [_point(ability, published=published) for ability in picture.points],
    }


def _more(picture: Abilities, *, published: bool) -> str:
    said = ""
    if published:
        said = " Linear probing, Table 3 (which table the figure is drawn from is inferred). † as printed."
    lacking = [f"{one.backbone} lacks {', '.join(one.lacks)}" for one in picture.backbones if not one.has_point]
    return said + (f" Not shown: {'; '.join(lacking)}." if lacking else "")


def _point(ability: Ability, *, published: bool) -> dict[str, Json]:
    x, y = ability.appearance, ability.motion
    daggers = any(mean is not None and mean.contaminated for mean in (x, y))
    return {
        "name": ability.backbone,
        "x": _mean(x),
        "y": _mean(y),
        "marks": " ".join(["†"] * daggers + ["(untrained)"] * ability.untrained),
        "published": published,
    }


def _mean(mean: Mean | None) -> Json:
    if mean is None:
        return None
    return {
        "value": mean.value,
        "ci95": None if mean.ci95 is None else list(mean.ci95),
        "chance": mean.chance,
        "parts": [[part.dataset, part.score.value] for part in mean.parts],
    }


def headline_figure() -> dict[str, Json]:
    """The five differences of the abstract, from the averages printed in Table 3."""
    bars: list[Json] = [
        {
            "name": " ".join(part for part in (one.method, one.stage, one.arch) if part),
            "value": one.difference,
            "text": f"{one.difference:+.1f}",
            "detail": f"{one.ours:.2f} - {one.theirs:.2f}",
        }
        for one in headlines()
    ]
    return {
        "id": "headlines",
        "kind": "bars",
        "title": "The abstract's five differences, as published",
        "how": "Average top-1 of linear probing over five video sets (Table 3): TWLV-I (ViT-L) less each "
        "model, in points, rounded half up to one decimal as printed.",
        "columns": ["against", "difference", "averages"],
        "unit": "points",
        "bars": bars,
    }
