"""Rows, columns, what may share one, and what is marked."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from twlv.backbones import names
from twlv.backbones.table import entry_of
from twlv.errors import ResultError
from twlv.report import table
from twlv.types import Score


def _cells(grid):
    return {row.name: [cell.score.value if cell else None for cell in row.cells] for row in grid.rows}


def _notes(made, mark):
    return [text for found, text in made.footnotes if found == mark]


def test_backbones_by_data_sets(make):
    (grid,) = table([make("a", "x", 1.0), make("b", "x", 2.0), make("a", "y", 3.0)]).grids
    assert [column.dataset for column in grid.columns if not column.average_of] == ["x", "y"]
    assert _cells(grid) == {"a": [1.0, 3.0], "b": [2.0, None]}


@pytest.mark.parametrize("name", [name for name in names() if name.endswith(".random")])
def test_random_weights_are_said(make, name: str):
    trained, untrained = make("a", "x", 1.0), make("b", "x", 2.0)
    untrained = replace(untrained, backbone=entry_of(name).card)
    said = [f"{name} has random weights, untrained: its numbers are no result"]
    assert _notes(table([trained, untrained]), "mind") == said
    assert _notes(table([trained]), "mind") == []


def test_no_results_and_no_scores(make):
    with pytest.raises(ResultError, match="no scores to show"):
        table([])
    with pytest.raises(ResultError, match="no scores to show"):
        table([make(scores={})])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": "2"}, "task version: 2 against 1"),
        ({"videos": (98, 100)}, "98 of 100 embedded"),
        ({"classes": 11}, "number of classes: 11 against 10"),
    ],
)
def test_what_is_not_comparable_is_refused_or_marked(make, changes, told):
    results = [make("a"), make("b"), make("odd", file="runs/odd.json", **changes)]
    with pytest.raises(ResultError) as raised:
        table(results)
    message = str(raised.value)
    assert told in message
    assert "runs/odd.json" in message
    assert "--mix" in message
    made = table(results, mix=True)
    marks = {row.name: row.cells[0].marks for row in made.grids[0].rows}
    assert marks == {"a": (), "b": (), "odd": ("‡",)}
    (note,) = _notes(made, "‡")
    assert told in note


def test_the_largest_comparable_group_rules_a_mixed_column(make):
    made = table([make("old"), make("a", version="2"), make("b", version="2")], mix=True)
    assert [row.cells[0].marks for row in made.grids[0].rows] == [("‡",), (), ()]


def test_other_settings_have_a_column_of_their_own(make):
    one = make("a", value=1.0)
    clips = {"sampling": {"kind": "MultiClip", "clip_seconds": 2.0}}
    made = table(
        [one, make("a", value=2.0, config={"k": 20, "temperature": 0.1}), make("a", value=3.0, embedding=clips)]
    )
    headings = {
        column.settings: value
        for column, value in zip(made.grids[0].columns, _cells(made.grids[0])["a"], strict=True)
    }
    assert headings == {"k=200, uniform": 1.0, "k=20, uniform": 2.0, "k=200, multiclip, clip_seconds=2.0": 3.0}
    assert _notes(made, "settings") == ["knn/top1: temperature=0.1"]


def test_one_run_over_several_k_shares_columns_with_runs_over_one(make):
    scores = {
        "knn/top1": Score(value=1.0, unit="%", n=9),
        "knn/top1_k20": Score(value=1.0, unit="%", n=9),
        "knn/top1_k200": Score(value=2.0, unit="%", n=9),
    }
    several = make("a", config={"k": [20, 200], "temperature": 0.1}, scores=scores)
    made = table([several, make("b", value=3.0)])
    (grid,) = made.grids
    assert [column.settings for column in grid.columns] == ["k=20", "k=200"]
    assert _cells(grid) == {"a": [1.0, 2.0], "b": [None, 3.0]}
    assert not _notes(made, "[1]")


def test_the_best_has_neither_dagger_nor_mixed_mark(make):
    results = [
        make("leaked", "kinetics400", 90.0, pretrained_on=("K710",)),
        make("odd", "kinetics400", 80.0, version="2"),
        make("best", "kinetics400", 70.0),
        make("last", "kinetics400", 60.0),
    ]
    made = table(results, mix=True)
    assert {row.name: row.cells[0].best for row in made.grids[0].rows} == {
        "leaked": False,
        "odd": False,
        "best": True,
        "last": False,
    }
    assert _notes(made, "†") == ["leaked was pretrained on K710, which overlaps with kinetics400"]


def test_lower_can_be_better_and_one_alone_is_not_best(make):
    def error(name, value):
        return make(name, scores={"t/error": Score(value=value, unit="s", n=1, higher_is_better=False)})

    made = table([error("a", 2.0), error("b", 1.0)])
    assert [row.cells[0].best for row in made.grids[0].rows] == [False, True]
    assert [row.cells[0].best for row in table([error("a", 2.0)]).grids[0].rows] == [False]


def test_duplicates_do_not_depend_on_the_order_of_files(make):
    results = [make("a", value=float(seed), seeds={"probe": seed}) for seed in (3, 1, 2)]
    shown, notes = set(), set()
    for order in range(6):
        shuffled = random.Random(order).sample(results, 3)
        made = table(shuffled)
        (cell,) = made.grids[0].rows[0].cells
        assert cell.marks == ("[1]",)
        shown.add(cell.score.value)
        notes.update(_notes(made, "[1]"))
    assert shown == {1.0}
    assert all("3 results for knn/top1 of a on data" in note and "smallest seeds" in note for note in notes)
    assert all("2.00 (seeds: {'probe': 2} against {'probe': 1})" in note for note in notes)


def test_scores_that_mean_the_same_are_explained_once(make):
    made = table([make("a"), make("a", task="linear_probe")])
    assert [names for names, _ in made.meanings] == ["knn/top1, linear_probe/top1"]


def test_the_same_number_twice_is_no_duplicate(make):
    made = table([make("a"), make("a", file="copy.json", seeds={"probe": 1})])
    assert made.grids[0].rows[0].cells[0].marks == ()


def test_cards_of_one_name_are_told_apart(make):
    made = table([make("a", value=1.0), make("a", value=2.0, weights_sha256="cd" * 32)])
    assert set(_cells(made.grids[0])) == {"a (abababab)", "a (cdcdcdcd)"}


def test_other_scores_have_a_table_of_their_own(make):
    scores = {"knn/top1": Score(value=1.0, unit="%", n=9), "knn/top5": Score(value=2.0, unit="%", n=9)}
    made = table([make("a", scores=scores)])
    assert [(grid.title, grid.columns[0].score) for grid in made.grids] == [
        ("scores", "knn/top1"),
        ("other scores", "knn/top5"),
    ]


def test_an_unknown_task_is_shown_as_it_is(make):
    scores = {"dance/steps": Score(value=0.5, unit="", n=3)}
    made = table([make("a", task="dance", scores=scores)])
    assert _cells(made.grids[0]) == {"a": [0.5]}
    assert made.meanings == (("dance/steps", "no description is known for this score; higher is better"),)


def test_the_level_of_chance_is_said(make):
    scores = {"knn/top1": Score(value=1.0, unit="%", n=9), "knn/top5": Score(value=2.0, unit="%", n=9)}
    meanings = dict(table([make("a", scores=scores, classes=4)]).meanings)
    assert meanings["knn/top1"].endswith("higher is better; chance is 1/C: data 25 %")
    assert meanings["knn/top5"].endswith("chance is 5/C: data 100 %")


def test_averages_are_over_complete_columns_only(make):
    results = [
        make(name, dataset, value, kind=kind)
        for name, shift in (("a", 0.0), ("b", 10.0))
        for dataset, value, kind in (
            ("kinetics400", 60.0 + shift, "appearance"),
            ("mit", 40.0 + shift, "appearance"),
            ("ssv2", 20.0 + shift, "motion"),
        )
    ]
    made = table([*results, make("a", "diving48", 1.0, kind="motion")])
    grid, _ = made.grids
    assert [column.dataset for column in grid.columns] == [
        "kinetics400",
        "mit",
        "ssv2",
        "diving48",
        "average appearance",
    ]
    assert _cells(grid)["a"][-1] == 50.0
    assert _cells(grid)["b"][-1] == 60.0
    assert _notes(made, "average") == [
        "appearance of knn/top1: mean over kinetics400, mit",
        "left out of the averages of knn/top1, not all rows have a number: diving48",
    ]


def test_an_average_keeps_daggers_and_the_least_coverage(make):
    results = [
        make("a", "kinetics400", 1.0, pretrained_on=("K400",)),
        make("a", "mit", 2.0, pretrained_on=("K400",), videos=(50, 100)),
    ]
    average = table(results).grids[0].rows[0].cells[-1]
    assert average.marks == ("†",)
    assert average.coverage == 0.5
    assert average.score.value == 1.5


def test_kinds_are_never_averaged_together(make):
    def headings(*kinds):
        results = [make(name, f"set{place}", kind=kind) for name in "ab" for place, kind in enumerate(kinds)]
        return [column.dataset for column in table(results).grids[0].columns if column.average_of]

    assert headings("appearance", "motion") == []
    assert headings("appearance", "motion", "") == []
    assert headings("appearance", "motion", "motion") == ["average motion"]
    assert headings("appearance", "", "") == []
    assert headings("", "") == ["average"]


def test_a_mixed_column_is_in_no_average(make):
    results = [make(name, dataset) for name in "ab" for dataset in "xy"]
    results[1] = replace(results[1], task=replace(results[1].task, version="2"))
    made = table(results, mix=True)
    assert not [column for column in made.grids[0].columns if column.average_of]


def test_a_score_that_is_not_a_number_is_explained(make):
    made = table([make("a", value=math.nan), make("b", value=1.0), make("c", value=2.0)])
    assert made.grids[0].rows[0].cells[0].marks == ("[1]",)
    assert [row.cells[0].best for row in made.grids[0].rows] == [False, False, True]
    assert "not a finite number" in _notes(made, "[1]")[0]


def test_decoders_that_differ_are_mentioned(make):
    results = [
        make("a", embedding={"sampling": {"kind": "Uniform"}, "provenance": [{"ffmpeg": "8.0"}]}),
        make("b", embedding={"sampling": {"kind": "Uniform"}, "provenance": [{"ffmpeg": "7.1"}]}),
    ]
    assert _notes(table(results), "mind") == [
        "data: ffmpeg differs between the results of a column: 7.1 (1), 8.0 (1)"
    ]
