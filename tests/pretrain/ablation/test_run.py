"""Runs that leave one file each, go on after a stop, and a table made of the files alone."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twlv.errors import InputError, TwlvError, UnknownName
from twlv.pretrain.ablation import run as running
from twlv.pretrain.ablation.__main__ import main
from twlv.pretrain.ablation.micro import Budget, micro
from twlv.pretrain.ablation.probes import ProbeSizes
from twlv.pretrain.ablation.run import Places, run
from twlv.pretrain.ablation.table import score, table
from twlv.pretrain.ablation.variants import A, D, Variant, variant, variants
from twlv.pretrain.batch import Batch
from twlv.pretrain.data.loader import Loader
from twlv.pretrain.data.settings import DataSettings, open_loader
from twlv.pretrain.train.loop import Finished, train
from twlv.pretrain.train.recipe import Recipe

BUDGET = Budget(steps=3, num_clips=4, pool=8, width=32, depth=2, num_frames=4, size_px=16, stage_0_steps=2)
SIZES = ProbeSizes(fit=48, selection=24, reported=24)


def _places(folder: Path) -> Places:
    return Places(results=folder / "results", work=folder / "work")


def test_a_run_leaves_all_that_made_it_and_is_not_made_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = _places(tmp_path)
    made = run(variant("A+B"), seed=1, budget=BUDGET, sizes=SIZES, places=places)
    found = json.loads(made.read_text())
    assert found["recipe"]["train.seed"] == found["recipe"]["objective.seed"] == found["seed"] == 1
    assert found["budget"]["pool"] == 8
    assert set(found["losses"]) == {"A", "B", "B_visible"}
    assert set(found["scores"]) == {"selection", "reported"}
    assert set(found["scores"]["reported"]) == {"appearance", "direction", "reversal", "order"}
    assert not list(places.work.iterdir())
    monkeypatch.setattr(running, "train", None)
    assert run(variant("A+B"), seed=1, budget=BUDGET, sizes=SIZES, places=places) == made


def test_a_stopped_run_goes_on_to_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopping:
        def __init__(self, loader: Loader) -> None:
            self.loader, self.close = loader, loader.close

        def batch(self, step: int) -> Batch:
            os.kill(os.getpid(), signal.SIGTERM)
            return self.loader.batch(step)

    def opened(settings: DataSettings, *, seed: int, world: int, rank: int) -> Stopping:
        return Stopping(open_loader(settings, seed=seed, world=world, rank=rank))

    def stopping(recipe: Recipe, out: Path, *, resume: bool) -> Finished:
        return train(recipe, out, resume=resume, batches=opened)

    whole, parted = _places(tmp_path / "whole"), _places(tmp_path / "parted")
    expected = run(variant("A"), seed=0, budget=BUDGET, sizes=SIZES, places=whole)
    monkeypatch.setattr(running, "train", stopping)
    with pytest.raises(TwlvError, match="stopped at step 1"):
        run(variant("A"), seed=0, budget=BUDGET, sizes=SIZES, places=parted)
    monkeypatch.setattr(running, "train", train)
    assert not parted.results.exists()
    found = json.loads(run(variant("A"), seed=0, budget=BUDGET, sizes=SIZES, places=parted).read_text())
    assert found["training"]["resumed"] is True
    assert found["scores"] == json.loads(expected.read_text())["scores"]
    assert found["losses"] == json.loads(expected.read_text())["losses"]


def test_another_budget_seed_or_probe_is_another_file(tmp_path: Path) -> None:
    places, none = _places(tmp_path), variant("none")
    files = {
        run(none, seed=0, budget=BUDGET, sizes=SIZES, places=places),
        run(none, seed=1, budget=BUDGET, sizes=SIZES, places=places),
        run(none, seed=0, budget=replace(BUDGET, pool=9), sizes=SIZES, places=places),
        run(none, seed=0, budget=BUDGET, sizes=replace(SIZES, reported=25), places=places),
    }
    assert len(files) == 4


def test_without_targets_the_encoder_is_as_it_was_drawn(tmp_path: Path) -> None:
    found = json.loads(
        run(variant("none"), seed=0, budget=BUDGET, sizes=SIZES, places=_places(tmp_path)).read_text()
    )
    assert found["trained"] is False
    assert found["losses"] == {}


def test_the_table_averages_seeds_and_keeps_budgets_apart(tmp_path: Path) -> None:
    places = _places(tmp_path)
    made = [run(variant("none"), seed=seed, budget=BUDGET, sizes=SIZES, places=places) for seed in (0, 1)]
    run(variant("none"), seed=0, budget=replace(BUDGET, steps=4), sizes=SIZES, places=places)
    text = table(places.results)
    assert text.count("## 3 steps") == 1
    assert text.count("## 4 steps") == 1
    results = [json.loads(path.read_text()) for path in made]
    mean = sum(score(result, "reported") for result in results) / 2
    assert "| none (random weights) | 2 |" in text
    assert f"| {mean:.3f} |" in text
    values = [result["scores"]["reported"]["direction"]["knn"]["accuracy"] for result in results]
    assert f"{sum(values) / 2:.3f} [{min(values):.3f}, {max(values):.3f}]" in text


def test_d_is_what_an_encoder_says_that_was_trained_before_and_once(tmp_path: Path) -> None:
    places = _places(tmp_path)
    dynamics = Variant(name="D", about="", uses=(D,))
    made = run(dynamics, seed=0, budget=BUDGET, sizes=SIZES, places=places)
    found = json.loads(made.read_text())
    assert set(found["losses"]) == {"D"}
    (stage_0,) = places.work.iterdir()
    steps = _steps(stage_0)
    assert steps[-1]["step"] == 2
    assert str(tmp_path) not in made.read_text()
    with_a = Variant(name="A+D", about="", uses=(A, D))
    run(with_a, seed=0, budget=BUDGET, sizes=SIZES, places=places)
    assert list(places.work.iterdir()) == [stage_0]
    assert _steps(stage_0) == steps


def _steps(folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [row for row in rows if row["kind"] == "step"]


def test_a_score_is_0_by_chance_and_1_when_all_is_right() -> None:
    chance = {"appearance": 1 / 16, "order": 1 / 2}
    for given, expected in ((chance, 0.0), (dict.fromkeys(chance, 1.0), 1.0)):
        cells = {name: {r: {"accuracy": value} for r in ("ridge", "knn")} for name, value in given.items()}
        assert score({"chance": chance, "scores": {"reported": cells}}, "reported") == pytest.approx(expected)


def test_every_variant_is_a_recipe_that_differs_in_its_objective_only() -> None:
    recipes = [micro(one, seed=0, budget=Budget()) for one in variants().values()]
    assert all(recipe.data == recipes[0].data and recipe.train == recipes[0].train for recipe in recipes)
    assert all(recipe.objective.encoder == recipes[0].objective.encoder for recipe in recipes)
    targets = {(recipe.objective.uses, recipe.objective.predictors) for recipe in recipes}
    assert len(targets) == len(recipes)


def test_unknown_variants_and_empty_folders_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnknownName):
        variant("Z")
    with pytest.raises(InputError, match="no results"):
        table(tmp_path)
    assert main(["table", "--results", str(tmp_path)]) == 1
    assert "no results" in capsys.readouterr().err
