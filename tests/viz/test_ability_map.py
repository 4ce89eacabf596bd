"""The picture of appearance against motion: the points, their intervals, chance, and who is absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twlv.errors import ResultError
from twlv.results import Abilities, Ability, Part, published_abilities
from twlv.results.ability import mean_of
from twlv.types import Score
from twlv.viz import ability_picture


def part(value: float, chance: float | None = 25.0, **changes: Any) -> Part:
    score = Score(value=value, unit="%", n=100, ci95=(value - 4, value + 6))
    return Part(dataset="set", score=score, chance=chance, **changes)


def picture(*backbones: Ability) -> Abilities:
    return Abilities(
        score="knn/top1",
        unit="%",
        settings="k=20",
        appearance_sets=("looks",),
        motion_sets=("moves", "turns"),
        backbones=backbones,
    )


IMAGE = Ability(backbone="image", appearance=mean_of([part(80)]), motion=mean_of([part(20), part(30)]))
DAGGER = Ability(
    backbone="video",
    appearance=mean_of([part(60, contaminated=True)]),
    motion=mean_of([part(70), part(50)]),
    untrained=True,
)
LACKING = Ability(backbone="half", appearance=mean_of([part(50)]), motion=None, lacks=("moves",))


def test_points_lie_at_their_means_with_intervals_and_chance() -> None:
    made = ability_picture([picture(IMAGE, DAGGER, LACKING)])
    (axes,) = made.figure.axes
    places = [tuple(float(v[0]) for v in c.lines[0].get_data()) for c in axes.containers]
    assert places == [(80.0, 25.0), (60.0, 60.0)]
    across = axes.containers[0].lines[2][0].get_segments()[0]
    assert [x for x, _ in across] == pytest.approx([76, 86])
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert [float(line.get_xdata()[0]) for line in dotted[:1]] == [25.0]
    assert len(dotted) == 2
    names = [entry.get_text() for entry in made.figure.legends[0].texts]
    assert names == ["image", "video † (untrained)"]
    below = made.figure._supxlabel.get_text()
    assert "Not compared, for want of a set: half." in below
    assert "Dotted: guessing" in below
    assert axes.get_ylabel() == "motion: mean of moves, turns (%)"


def test_the_side_file_names_every_part(tmp_path: Path) -> None:
    contents: Any = ability_picture([picture(IMAGE, LACKING)]).document["pictures"]
    image, half = contents[0]["backbones"]
    assert image["motion"]["value"] == 25
    assert [p["n"] for p in image["motion"]["parts"]] == [100, 100]
    assert (half["motion"], half["lacks"]) == (None, ["moves"])


def test_several_scores_have_a_panel_each_and_one_legend() -> None:
    made = ability_picture([picture(IMAGE), published_abilities(3)])
    assert [axes.get_title(loc="left") for axes in made.figure.axes] == ["knn/top1", "linear_probe/top1"]
    assert len(made.figure.legends[0].texts) == 13


def test_without_a_point_it_says_what_is_lacking() -> None:
    with pytest.raises(ResultError, match="half lacks moves"):
        ability_picture([picture(LACKING)])
    with pytest.raises(ResultError, match="the kind is a column of the manifest"):
        ability_picture([])
