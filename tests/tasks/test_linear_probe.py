from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from twlv.errors import FeatureError, UsageError
from twlv.heads import optimizers
from twlv.results.record import configuration
from twlv.tasks import LinearProbe
from twlv.tasks.probe_grid import _within_one_error as within_one_error
from twlv.tasks.probe_recipe import CONSTANTS

FAST = {"learning_rates": (0.03, 0.3), "weight_decays": (0.0, 0.01), "device": "cpu"}


@pytest.fixture(scope="module")
def sets(fake):
    train = fake.blobs(240, noise=1.5, dim=12, prefix="t")
    return train, fake.blobs(400, noise=1.5, dim=12, seed=1, prefix="e")


def test_the_grid_is_as_good_as_logistic_regression(sets) -> None:
    train, test = sets
    outcome = LinearProbe(device="cpu").run(train, test)
    x, y = (np.concatenate([e.vectors for e, _ in part]) for part in (train, test))
    a, b = ([sample.target.index for _, sample in part] for part in (train, test))
    expected = 100 * LogisticRegression(C=0.1, max_iter=500).fit(x, a).score(y, b)
    assert outcome.scores["linear_probe/top1"].value == pytest.approx(expected, abs=3.0)
    assert expected > 70
    low, high = outcome.scores["linear_probe/top1"].ci95
    assert low < outcome.scores["linear_probe/top1"].value < high
    assert outcome.details["train_loss"] < outcome.details["train_loss_first_epoch"]
    assert outcome.details["chance_top1"] == 25.0


def test_trap_38_the_choice_is_made_on_held_out_training_videos(sets, fake) -> None:
    train, test = sets
    outcome = LinearProbe(**FAST).run(train, test)
    selection = outcome.details["selection"]
    assert selection["split"] == "held out of train, by class (the videos have no groups)"
    assert selection["fit_videos"] + selection["held_out_videos"] == 240
    assert selection["held_out_videos"] == 48
    points = [(one["learning_rate"], one["weight_decay"]) for one in selection["grid"]]
    assert points == [(0.03, 0.0), (0.03, 0.01), (0.3, 0.0), (0.3, 0.01)]
    best = min(selection["grid"], key=lambda one: (-one["held_out_top1"], one["held_out_loss"]))
    assert selection["best"] == best
    assert outcome.details["learning_rate"] == best["learning_rate"]
    turned = fake.features(
        [-e.vectors for e, _ in test], [s.target.index for _, s in test], classes=test.dataset.classes
    )
    assert LinearProbe(**FAST).run(train, turned).details["selection"] == selection  # the test set has no say


def test_the_chosen_point_is_trained_again_on_all_videos(sets) -> None:
    train, test = sets
    outcome = LinearProbe(**FAST).run(train, test)
    rate, decay = outcome.details["learning_rate"], outcome.details["weight_decay"]
    alone = LinearProbe(learning_rates=(rate,), weight_decays=(decay,), device="cpu").run(train, test)
    assert alone.scores == outcome.scores
    assert alone.predictions == outcome.predictions
    assert alone.details["selection"] == {"split": "none: one point"}


def test_held_out_videos_are_not_fitted(fake) -> None:
    """Labels drawn by lot: more features than videos fit all of them, but tell nothing of one left out."""
    random = np.random.default_rng(0)
    vectors, labels = random.standard_normal((200, 300)), random.integers(0, 2, 200).tolist()
    train = fake.features(vectors, labels, prefix="t")
    outcome = LinearProbe(**FAST).run(train, fake.features(vectors, labels, prefix="e"))
    assert outcome.scores["linear_probe/top1"].value > 95.0  # the test videos are the training videos
    assert max(one["held_out_top1"] for one in outcome.details["selection"]["grid"]) < 75.0


def test_groups_are_never_cut(fake) -> None:
    random = np.random.default_rng(0)
    labels = np.arange(120) % 3
    groups = [f"actor{i // 12}" for i in range(120)]
    train = fake.features(
        random.standard_normal((120, 6)) + np.eye(6)[labels] * 3, labels.tolist(), groups=groups
    )
    test = fake.features(np.eye(6)[:3], [0, 1, 2], groups=["x", "y", "y"], prefix="e")
    outcome = LinearProbe(**FAST).run(train, test)
    assert outcome.details["selection"]["split"] == "held out of train, by group"
    assert outcome.details["selection"]["held_out_videos"] == 24  # two whole actors


def test_trap_1_three_videos_train_and_predict(fake) -> None:
    train = fake.features(np.eye(3) * 5, [0, 1, 2], classes=["a", "b", "c"], prefix="t")
    test = fake.features(np.eye(3) * 4, [0, 1, 2], classes=["a", "b", "c"], prefix="e")
    for probe in (
        LinearProbe(device="cpu"),
        LinearProbe(recipe="authors", learning_rates=(0.01,), device="cpu"),
    ):
        outcome = probe.run(train, test)
        assert outcome.scores["linear_probe/top1"].value == 100.0
        assert outcome.details["train_loss"] < outcome.details["train_loss_first_epoch"]
    assert "too few to hold any out" in LinearProbe(device="cpu").run(train, test).notes[0]


def test_trap_1_drop_last_that_leaves_nothing_is_an_error(sets) -> None:
    with pytest.raises(UsageError, match="240 videos are less than a batch of 1024"):
        LinearProbe(recipe="authors", drop_last=True).run(*sets)
    assert (
        LinearProbe(recipe="authors", drop_last=True, batch_size=100, epochs=2)
        .run(*sets)
        .details["steps_per_epoch"]
        == 2
    )


def test_trap_2_the_order_of_a_listing_changes_no_bit(sets, fake) -> None:
    train, test = sets
    order = np.random.default_rng(0).permutation(len(train))
    shuffled = fake.FakeFeatures(
        items=tuple(train.items[i] for i in order), dataset=train.dataset, backbone=train.backbone
    )
    backwards = fake.FakeFeatures(items=test.items[::-1], dataset=test.dataset, backbone=test.backbone)
    for probe in (LinearProbe(**FAST), LinearProbe(recipe="authors", epochs=3, device="cpu")):
        assert probe.run(train, test, seed=5) == probe.run(shuffled, backwards, seed=5)


def test_trap_16_views_are_averaged_as_probabilities(fake) -> None:
    """A probe of one feature with logit (x, 0): views 8, -2, -2 average to class 1, their logits to class 0."""
    train = fake.features([[4.0], [-4.0]] * 20, [0, 1] * 20, prefix="t")
    test = fake.features([[[8.0], [-2.0], [-2.0]]], [1], prefix="e")
    for recipe in ("grid", "authors"):
        probe = LinearProbe(
            recipe=recipe, device="cpu", epochs=300, learning_rates=(0.1,), weight_decays=(0.0,)
        )
        assert probe.run(train, test).predictions[0].predicted == 1
        flat = LinearProbe(
            recipe=recipe, rows="video", device="cpu", epochs=300, learning_rates=(0.1,), weight_decays=(0.0,)
        )
        assert flat.run(train, test).predictions[0].predicted == 0  # the mean vector, by name


def test_trap_20_and_40_same_seed_same_bits_and_no_global_state(fake) -> None:
    train, test = fake.blobs(90, clips=5, noise=3.0, prefix="t"), fake.blobs(60, clips=5, noise=3.0, prefix="e")
    before, other = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - is it left alone?
    for recipe in ("grid", "authors"):
        probe = LinearProbe(recipe=recipe, device="cpu", epochs=20)
        one = probe.run(train, test, seed=4)
        torch.rand(3)
        torch.set_rng_state(before)
        assert one == probe.run(train, test, seed=4)
        different = probe.run(train, test, seed=5)
        assert different.details["train_loss"] != one.details["train_loss"]
        assert one.seeds["run"] == 4
        assert set(one.seeds) == {"run", "order", "init", "split", "interval"}
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(other, np.random.get_state()[1])  # noqa: NPY002


def test_authors_recipe_is_the_published_one() -> None:
    probe = LinearProbe(recipe="authors")
    how = probe.training.training(probe.points, 20_000, batch_size=probe.batch_size, drop_last=False)
    assert (how.learning_rates, how.weight_decays) == ((1e-3,), (0.0,))
    assert (how.optimizer, how.init, how.epochs, how.warmup_epochs, how.batch_size) == (
        "adamw",
        "uniform",
        150,
        10,
        1024,
    )
    assert how.steps_per_epoch(20_000) == 20


def test_small_sets_get_enough_steps_in_the_grid() -> None:
    probe = LinearProbe()
    assert epochs(probe, 50) == 300
    assert epochs(probe, 20_480) == 30
    assert epochs(LinearProbe(epochs=3), 50) == 3
    assert epochs(LinearProbe(epochs=3, min_steps=20), 2048) == 10
    assert len(probe.points) == 20


def epochs(probe: LinearProbe, num_videos: int) -> int:
    return probe.training.training(probe.points, num_videos, batch_size=1024, drop_last=False).epochs


def test_a_result_records_what_the_recipe_stands_for() -> None:
    config = configuration(LinearProbe())
    assert None not in config.values()
    assert (config["epochs"], config["min_steps"], config["warmup_epochs"]) == (30, 300, 0)
    assert (config["optimizer"], config["momentum"], config["init"]) == ("sgd", 0.9, "zeros")
    assert config["standardise"] is True
    assert (len(config["learning_rates"]), len(config["weight_decays"])) == (5, 4)
    authors = configuration(LinearProbe(recipe="authors"))
    assert [name for name, value in authors.items() if value is None] == ["held_out"]  # nothing to choose
    assert (authors["epochs"], authors["warmup_epochs"], authors["learning_rates"]) == (150, 10, [1e-3])
    assert (authors["optimizer"], authors["init"], authors["standardise"]) == ("adamw", "uniform", False)


def test_a_default_and_the_same_value_given_are_one_configuration() -> None:
    for recipe in ("grid", "authors"):
        probe = LinearProbe(recipe=recipe)
        fields = {f.name for f in dataclasses.fields(probe)} - {"held_out"}
        values = {name: value for name, value in probe.resolved().items() if name in fields}
        assert configuration(dataclasses.replace(probe, **values)) == configuration(probe)
    assert configuration(LinearProbe(optimizer="adamw")) != configuration(LinearProbe())
    assert dataclasses.replace(LinearProbe(), recipe="authors") == LinearProbe(recipe="authors")


def test_the_recorded_constants_are_those_of_the_optimizers() -> None:
    assert CONSTANTS["sgd"] == {"momentum": optimizers._MOMENTUM}
    betas = {"beta1": optimizers._BETA1, "beta2": optimizers._BETA2, "epsilon": optimizers._EPSILON}
    assert CONSTANTS["adamw"] == betas


def test_features_are_standardised_only_where_said(fake) -> None:
    """Without it a feature of size 1000 drowns the one that tells the classes apart."""
    random = np.random.default_rng(0)
    labels = np.arange(200) % 2
    vectors = np.stack([labels * 0.02, 1000 * random.standard_normal(200)], axis=1)
    train, test = (fake.features(vectors, labels.tolist(), prefix=p) for p in "te")
    assert LinearProbe(device="cpu").run(train, test).scores["linear_probe/top1"].value == 100.0
    raw = LinearProbe(standardise=False, learning_rates=(1e-6,), weight_decays=(0.0,), device="cpu")
    assert raw.run(train, test).scores["linear_probe/top1"].value < 80.0


def test_divergence_is_said_not_scored(sets) -> None:
    mixed = LinearProbe(learning_rates=(0.1, 1e38), weight_decays=(10.0,), device="cpu").run(*sets)
    assert [one["diverged"] for one in mixed.details["selection"]["grid"]] == [False, True]
    with pytest.raises(FeatureError, match="diverged at every one of 2 points"):
        LinearProbe(learning_rates=(1e37, 1e38), weight_decays=(10.0,), device="cpu").run(*sets)
    with pytest.raises(FeatureError, match="diverged at learning rate"):
        LinearProbe(learning_rates=(1e38,), weight_decays=(10.0,), device="cpu").run(*sets)


def test_heads_may_train_in_several_passes(sets, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = LinearProbe(**FAST).run(*sets)
    monkeypatch.setattr("twlv.tasks.probe_grid._WEIGHTS_AT_ONCE", 3 * 12 * 4)
    parts = LinearProbe(**FAST).run(*sets)
    assert parts.scores == whole.scores
    for one, other in zip(whole.details["selection"]["grid"], parts.details["selection"]["grid"], strict=True):
        assert one == pytest.approx(other, rel=1e-4)


@pytest.mark.parametrize(
    "fields",
    [
        {"recipe": "paper"},
        {"batch_size": 0},
        {"epochs": 0},
        {"held_out": 1.0},
        {"min_steps": -1},
        {"warmup_epochs": -1},
        {"learning_rates": ()},
        {"learning_rates": (-1.0,)},
        {"optimizer": "lion"},
        {"recipe": "authors", "learning_rates": (0.1, 0.2)},
    ],
)
def test_settings_that_make_no_sense_are_refused(fields: dict) -> None:
    with pytest.raises(UsageError):
        LinearProbe(**fields)


def test_top_5_of_few_classes(fake) -> None:
    train = fake.features(np.eye(3) * 5, [0, 1, 2], prefix="t")
    scores = LinearProbe(**FAST).run(train, fake.features(-np.eye(3), [0, 1, 2], prefix="e")).scores
    assert scores["linear_probe/top5"].value == 100.0


def tried(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    return [{"held_out_top1": top1, "held_out_loss": loss} for top1, loss in pairs]


def test_the_choice_is_the_lowest_loss_within_one_standard_error_of_the_best() -> None:
    points = tried((33.0, 1.9), (40.0, 2.2), (44.0, 9.0))
    # of 49 videos the standard error at 44 % is 7.1 points, of 4,900 it is 0.7
    assert within_one_error(points, 49) == 1
    assert within_one_error(points, 4900) == 2
    assert within_one_error(tried((40.0, 1.0), (40.0, 1.0)), 10) == 0
    assert within_one_error(tried((100.0, 0.5), (100.0, 0.4), (99.0, 0.1)), 200) == 1


@pytest.mark.parametrize(("num_videos", "splits"), [(100, 5), (750, 2), (1600, 1)])
def test_few_held_out_videos_are_judged_on_several_splits(fake, num_videos: int, splits: int) -> None:
    labels = (np.arange(num_videos) % 2).tolist()
    train = fake.features(np.random.default_rng(0).normal(size=(num_videos, 4)), labels, prefix="t")
    probe = LinearProbe(learning_rates=(1e-2, 1e-1), weight_decays=(0.0,), epochs=1)
    assert probe.run(train, train).details["selection"]["splits"] == splits
