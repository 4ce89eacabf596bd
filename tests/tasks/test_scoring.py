"""Missing videos, intervals and notes, which all tasks of recognition share."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from twlv.tasks import KNN, LinearProbe
from twlv.types import Prediction

PROBE = LinearProbe(learning_rates=(0.1,), weight_decays=(0.0,), device="cpu")


@pytest.fixture
def sets(fake):
    train = fake.features(np.eye(4), [0, 1, 2, 3], missing={"lost": 1}, prefix="t")
    test = fake.features(np.eye(4)[[0, 1, 2, 2]], [0, 1, 2, 3], missing={"gone": 0, "v00001x": 3})
    return train, test


@pytest.mark.parametrize("task", [KNN(k=1), PROBE])
def test_trap_29_a_missing_test_video_is_wrong_and_said(sets, task) -> None:
    outcome = task.run(*sets)
    name = task.name
    top1, decoded = outcome.scores[f"{name}/top1"], outcome.scores[f"{name}/top1_decoded"]
    assert (top1.value, top1.n) == (50.0, 6)
    assert (decoded.value, decoded.n) == (75.0, 4)
    assert outcome.scores[f"{name}/top5"].value == pytest.approx(100 * 4 / 6)  # not 100, for all its 4 classes
    assert outcome.scores[f"{name}/mean_per_class"].value == pytest.approx(100 * (0.5 + 1 + 1 + 0) / 4)
    assert "2 test videos have no embedding and are counted as wrong" in outcome.notes
    assert "1 training videos have no embedding and were not trained on" in outcome.notes
    assert [p.video_id for p in outcome.predictions] == [
        "gone",
        "v00000",
        "v00001",
        "v00001x",
        "v00002",
        "v00003",
    ]
    assert outcome.predictions[0] == Prediction(video_id="gone", truth=0, predicted=None)


def test_missing_videos_can_be_left_out_by_name(sets) -> None:
    outcome = KNN(k=1, missing="exclude").run(*sets)
    assert (outcome.scores["knn/top1"].value, outcome.scores["knn/top1"].n) == (75.0, 4)
    assert not [name for name in outcome.scores if name.endswith("_decoded")]
    assert "2 test videos have no embedding and are left out of every score" in outcome.notes
    assert len(outcome.predictions) == 6


def test_nothing_missing_gives_no_second_score(fake) -> None:
    outcome = KNN(k=1).run(fake.blobs(9, prefix="t"), fake.blobs(9, prefix="e"))
    assert list(outcome.scores) == ["knn/top1", "knn/top5", "knn/mean_per_class"]
    assert outcome.notes == ()


def test_several_k_have_their_decoded_scores_too(sets) -> None:
    scores = KNN(k=(1, 2)).run(*sets).scores
    assert scores["knn/top1_k1_decoded"] == scores["knn/top1_decoded"]
    assert scores["knn/top1_k2"].n == 6


def test_trap_18_every_test_video_counts_once(fake) -> None:
    outcome = KNN(k=3).run(fake.blobs(40, prefix="t"), fake.blobs(10, seed=1, prefix="e"))
    assert {score.n for score in outcome.scores.values()} == {10}
    assert len(outcome.predictions) == 10


def test_intervals_are_wilsons_without_groups(fake) -> None:
    train, test = fake.blobs(40, noise=4.0, prefix="t"), fake.blobs(100, noise=4.0, seed=1, prefix="e")
    score = KNN(k=3).run(train, test).scores["knn/top1"]
    right = round(score.value)
    expected = stats.binomtest(right, 100).proportion_ci(method="wilson")
    assert score.ci95 == pytest.approx((100 * expected.low, 100 * expected.high))


def test_intervals_widen_when_videos_share_groups(fake) -> None:
    """Twenty actors, each all right or all wrong: as much as twenty videos tell, not two hundred."""
    labels = np.repeat(np.arange(20) % 2, 10)
    vectors = np.eye(2)[np.repeat(np.r_[labels[:150:10], 1 - labels[150::10]], 10)]
    groups = [f"actor{i // 10}" for i in range(200)]
    train = fake.features(np.eye(2), [0, 1], prefix="t")
    plain = KNN(k=1).run(train, fake.features(vectors, labels.tolist(), prefix="e")).scores["knn/top1"]
    grouped_set = fake.features(vectors, labels.tolist(), groups=groups, prefix="e")
    grouped = KNN(k=1).run(train, grouped_set).scores["knn/top1"]
    assert plain.value == grouped.value == 75.0
    width = {name: score.ci95[1] - score.ci95[0] for name, score in (("plain", plain), ("grouped", grouped))}
    assert width["grouped"] > 2.5 * width["plain"]
    assert KNN(k=1).run(train, grouped_set).scores["knn/top1"] == grouped


def test_an_interval_is_never_empty(fake) -> None:
    train = fake.features(np.eye(2), [0, 1], prefix="t")
    test = fake.features(np.eye(2)[[0, 1, 0, 1]], [0, 1, 0, 1], groups=["a", "a", "b", "b"], prefix="e")
    for score in KNN(k=1).run(train, test).scores.values():
        assert score.value == 100.0
        assert score.ci95[0] < 60.0  # two groups say little


def test_shared_videos_and_groups_are_said(fake) -> None:
    train = fake.features(np.eye(2), [0, 1], groups=["bob", ""])
    test = fake.features(np.eye(2), [0, 1], groups=["bob", ""])
    said = KNN(k=1).run(train, test).notes
    assert "2 videos stand in both train and test, for example 'v00000'" in said
    assert "1 groups stand in both train and test, for example 'bob'" in said
