"""The table of appearance against motion: the common sets, who is not compared, and every form of output."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from twlv.report import html, markdown, table, terminal
from twlv.report.abilities import TITLE
from twlv.results import Result

Make = Callable[..., Result]


@pytest.fixture
def results(make: Make) -> list[Result]:
    return [
        make("image", "k400", 60.0, kind="appearance", ci95=(57.0, 64.0)),
        make("image", "mit", 40.0, kind="appearance", ci95=(36.0, 43.0)),
        make("image", "ssv2", 10.0, kind="motion", ci95=(8.0, 12.0)),
        make("video", "k400", 50.0, kind="appearance"),
        make("video", "mit", 30.0, kind="appearance"),
        make("video", "ssv2", 30.0, kind="motion", videos=(99, 100), failed={"v": "empty"}),
        make("looks", "k400", 99.0, kind="appearance"),
    ]


def test_a_backbone_has_a_row_if_it_was_run_on_the_common_sets(results: list[Result]) -> None:
    made = table(results, mix=True)
    grid = made.grids[-1]
    assert grid.title == TITLE
    assert [column.heading for column in grid.columns] == [("knn/top1", "appearance"), ("knn/top1", "motion")]
    assert [row.name for row in grid.rows] == ["image", "video"]
    assert [cell.score.value for cell in grid.rows[1].cells if cell] == [40.0, 30.0]
    said = [text for mark, text in made.footnotes if mark == TITLE]
    assert "knn/top1: appearance is the mean of k400, mit; motion is ssv2" in said
    assert "knn/top1: looks is not compared, it lacks mit, ssv2" in said
    assert "intervals of means take the errors of different sets as independent" in said


def test_means_carry_interval_count_coverage_and_dagger(make: Make) -> None:
    card = {"pretrained_on": ("Moments in Time",)}
    made = table(
        [
            make("video", "k400", 60.0, kind="appearance", ci95=(57.0, 64.0), **card),
            make("video", "mit", 40.0, kind="appearance", ci95=(36.0, 43.0), **card),
            make("video", "ssv2", 30.0, kind="motion", videos=(99, 100), **card),
        ]
    )
    (row,) = made.grids[-1].rows
    appearance, motion = row.cells
    assert appearance is not None
    assert motion is not None
    assert (appearance.score.value, appearance.score.n) == (50.0, 200)
    assert appearance.score.ci95 == pytest.approx((47.5, 52.5))
    assert appearance.marks == ("†",)
    assert (motion.marks, motion.coverage, motion.score.ci95) == ((), 0.99, None)


def test_without_both_kinds_there_is_no_such_table(make: Make) -> None:
    made = table([make("a", "k400", kind="appearance"), make("b", "ssv2", kind="motion")])
    assert [grid.title for grid in made.grids] == ["scores"]


def test_it_is_in_every_form_of_the_report(results: list[Result]) -> None:
    shown = terminal(results, mix=True, columns=200)
    assert "appearance is the mean of k400, mit; motion is ssv2" in shown
    assert "## Appearance against motion" in markdown(results, mix=True)
    assert '"title":"appearance against motion"' in html(results, mix=True)
