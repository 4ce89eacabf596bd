"""Appearance against motion: which sets are compared, the mean with its interval, and the report's points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from twlv.results import Result, TaskRecord, abilities, published_abilities
from twlv.results.ability import Part, mean_of
from twlv.types import BackboneCard, Coverage, Score

Make = Callable[..., Result]


@pytest.fixture
def measured(make_result: Make, make_card: Callable[..., BackboneCard]) -> Make:
    def result(backbone: str, dataset: str, kind: str, value: float = 50.0, **changes: object) -> Result:
        base = make_result()
        full = Coverage(expected=10, present=10, decoded=10, used=10)
        plain = {
            "coverage": full,
            "coverage_by_split": {"val": full},
            "backbone": make_card(name=backbone, weights=changes.pop("weights", "w")),
            "dataset": replace(base.dataset, name=dataset, kind=kind, num_classes=4),
            "scores": {"knn/top1": Score(value=value, unit="%", n=10, ci95=(value - 3, value + 4))},
        }
        return replace(base, **{**plain, **changes})

    return result


# (model, appearance, motion): means taken by hand from tables 3 and 5 of the report
PRINTED = {
    3: [
        ("UMT s1 ViT-B", 46.52, 17.46),
        ("V-JEPA ViT-L", 49.80, 37.68),
        ("TWLV-I ViT-L", 58.23, 39.625),
        ("DFN ViT-H", 57.63, 26.82),
        ("InternVideo2 s2 ViT-g", 61.165, 31.92),
    ],
    5: [("TWLV-I ViT-L", 62.845, 71.965), ("V-JEPA ViT-H", 60.175, 76.445), ("VideoPrism ViT-g", 66.35, 69.90)],
}


@pytest.mark.parametrize("table", PRINTED)
def test_the_reports_points_follow_from_its_tables(table: int) -> None:
    made = published_abilities(table)
    assert (made.appearance_sets, made.motion_sets) == (("K400", "MiT"), ("SSv2", "DV48"))
    points = {ability.backbone: ability for ability in made.points}
    for name, appearance, motion in PRINTED[table]:
        ability = points[name]
        assert ability.appearance is not None
        assert ability.motion is not None
        assert (ability.appearance.value, ability.motion.value) == pytest.approx((appearance, motion))
        assert ability.appearance.ci95 is None  # the report prints no intervals
    assert len(made.points) == {3: 12, 5: 13}[table]


def test_models_that_the_report_did_not_run_on_a_set_get_no_point() -> None:
    lacking = {ability.backbone: ability.lacks for ability in published_abilities(5).backbones if ability.lacks}
    assert lacking["VideoMAE ViT-L"] == ("MiT", "DV48")
    assert len(lacking) == 4


def test_daggers_stay_with_the_kind_they_belong_to() -> None:
    (jepa,) = [a for a in published_abilities(3).points if a.backbone == "V-JEPA ViT-L"]
    assert jepa.appearance is not None
    assert jepa.motion is not None
    assert jepa.motion.contaminated
    assert not jepa.appearance.contaminated


def test_only_sets_that_are_common_are_averaged(measured: Make) -> None:
    results = [
        measured("a", "k400", "appearance", 60),
        measured("a", "mit", "appearance", 20),
        measured("a", "ssv2", "motion", 30),
        measured("b", "k400", "appearance", 50),
        measured("b", "ssv2", "motion", 40),
        measured("c", "k400", "appearance", 90),
    ]
    (made,) = abilities(results)
    assert (made.appearance_sets, made.motion_sets, made.left_out) == (("k400",), ("ssv2",), ("mit",))
    assert [a.backbone for a in made.points] == ["a", "b"]
    assert [a.appearance.value for a in made.points if a.appearance] == [60, 50]
    assert {a.backbone: a.lacks for a in made.backbones} == {"a": (), "b": (), "c": ("ssv2",)}
    (asked,) = abilities(results, datasets=("k400", "mit", "ssv2"))
    assert [a.backbone for a in asked.points] == ["a"]
    assert asked.points[0].appearance is not None
    assert asked.points[0].appearance.value == 40
    assert {a.backbone: a.lacks for a in asked.backbones} == {"a": (), "b": ("mit",), "c": ("mit", "ssv2")}


def test_the_order_of_results_does_not_change_who_is_compared(measured: Make) -> None:
    results = [measured(b, d, k) for b in "ab" for d, k in (("k400", "appearance"), ("ssv2", "motion"))]
    results.append(measured("a", "mit", "appearance"))
    (one,), (other,) = abilities(results), abilities(results[::-1])
    assert set(one.appearance_sets) == set(other.appearance_sets) == {"k400"}


def test_other_settings_are_another_picture(measured: Make) -> None:
    other = TaskRecord(name="knn", version="1", config={"k": 5, "temperature": 0.1})
    results = [measured("a", "k400", "appearance"), measured("a", "ssv2", "motion", task=other)]
    made = abilities(results)
    assert [picture.points for picture in made] == [(), ()]
    assert "k=20" in made[0].settings
    assert "k=5" in made[1].settings


def test_results_that_are_not_comparable_are_not_the_same_set(measured: Make) -> None:
    part = Coverage(expected=10, present=10, decoded=9, used=9, failed={"v": "truncated"})
    less = {"coverage": part, "coverage_by_split": {"val": part}}
    results = [measured(b, "ssv2", "motion") for b in "ab"]
    results += [measured("a", "k400", "appearance"), measured("b", "k400", "appearance", **less)]
    (made,) = abilities(results)
    assert [a.backbone for a in made.points] == ["a"]
    assert made.left_out == ("k400 (measured otherwise, 1)",)
    (mixed,) = abilities(results, mix=True)
    assert [a.backbone for a in mixed.points] == ["a", "b"]
    assert mixed.points[1].appearance is not None
    assert mixed.points[1].appearance.coverage == 0.9


def test_motion_direction_stands_beside_and_in_no_mean(measured: Make) -> None:
    auc = {"motion_direction/auc": Score(value=0.5, unit="", n=10)}
    results = [measured("a", "k400", "appearance"), measured("a", "ssv2", "motion", 30)]
    results += [measured("a", "ssv2", "motion", scores=auc), measured("a", "k400", "", scores=auc)]
    (made,) = abilities(results)
    (ability,) = made.points
    assert ability.motion is not None
    assert ability.motion.value == 30
    assert sorted(part.dataset for part in ability.direction) == ["k400", "ssv2"]


def test_parts_name_their_source_chance_and_what_was_untrained(measured: Make) -> None:
    results = [measured("a", "k400", "appearance", weights="random, seed 0", file="x.json")]
    results.append(measured("a", "ssv2", "motion", weights="random, seed 0"))
    (ability,) = abilities(results)[0].points
    assert ability.untrained
    assert ability.appearance is not None
    assert ability.appearance.parts[0].source == "x.json"
    assert ability.appearance.chance == 25
    assert ability.appearance.parts[0].score.n == 10


def test_two_cards_of_one_name_are_told_apart(measured: Make, make_card: Callable[..., BackboneCard]) -> None:
    twin = make_card(name="a", num_frames=8)
    results = [measured("a", "k400", "appearance"), replace(measured("a", "k400", "appearance"), backbone=twin)]
    assert [ability.backbone for ability in abilities(results)[0].backbones] == ["a", "a #2"]


def test_the_interval_of_a_mean_covers_as_often_as_its_parts() -> None:
    random, inside = np.random.default_rng(0), 0
    truth, n, runs = (0.7, 0.4), 400, 2000
    for _ in range(runs):
        parts = []
        for p in truth:
            seen = random.binomial(n, p) / n
            half = 1.96 * math.sqrt(seen * (1 - seen) / n)
            score = Score(value=seen, unit="", n=n, ci95=(seen - half, seen + half))
            parts.append(Part(dataset="d", score=score))
        low, high = mean_of(parts).ci95 or (0, 0)
        inside += low <= sum(truth) / 2 <= high
    assert 0.935 < inside / runs < 0.965


def test_the_interval_is_that_of_its_formula_and_needs_every_part() -> None:
    one = Part(dataset="a", score=Score(value=50, unit="%", n=1, ci95=(47, 54)))
    other = Part(dataset="b", score=Score(value=30, unit="%", n=1, ci95=(26, 33)))
    made = mean_of([one, other])
    assert made.value == 40
    assert made.ci95 == pytest.approx((40 - 2.5, 40 + 2.5))
    assert mean_of([one]).ci95 == pytest.approx((47, 54))
    assert mean_of([one, replace(other, score=replace(other.score, ci95=None))]).ci95 is None


def test_nothing_of_either_kind_is_no_picture(measured: Make) -> None:
    assert abilities([]) == ()
    assert abilities([measured("a", "ucf101", "")]) == ()
