"""The report's rows beside ours, only where they match. Values typed from the report's tables."""

from __future__ import annotations

from twlv.report import table
from twlv.types import Score


def _rows(made):
    return {row.name: row for row in made.grids[0].rows}


def test_published_rows_stand_in_the_columns_that_match(make):
    made = table(
        [
            make("a", "kinetics-400", 40.0, classes=400),
            make("a", "ucf101", 70.0, classes=101),
            make("a", "ssv2", 9.0, classes=174),
        ],
        paper=True,
    )
    columns = [column.dataset for column in made.grids[0].columns]
    rows = _rows(made)
    ours, theirs = rows["a"], rows["V-JEPA ViT-L (published)"]
    assert not ours.published
    assert theirs.published
    cells = dict(zip(columns, theirs.cells, strict=True))
    assert cells["kinetics-400"].score.value == 39.95
    assert cells["kinetics-400"].marks == ()
    assert cells["ssv2"].score.value == 25.82
    assert cells["ssv2"].marks == ("†",)
    assert cells["ucf101"] is None
    assert cells["average"] is None
    assert len(rows) == 1 + 9
    notes = [text for mark, text in made.footnotes if mark == "published"]
    assert notes[0] == (
        "as printed in arXiv:2408.11318, table 6, not measured here: top1/uniform on K400, top1/uniform on SSv2"
    )
    assert "prints no k" in notes[1]


def test_quoted_values_are_marked(make):
    scores = {"attentive_probe/top1": Score(value=80.0, unit="%", n=9)}
    made = table([make("a", "k400", classes=400, task="attentive_probe", scores=scores)], paper=True)
    rows = _rows(made)
    assert rows["VideoPrism ViT-g (published)"].cells[0].marks == ("°",)
    assert rows["VideoPrism ViT-g (published)"].cells[0].score.value == 87.2
    assert rows["TWLV-I ViT-L (published)"].cells[0].marks == ()
    assert ("°", "the report quotes this value from another paper") in made.footnotes


def test_published_rows_are_never_best_and_do_not_change_ours(make):
    results = [make("a", "k400", 1.0, classes=400), make("b", "k400", 2.0, classes=400)]
    made = table(results, paper=True)
    assert made.grids[0].rows[:2] == table(results).grids[0].rows
    assert not any(cell.best for row in made.grids[0].rows[2:] for cell in row.cells if cell)


def test_nothing_published_is_said(make):
    made = table([make("a", "mine")], paper=True)
    assert len(made.grids[0].rows) == 1
    assert ("published", "arXiv:2408.11318 prints no number for these columns") in made.footnotes
