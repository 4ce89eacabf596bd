"""Recipes by name, settings by path, and the command; ``smoke`` is run in earnest."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import twlv
from twlv.cli import pretrain
from twlv.cli.main import main
from twlv.cli.pretrain import chosen
from twlv.errors import UnknownName, UsageError
from twlv.pretrain.recipes import RECIPES, recipe
from twlv.pretrain.train.recipe import FREE, Recipe, differences, flat


def test_smoke_runs_and_its_backbone_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrain", "smoke", "--out", str(tmp_path / "run"), "--set", "train.device=cpu"]) == 0
    shown = capsys.readouterr()
    assert "step 20: loss" in shown.err
    assert f"twlv.load('{tmp_path / 'run' / 'backbone'}')" in shown.out
    model = twlv.load(str(tmp_path / "run" / "backbone"))
    assert model.card.name == "smoke"
    steps = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in steps if row["kind"] == "step"]
    assert losses[-1] < losses[0]
    assert main(["pretrain", "smoke", "--out", str(tmp_path / "run")]) == 2
    assert "--resume" in capsys.readouterr().err


def test_a_stopped_run_says_how_to_go_on_and_exits_with_130(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(row: Mapping[str, Any]) -> None:
        if row["step"] == 5:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(pretrain, "_show", ask)
    words = [
        "pretrain",
        "smoke",
        "--out",
        str(tmp_path),
        "--set",
        "train.steps=8",
        "--set",
        "train.monitor_clips=0",
    ]
    assert main(words) == 130
    assert "stopped after step 6 of 8 (SIGINT)" in capsys.readouterr().out
    assert main([*words, "--resume"]) == 0


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_says_hardware_hours_and_outcome_and_marks_what_is_inferred(name: str) -> None:
    text = " ".join((RECIPES[name].__doc__ or "").split())
    for word in ("Hardware", "Hours", "Expected"):
        assert word in text, f"{name}: nothing is said of {word}"
    if name != "smoke":
        assert re.search(r"\[[IM][\]:;,]", text)
    made = recipe(name)
    assert made.name == name
    assert made == recipe(name)


def test_full_recipes_have_the_report_s_sizes_and_data() -> None:
    for name, width, ssv2 in (("b", 768, False), ("l", 1024, False), ("l_ssv2", 1024, True)):
        made = recipe(f"twlv1_vit_{name}")
        encoder = made.objective.encoder
        assert (encoder.width, encoder.num_frames, encoder.image_size_px) == (width, 16, 224)
        assert ("ssv2" in [source.name for source in made.data.clips]) == ssv2
        assert made.data.num_clips == made.data.num_images == 2048


def test_a_stage_0_has_no_teachers() -> None:
    for name in RECIPES:
        if name.endswith("stage_0"):
            assert [use.label for use in recipe(name).objective.uses] == ["pixels", "displacement"]
            assert recipe(name).objective.encoder == recipe(name.removesuffix("_stage_0")).objective.encoder


# ---------------------------------------------------------------- settings


def test_settings_that_only_fit_together_are_given_together() -> None:
    made = chosen(
        "smoke", ("data.form.size_px=48", "objective.encoder.image_size_px=48", "train.betas=[0.8, 0.9]")
    )
    assert made.objective.encoder.image_size_px == made.data.form.size_px == 48
    assert made.train.betas == (0.8, 0.9)
    with pytest.raises(UsageError, match=r"48 px.*32 px; set both"):
        chosen("smoke", ("data.form.size_px=48",))


def test_items_go_by_name_or_number() -> None:
    for path in ("objective.uses.displacement.weight", "objective.uses.1.weight"):
        weights = [use.weight for use in chosen("smoke", (f"{path}=0.75",)).objective.uses]
        assert weights == [0.25, 0.75]
    assert chosen("smoke", ("objective.uses.displacement.target.radius=3",)) != recipe("smoke")


@pytest.mark.parametrize(
    ("word", "kind", "message"),
    [
        ("train.step=3", UnknownName, r"'train\.step'; did you mean train\.steps"),
        ("objective.uses.pixel.weight=3", UnknownName, r"did you mean objective\.uses\.pixels"),
        (
            "objective.uses.pixels.weight=much",
            UsageError,
            r"--set objective\.uses\.pixels\.weight: expected float",
        ),
        ("objective.uses.pixels=3", UsageError, "no single value; name one of: target, name, weight"),
        ("train.lr.high=3", UsageError, r"train\.lr has no fields; it is 0\.003"),
        ("train.optimizer=sgd", UsageError, "one of adamw, muon"),
        ("train.steps=0", UsageError, r"train\.steps is 1 or more"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(word: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        chosen("smoke", (word,))


def test_an_unknown_recipe_has_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrain", "twlv1_vit_bb"]) == 2
    assert "did you mean twlv1_vit_b" in capsys.readouterr().err


def test_without_a_folder_the_recipe_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrain"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in RECIPES)
    assert main(["pretrain", "twlv1_tiny_cpu", "--set", "train.lr=0.125"]) == 0
    shown = capsys.readouterr().out
    assert "Hardware" in shown
    assert "  train.lr = 0.125" in shown


# ---------------------------------------------------------------- comparing


@given(name=st.sampled_from(sorted(flat(recipe("smoke")))), step=st.integers(0, 20))
def test_a_recipe_differs_from_itself_in_nothing_and_from_a_changed_one_in_that(name: str, step: int) -> None:
    made: Recipe = recipe("smoke")
    kept = flat(made)
    assert differences(kept, made, step=step) == []
    found = differences({**kept, name: "another"}, made, step=step)
    assert found == [] or found[0].startswith(f"{name}: 'another' in the checkpoint, ")
    assert found or name in FREE or name == "train.steps"


def test_every_field_of_what_is_learnt_counts() -> None:
    made = recipe("smoke")
    for name in flat(made):
        if name.startswith("objective.") and name != "objective.recompute":
            assert differences({**flat(made), name: "another"}, made, step=1), name
