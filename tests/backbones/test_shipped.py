"""Weights that come with the package: whole, small, it is said how they were made, and they know directions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from twlv import backbones
from twlv.backbones.entries_shipped import ENTRIES, FOLDER
from twlv.backbones.folder import WEIGHTS
from twlv.backbones.own import config_json
from twlv.backbones.table import TABLE
from twlv.errors import UsageError, WeightsError
from twlv.pretrain import ship as shipping
from twlv.pretrain.ablation.readout import Labelled, ridge
from twlv.pretrain.recipes import recipe
from twlv.video import normalize
from twlv.video.synthetic import Fixed, draw, preset, render

SHIPPED = [entry for entry in ENTRIES if not entry.card.name.endswith(".random")]
DIRECTIONS = ("right", "left")


@pytest.mark.parametrize("entry", SHIPPED, ids=lambda entry: entry.card.name)
def test_the_card_says_what_is_in_the_folder(entry: backbones.table.Entry) -> None:
    assert {folder.name for folder in FOLDER.iterdir()} == {shipped.card.name for shipped in SHIPPED}
    model = backbones.load(entry.card.name, device="cpu", dtype="float32")
    assert model.card == entry.card
    assert (FOLDER / entry.card.name / WEIGHTS).stat().st_size <= 25_000_000
    assert entry.card.licence == "Apache-2.0"
    assert "synthetic" in entry.card.pretrained_on


def test_the_tiny_model_is_that_of_its_recipe_and_its_twin_is_untrained() -> None:
    made = recipe("twlv1_tiny_cpu")
    tiny, random = TABLE["twlv1_tiny.rendered"], TABLE["twlv1_tiny.random"]
    assert tiny.config == random.config == config_json(made.objective.encoder)
    assert f"twlv1_tiny_cpu, {made.train.steps} of {made.train.steps} steps" in tiny.card.weights
    assert random.card.weights_sha256 == ""
    assert random.card.pretrained_on == ()


def _features(name: str, seed: int, count: int) -> Labelled:
    """Embeddings of easy rendered clips that go right (0) or left (1)."""
    model = backbones.load(name, device="cpu", dtype="float32")
    labels = np.arange(count) % 2
    scenes = [
        draw(seed, number, factors=preset("easy"), fixed=Fixed(direction=DIRECTIONS[label]))
        for number, label in enumerate(labels)
    ]
    frames = render(scenes, num_frames=model.card.num_frames, size_px=model.card.image_size_px)
    tokens = model.encode(normalize(frames, model.card.mean, model.card.std)).patches
    vectors = tokens.mean(dim=(1, 2, 3)).double().numpy()
    return Labelled(features=vectors, labels=labels, clips=np.arange(count))


def test_it_tells_right_from_left_where_random_weights_and_image_models_hardly_do() -> None:
    fit, scored = (_features("twlv1_tiny.rendered", seed, 96) for seed in (11, 12))
    assert np.mean(ridge(fit, scored.features) == scored.labels) > 0.9


def test_shipping_keeps_the_weights_and_changes_only_words(tmp_path: Path) -> None:
    model = backbones.load("twlv1_tiny.random", device="cpu", dtype="float32")
    assert isinstance(model, backbones.loaded.LoadedBackbone)
    backbones.save(tmp_path / "run" / "backbone", model)
    folder = shipping.ship(tmp_path / "run", "mine.v1", licence="MIT", into=tmp_path / "out")
    again = backbones.load(str(folder), device="cpu", dtype="float32")
    assert (again.card.name, again.card.licence) == ("mine.v1", "MIT")
    frames = torch.randn(1, 8, 3, 96, 96)
    torch.testing.assert_close(again.encode(frames).patches, model.encode(frames).patches, rtol=0, atol=0)


def test_what_is_not_finished_or_too_large_is_not_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        shipping.ship(tmp_path, "mine.v1", licence="MIT", into=tmp_path / "out")
    backbones.save(tmp_path / "backbone", backbones.load("twlv1_tiny.random", device="cpu"))
    monkeypatch.setattr(shipping, "_MOST_BYTES", 1000)
    with pytest.raises(UsageError, match="at most 1,000"):
        shipping.ship(tmp_path, "mine.v1", licence="MIT", into=tmp_path / "out")
