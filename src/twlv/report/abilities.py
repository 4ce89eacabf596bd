"""Appearance against motion as one more table: a mean over the common sets of either kind for each backbone."""

from __future__ import annotations

from collections.abc import Sequence

from twlv.report.columns import Column
from twlv.report.model import DAGGER, Cell, Footnotes, Grid, Row
from twlv.report.text import clean
from twlv.results import Abilities, Ability, Mean, Result, abilities
from twlv.results.ability import KINDS
from twlv.types import Score

TITLE = "appearance against motion"


def ability_grid(results: Sequence[Result], notes: Footnotes, *, mix: bool = False) -> Grid | None:
    """A row for each backbone with both kinds, two columns for each score; None if no backbone has both."""
    made = [picture for picture in abilities(results, mix=mix) if picture.points]
    if not made:
        return None
    several = len({picture.score for picture in made}) < len(made)
    columns, cells = [], []
    for picture in made:
        columns += [_column(picture, kind, several) for kind in KINDS]
        cells.append({point.backbone: _cells(point, picture) for point in picture.points})
        _explain(picture, notes)
    names = dict.fromkeys(name for known in cells for name in known)
    rows = tuple(
        Row(name=clean(name), cells=tuple(cell for known in cells for cell in known.get(name, (None, None))))
        for name in names
    )
    return Grid(title=TITLE, columns=tuple(columns), rows=rows)


def _column(picture: Abilities, kind: str, several: bool) -> Column:
    sets = picture.appearance_sets if kind == "appearance" else picture.motion_sets
    return Column(
        score=picture.score,
        dataset=kind,
        settings=picture.settings if several else "",
        unit=picture.unit,
        average_of=len(sets),
    )


def _cells(point: Ability, picture: Abilities) -> tuple[Cell | None, Cell | None]:
    return _cell(point.appearance, picture), _cell(point.motion, picture)


def _cell(mean: Mean | None, picture: Abilities) -> Cell | None:
    if mean is None:
        return None
    count = sum(part.score.n for part in mean.parts)
    score = Score(value=mean.value, unit=picture.unit, n=count, ci95=mean.ci95)
    return Cell(score=score, coverage=mean.coverage, marks=(DAGGER,) * mean.contaminated)


def _explain(picture: Abilities, notes: Footnotes) -> None:
    """Which sets, who is not compared, and how the interval came about."""
    sets = (
        f"{kind} is {'' if len(names) == 1 else 'the mean of '}{', '.join(map(clean, names))}"
        for kind, names in zip(KINDS, (picture.appearance_sets, picture.motion_sets), strict=True)
    )
    text = f"{picture.score}: {'; '.join(sets)}"
    if picture.left_out:
        text += f"; not every backbone has {', '.join(map(clean, picture.left_out))}"
    notes.fixed(TITLE, text)
    for ability in picture.backbones:
        if not ability.has_point:
            lacks = ", ".join(map(clean, ability.lacks))
            notes.fixed(TITLE, f"{picture.score}: {clean(ability.backbone)} is not compared, it lacks {lacks}")
    if max(len(picture.appearance_sets), len(picture.motion_sets)) > 1:
        notes.fixed(TITLE, "intervals of means take the errors of different sets as independent")
