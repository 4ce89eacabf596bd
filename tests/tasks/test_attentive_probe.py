from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from twlv.errors import FeatureError, UsageError
from twlv.tasks import AttentiveProbe, LinearProbe
from twlv.tasks.token_table import bags_of, gather_tokens

FAST = {"learning_rates": (1e-3, 5e-3), "weight_decays": (0.1,), "epochs": 6, "batch_size": 8, "device": "cpu"}
ONE = {**FAST, "learning_rates": (5e-3,)}


@pytest.fixture(scope="module")
def made() -> ModuleType:
    name = "twlv_tests_tasks_token_features"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("token_features.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sets(fake, made):
    return made.tokens(fake, 60), made.tokens(fake, 40, prefix="e")


def test_it_finds_the_one_token_that_tells(sets, fake) -> None:
    """A mean over tokens buries it; attention does not."""
    train, test = sets
    outcome = AttentiveProbe(**{**FAST, "epochs": 20}).run(train, test)
    top1 = outcome.scores["attentive_probe/top1"]
    assert top1.value > 75
    assert top1.ci95 is not None
    assert outcome.details["train_loss"] < outcome.details["train_loss_first_epoch"]
    means = [
        fake.FakeFeatures(
            items=tuple((replace(e, level="clip", vectors=e.vectors.mean(1)), s) for e, s in part),
            dataset=part.dataset,
            backbone=part.backbone,
        )
        for part in sets
    ]
    linear = LinearProbe(device="cpu").run(*means)
    assert linear.scores["linear_probe/top1"].value < 60


def test_trap_38_the_test_set_has_no_say(sets) -> None:
    train, test = sets
    outcome = AttentiveProbe(**FAST).run(train, test)
    selection = outcome.details["selection"]
    assert selection["split"] == "held out of train, by class (the videos have no groups)"
    assert selection["fit_videos"] + selection["held_out_videos"] == 60
    turned = replace(test, items=tuple((replace(e, vectors=-e.vectors), s) for e, s in test.items))
    assert AttentiveProbe(**FAST).run(train, turned).details["selection"] == selection
    rate = outcome.details["learning_rate"]
    alone = AttentiveProbe(**{**FAST, "learning_rates": (rate,)}).run(train, test)
    assert alone.predictions == outcome.predictions  # the chosen one is trained again on all videos
    assert alone.scores == outcome.scores


def test_groups_are_never_cut(fake, made) -> None:
    train = made.tokens(fake, 60, groups=[f"actor{i // 6}" for i in range(60)])
    outcome = AttentiveProbe(**{**FAST, "epochs": 1}).run(train, made.tokens(fake, 6, prefix="e"))
    assert outcome.details["selection"]["split"] == "held out of train, by group"
    assert outcome.details["selection"]["held_out_videos"] % 6 == 0


def test_trap_38_best_on_test_has_a_name_of_its_own(sets) -> None:
    outcome = AttentiveProbe(**FAST, select="best_on_test").run(*sets)
    assert set(outcome.scores) == {
        f"attentive_probe_best_on_test/{metric}" for metric in ("top1", "top5", "mean_per_class")
    }
    assert outcome.notes[0].startswith("BEST ON TEST: of 2 probes the one with the highest test score")
    selection = outcome.details["selection"]
    assert selection["split"] == "none: chosen on the test set"
    best = max(one["test_top1"] for one in selection["grid"])
    assert outcome.scores["attentive_probe_best_on_test/top1"].value == pytest.approx(best)


def test_trap_2_and_40_listing_order_and_global_state_change_no_bit(sets) -> None:
    train, test = sets
    probe = AttentiveProbe(**FAST)
    before = torch.get_rng_state()
    one = probe.run(train, test, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    shuffled = replace(train, items=train.items[::-1])
    assert probe.run(shuffled, replace(test, items=test.items[::-1]), seed=3) == one
    assert probe.run(train, test, seed=4).details["train_loss"] != one.details["train_loss"]


def test_tokens_that_do_not_fit_are_read_again_with_equal_bits(sets, made) -> None:
    train, test = sets
    kept = AttentiveProbe(**ONE).run(train, test)
    asked: list[str] = []
    stream = made.Ordered(inner=train, asked=asked)
    small = AttentiveProbe(**ONE, memory_gb=1e-6)
    read = small.run(stream, made.Ordered(inner=test, asked=[]))
    assert read.scores == kept.scores
    assert read.details["train_loss"] == kept.details["train_loss"]
    assert (kept.details["train_tokens"], read.details["train_tokens"]) == ("memory", "read in every epoch")
    assert len(asked) == 60 * (1 + 6)  # once to look, then every epoch
    assert asked[60:120] != sorted(asked[60:120])
    assert sorted(asked[60:120]) == sorted(asked[:60])
    with pytest.raises(UsageError, match=r"need 0\.0 GB, memory_gb allows 1e-06"):
        small.run(train, test)


def test_features_that_change_are_asked_for_every_epoch(sets, made) -> None:
    train, test = sets
    epochs: list[int] = []
    outcome = AttentiveProbe(**ONE).run(made.Changing(inner=train, epochs=epochs), test)
    assert epochs == list(range(6))
    assert outcome.details["train_features"] == {"kind": "live"}
    assert outcome.details["train_loss"] != AttentiveProbe(**ONE).run(train, test).details["train_loss"]


def test_each_view_is_a_bag_or_all_clips_of_a_view_are_one() -> None:
    rows = np.arange(2 * 3 * 4 * 1).reshape(6, 4, 1).astype(np.float32)  # 2 moments x 3 crops of 4 tokens
    assert bags_of(rows, "each", 3, "v") is rows
    across = bags_of(rows, "across", 3, "v")
    assert across.shape == (3, 8, 1)
    np.testing.assert_array_equal(across[1, :, 0], [4, 5, 6, 7, 16, 17, 18, 19])
    assert bags_of(rows, "across", 1, "v").shape == (1, 24, 1)
    with pytest.raises(FeatureError, match="video 'v' has 6 rows, which are not whole sets of 4"):
        bags_of(rows, "across", 4, "v")


def test_spatial_views_are_read_off_the_spans(fake, made) -> None:
    how = {"role": "train", "segments": "across", "spatial_views": None, "memory_bytes": 1e9}
    clips = gather_tokens(made.tokens(fake, 4, clips=3), **how)
    assert (clips.bags.spatial_views, clips.bags.counts.tolist()) == (1, [1] * 4)
    views = gather_tokens(made.tokens(fake, 4, clips=3, spans="views"), **how)
    assert (views.bags.spatial_views, views.bags.counts.tolist()) == (3, [3] * 4)
    each = gather_tokens(made.tokens(fake, 4, clips=3), **{**how, "segments": "each"})
    assert each.table.offsets.tolist() == [0, 3, 6, 9, 12]


@pytest.mark.parametrize("segments", ["each", "across"])
def test_several_clips_train_and_are_all_used(fake, made, segments: str) -> None:
    train, test = made.tokens(fake, 60, clips=2), made.tokens(fake, 30, clips=4, prefix="e")
    outcome = AttentiveProbe(**{**ONE, "epochs": 20, "learning_rates": (1e-2,)}, segments=segments).run(
        train, test
    )
    assert outcome.details["test_bags"] == (120 if segments == "each" else 30)
    assert outcome.scores["attentive_probe/top1"].value > 80


def test_an_interrupted_run_goes_on_and_leaves_nothing_behind(
    sets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twlv.heads import train_attentive
    from twlv.heads.checkpoint import Checkpoint

    save = Checkpoint.save
    monkeypatch.setattr(Checkpoint, "every_seconds", 0.0)
    monkeypatch.setattr(Checkpoint, "save", lambda self, state, *, final=False: save(self, state, final=True))
    whole = AttentiveProbe(**FAST).run_from(tmp_path / "other", *sets)
    step, calls = train_attentive._step, []

    def dies(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 6 * 4 + 3:  # 48 videos are fitted on: six steps an epoch; this is in the fifth
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(train_attentive, "_step", dies)
    with pytest.raises(KeyboardInterrupt):
        AttentiveProbe(**FAST).run_from(tmp_path / "runs", *sets)
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert AttentiveProbe(**FAST).run_from(tmp_path / "runs", *sets) == whole
    assert len(calls) == (6 * 4 + 3) + 6 * 2 + 8 * 6
    assert list((tmp_path / "runs").iterdir()) == []


def test_missing_videos_and_bad_tokens(sets, fake) -> None:
    train, test = sets
    absent = replace(test, missing=(fake.sample("gone", 1),))
    scores = AttentiveProbe(**ONE).run(train, absent).scores
    assert scores["attentive_probe/top1"].n == 41
    assert scores["attentive_probe/top1_decoded"].n == 40
    embedding, sample = train.items[7]
    for wrong, message in (
        (embedding.vectors * np.nan, "train video 't0007' has a token that is not finite"),
        (embedding.vectors[0], r"train video 't0007': tokens have shape \(12, 16\), expected \(M, N, 16\)"),
    ):
        items = (*train.items[:7], (replace(embedding, vectors=wrong), sample), *train.items[8:])
        with pytest.raises(FeatureError, match=message):
            AttentiveProbe(**ONE).run(replace(train, items=items), test)
    with pytest.raises(FeatureError, match="level 'clip', this task needs 'patch'"):
        AttentiveProbe(**ONE).run(replace(train, level="clip"), test)
    with pytest.raises(FeatureError, match="no test video has an embedding"):
        AttentiveProbe(**ONE).run(train, replace(test, items=()))


def test_trap_1_three_videos_train_and_predict(fake, made) -> None:
    train, test = made.tokens(fake, 3), made.tokens(fake, 3, prefix="e")
    outcome = AttentiveProbe(device="cpu", learning_rates=(1e-3, 3e-3, 1e-2), weight_decays=(0.1,)).run(
        train, test
    )
    assert "too few to hold any out" in outcome.notes[0]
    assert outcome.details["train_loss"] < outcome.details["train_loss_first_epoch"]


def test_divergence_is_said_not_scored(sets) -> None:
    bad = {**FAST, "learning_rates": (1e37, 1e38), "weight_decays": (10.0,), "epochs": 2}
    with pytest.raises(FeatureError, match="diverged at every one of 2 points"):
        AttentiveProbe(**bad).run(*sets)
    with pytest.raises(FeatureError, match="diverged at every one of 2 points"):
        AttentiveProbe(**bad, select="best_on_test").run(*sets)
    mixed = AttentiveProbe(**{**bad, "learning_rates": (5e-3, 1e38), "weight_decays": (0.1,)}).run(*sets)
    assert [one["diverged"] for one in mixed.details["selection"]["grid"]] == [False, True]


def test_a_grid_may_train_in_several_passes(sets, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = AttentiveProbe(**FAST).run(*sets)
    monkeypatch.setattr("twlv.tasks.attentive_training._WEIGHTS_AT_ONCE", 1)
    parts = AttentiveProbe(**FAST).run(*sets)
    assert parts.scores == whole.scores
    for one, other in zip(whole.details["selection"]["grid"], parts.details["selection"]["grid"], strict=True):
        assert one == pytest.approx(other, rel=1e-3)


@pytest.mark.parametrize(
    "fields",
    [
        {"pooler": "mean"},
        {"segments": "some"},
        {"select": "best"},
        {"decay": "none"},
        {"epochs": 0},
        {"batch_size": 0},
        {"splits": 0},
        {"warmup_epochs": -1},
        {"held_out": 1.0},
        {"label_smoothing": 1.0},
        {"learning_rates": ()},
        {"learning_rates": (0.0,)},
        {"weight_decays": (-1.0,)},
        {"clip_norm": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(fields: dict) -> None:
    with pytest.raises(UsageError):
        AttentiveProbe(**fields)
