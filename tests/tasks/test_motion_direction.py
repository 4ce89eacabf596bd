from __future__ import annotations

import dataclasses
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from twlv.errors import FeatureError, TwlvError, UnknownName, UsageError
from twlv.tasks import MotionDirection

QUICK = MotionDirection(permutations=39)
N = 40


def vectors(signal: float, *, n: int = N, width: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two orders of n videos; the first axis tells them apart."""
    random = np.random.default_rng(seed)
    forward = random.standard_normal((n, width))
    step = 0.3 * random.standard_normal((n, width))
    step[:, 0] += signal
    return forward, forward + step


def pair_of(fake: ModuleType, forward: np.ndarray, backward: np.ndarray, **options: Any) -> tuple[Any, Any]:
    labels = options.pop("labels", [None] * len(forward))
    return tuple(fake.features(rows, labels, **options) for rows in (forward, backward))


def opposites(signal: float, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """A set with as many of one direction as of the other: the second half has the orders exchanged."""
    forward, backward = vectors(signal, seed=seed)
    labels = [i % 2 for i in range(N)]
    turned = np.array(labels)[:, None] == 1
    return np.where(turned, backward, forward), np.where(turned, forward, backward), labels


def test_one_direction_is_found_and_said(fake: ModuleType) -> None:
    outcome = QUICK.run_pairs(*pair_of(fake, *vectors(1.0)))
    assert list(outcome.scores) == [
        f"motion_direction/{n}" for n in ("auc", "paired_accuracy", "accuracy", "afc", "d_prime")
    ]
    for name in ("auc", "afc"):
        score = outcome.scores[f"motion_direction/{name}"]
        low, high = score.ci95
        assert score.n == N
        assert 0.6 < low <= score.value <= high <= 1.0
    assert outcome.details["verdict"] == "common_direction"
    counted = outcome.details["direction_histogram"]
    middles = (np.array(counted["edges"][:-1]) + counted["edges"][1:]) / 2
    assert sum(counted["forward"]) == sum(counted["reversed"]) == N
    assert np.average(middles, weights=counted["reversed"]) > np.average(middles, weights=counted["forward"])
    assert any(
        "a common direction" in note and "p = 0.025 from 39 swapped draws" in note for note in outcome.notes
    )
    assert outcome.details["forward_against_reversed"]["null"]["auc"]["line95"] < 0.75


def test_sensitive_without_a_common_direction(fake: ModuleType) -> None:
    outcome = QUICK.run_pairs(*pair_of(fake, *vectors(0.0, seed=2)))
    assert outcome.details["verdict"] == "no_common_direction"
    assert outcome.notes[0].startswith("sensitive to the order of time")
    assert "no common direction was found" in outcome.notes[1]
    assert outcome.scores["motion_direction/auc"].value < 0.7


@pytest.mark.parametrize("rounding", [0.0, 1e-7])
def test_a_mean_over_frames_is_exactly_blind(fake: ModuleType, rounding: float) -> None:
    """Trap 30: nothing but rounding differs, so every score is a tie, not a lucky number."""
    forward, _ = vectors(0.0)
    backward = forward * (1 + rounding * np.random.default_rng(1).choice([-1, 1], forward.shape))
    labels = [i % 2 for i in range(N)]
    outcome = QUICK.run_pairs(*pair_of(fake, forward, backward, labels=labels, classes=("up", "down")))
    for name, score in outcome.scores.items():
        assert score.value == (0.0 if name.endswith("d_prime") else 0.5), name
        assert score.ci95 == (score.value, score.value)
    assert outcome.details["verdict"] == outcome.details["pairs"]["up_vs_down"]["verdict"] == "blind"
    assert outcome.notes[0].startswith("blind to the order of time")


def test_opposite_classes_cancel_unless_the_apparent_direction_is_told(fake: ModuleType) -> None:
    forward, backward, labels = opposites(1.0)
    pair = pair_of(fake, forward, backward, labels=labels, classes=("moving up", "moving down"))
    outcome = QUICK.run_pairs(*pair)
    assert abs(outcome.scores["motion_direction/auc"].value - 0.5) < 0.15
    assert outcome.scores["motion_direction/auc_up_vs_down"].value > 0.7
    assert outcome.details["pairs"]["up_vs_down"]["afc"] > 0.9
    assert outcome.scores["motion_direction/auc_pairs"].value > 0.7
    low, high = outcome.scores["motion_direction/auc_pairs"].ci95
    assert 0.55 < low < high
    assert any("cancels" in note for note in outcome.notes)
    without = dataclasses.replace(QUICK, pairs="none").run_pairs(*pair)
    assert not any("pairs" in name for name in without.scores)


def test_pairs_may_be_given_and_are_told_apart_alike(fake: ModuleType) -> None:
    forward, backward, labels = opposites(1.0)
    pair = pair_of(fake, forward, backward, labels=labels, classes=("a", "b"))
    assert "motion_direction/auc_pairs" not in QUICK.run_pairs(*pair).scores
    given = dataclasses.replace(QUICK, pairs=[["a", "b"]]).run_pairs(*pair)
    turned = dataclasses.replace(QUICK, pairs=(("b", "a"),)).run_pairs(*pair)
    assert given.scores["motion_direction/auc_a_vs_b"].value > 0.7
    assert given.scores["motion_direction/auc_a_vs_b"].value == pytest.approx(
        turned.scores["motion_direction/auc_b_vs_a"].value
    )


def test_videos_of_a_group_stay_together(fake: ModuleType) -> None:
    """A video and its own reversed file: kept apart, the one would tell the other's answer."""
    forward, backward = vectors(0.0, n=30, width=60)
    both = np.concatenate([forward, backward]), np.concatenate([backward, forward])
    groups = [f"g{i % 30}" for i in range(60)]
    labels = [0] * 30 + [1] * 30
    pair = pair_of(fake, *both, labels=labels, classes=("up", "down"), groups=groups)
    found = {by: MotionDirection(permutations=0, by=by).run_pairs(*pair).details for by in ("group", "video")}
    afc = {by: details["pairs"]["up_vs_down"]["afc"] for by, details in found.items()}
    assert afc["group"] < 0.7
    assert afc["video"] > 0.8


def test_the_order_of_a_listing_changes_nothing(fake: ModuleType) -> None:
    forward, backward = vectors(0.3)
    ids = [f"v{i:02d}" for i in range(N)]
    one = QUICK.run_pairs(*pair_of(fake, forward, backward, ids=ids), seed=3)
    turned = pair_of(fake, forward[::-1], backward[::-1], ids=ids[::-1])
    assert QUICK.run_pairs(*turned, seed=3) == one
    assert QUICK.run_pairs(*turned, seed=4).seeds != one.seeds


def test_clips_are_averaged(fake: ModuleType) -> None:
    forward, backward = vectors(0.5)
    halves = (
        [np.stack([rows + 1, rows - 1]) for rows in forward],
        [np.stack([rows + 2, rows - 2]) for rows in backward],
    )
    one = QUICK.run_pairs(*pair_of(fake, forward, backward))
    other = QUICK.run_pairs(*pair_of(fake, *halves))
    assert {n: s.value for n, s in other.scores.items()} == pytest.approx(
        {n: s.value for n, s in one.scores.items()}
    )


def test_a_video_with_one_order_only_is_named_and_left_out(fake: ModuleType) -> None:
    forward, backward = vectors(0.5)
    full = fake.features(forward, [None] * N)
    part = fake.features(backward[:-1], [None] * (N - 1), missing={"v00039": None})
    outcome = QUICK.run_pairs(full, part)
    assert outcome.scores["motion_direction/auc"].n == N - 1
    assert outcome.details["missing"] == {"v00039": "no reversed embedding"}
    assert any("'v00039'" in note for note in outcome.notes)


def test_a_card_that_is_wrong_about_time_is_noticed(fake: ModuleType) -> None:
    pair = [dataclasses.replace(part, backbone=dataclasses.replace(part.backbone, modality="image"))
            for part in pair_of(fake, *vectors(0.5))]  # fmt: skip
    assert any("says 'image', yet the backbone is moved by it" in note for note in QUICK.run_pairs(*pair).notes)


def test_few_groups_are_said_to_be_few(fake: ModuleType) -> None:
    outcome = QUICK.run_pairs(*pair_of(fake, *vectors(1.0), groups=[f"g{i % 5}" for i in range(N)]))
    assert any("5 groups can be swapped in 16 ways only" in note for note in outcome.notes)


# ---------------------------------------------------------------- bad input


def broken(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array[3, 2] = np.nan
    return array


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"n": 4}, FeatureError, r"5 folds need at least 5 videos, there are 4"),
        ({"groups": ["one"] * N}, FeatureError, r"5 groups \(of 40 videos\), there are 1 .*by=video"),
        ({"nan": "forward"}, FeatureError, "forward video 'v00003' has a vector that is not finite"),
        ({"nan": "reversed"}, FeatureError, "reversed video 'v00003' has a vector that is not finite"),
        ({"pairs": [["up", "down"]], "labels": [0] * N}, FeatureError, "no video .* is labelled 'down'"),
        ({"pairs": [["up", "sideways"]]}, UnknownName, "unknown label in pairs 'sideways'"),
        ({"clips": True}, FeatureError, "2 clips forward, 1 reversed"),
        ({"other": "backbone"}, FeatureError, "reversed ones by other"),
        ({"other": "level"}, FeatureError, "level 'time'"),
        ({"other": "frames"}, FeatureError, "one frame"),
        ({"other": "nothing"}, FeatureError, "no video has embeddings in both orders"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_input_is_named(
    fake: ModuleType, change: dict[str, Any], error: type[TwlvError], match: str
) -> None:
    forward, backward = vectors(0.5, n=change.get("n", N))
    if change.get("nan") == "forward":
        forward = broken(forward)
    if change.get("nan") == "reversed":
        backward = broken(backward)
    options = {"groups": change["groups"]} if "groups" in change else {}
    labels = change.get("labels", [i % 2 for i in range(len(forward))])
    one, other = pair_of(fake, forward, backward, labels=labels, classes=("up", "down"), **options)
    if change.get("clips"):
        one = fake.features([np.stack([rows, rows]) for rows in forward], labels, classes=("up", "down"))
    if change.get("other") == "backbone":
        other = dataclasses.replace(other, backbone=dataclasses.replace(other.backbone, name="other.random"))
    if change.get("other") == "level":
        other = dataclasses.replace(other, level="time")
    if change.get("other") == "frames":
        one, other = (
            dataclasses.replace(part, backbone=dataclasses.replace(part.backbone, num_frames=1))
            for part in (one, other)
        )
    if change.get("other") == "nothing":
        other = dataclasses.replace(other, items=(), missing=tuple(sample for _, sample in other.items))
    task = dataclasses.replace(QUICK, pairs=change.get("pairs", "none"))
    with pytest.raises(error, match=match):
        task.run_pairs(one, other)


def test_a_pair_that_was_only_found_is_left_out_with_a_note(fake: ModuleType) -> None:
    outcome = QUICK.run_pairs(*pair_of(fake, *vectors(0.5), labels=[0] * N, classes=("up", "down")))
    assert "motion_direction/auc_pairs" not in outcome.scores
    assert any("up_vs_down is left out: no video" in note for note in outcome.notes)


@pytest.mark.parametrize(
    "settings",
    [
        {"folds": 1},
        {"permutations": -1},
        {"shrinkage": 1.5},
        {"shrinkage": "lots"},
        {"tolerance": -1.0},
        {"neighbours": 0},
        {"pairs": "some"},
        {"pairs": (("up", "up"),)},
        {"by": "class"},
    ],
    ids=str,
)
def test_settings_are_checked(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        MotionDirection(**settings)
