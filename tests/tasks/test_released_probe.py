"""A released probe as a task: scored on a test split, trained on nothing."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv.errors import FeatureError, UsageError, WeightsError
from twlv.nn.attentive_pool import AttentiveClassifier, initialise_probe, pooler_config
from twlv.results.record import configuration
from twlv.tasks import ReleasedProbe

DIM, CLASSES = 16, 3


@pytest.fixture(scope="module")
def test_set(fake):
    name = "twlv_tests_tasks_token_features_released"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("token_features.py"))
    made = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made.tokens(fake, 30, prefix="e", clips=2)


def classifier(seed: int, classes: int = CLASSES) -> AttentiveClassifier:
    probe = AttentiveClassifier(pooler_config("vjepa", DIM, num_heads=2), classes)
    initialise_probe(probe, seed=seed)
    with torch.no_grad():
        for parameter in probe.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed)))
    return probe.eval()


def theirs(probe: AttentiveClassifier) -> dict[str, torch.Tensor]:
    """The state dict under the names of V-JEPA 2's class."""
    block = "module.pooler.cross_attention_block."
    names = {"query": "module.pooler.query_tokens", "norm.": f"{block}norm1.", "mlp_norm.": f"{block}norm2."}
    names |= {"mlp.": f"{block}mlp.", "q.": f"{block}xattn.q.", "kv.": f"{block}xattn.kv."}
    found = {}
    for name, value in probe.state_dict().items():
        own = name.removeprefix("pooler.")
        start = next((start for start in names if own.startswith(start)), None)
        new = f"module.{name}" if start is None or own == name else names[start] + own.removeprefix(start)
        found[new] = value
    return found


@pytest.fixture
def one(tmp_path: Path) -> Path:
    torch.save({"classifier": theirs(classifier(0)), "epoch": 20}, tmp_path / "one.pth.tar")
    return tmp_path / "one.pth.tar"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    torch.save({"classifiers": [theirs(classifier(seed)) for seed in range(4)]}, tmp_path / "several.pt")
    return tmp_path / "several.pt"


def answers(probe: AttentiveClassifier, features) -> list[int]:
    with torch.no_grad():
        each = [probe(torch.from_numpy(e.vectors)).softmax(-1).mean(0).argmax() for e, _ in features]
    return [int(answer) for answer in each]


def test_it_answers_as_the_module_and_asks_for_no_training(test_set, one: Path) -> None:
    task = ReleasedProbe(weights=str(one), num_heads=2, device="cpu")
    nothing = replace(test_set, items=())
    outcome = task.run(nothing, test_set, seed=1)
    assert [p.predicted for p in outcome.predictions] == answers(classifier(0), test_set)
    right = np.mean([p.predicted == p.truth for p in outcome.predictions])
    assert outcome.scores["released_probe/top1"].value == pytest.approx(100 * right)
    assert outcome.details["test_bags"] == 60
    assert "train_videos" not in outcome.details
    recorded = configuration(task)
    assert recorded["weights"] == "one.pth.tar"
    assert len(recorded["weights_sha256"]) == 64


def test_of_several_probes_one_is_named_or_the_best_said_to_be(test_set, several: Path) -> None:
    settings = {"weights": str(several), "num_heads": 2, "device": "cpu"}
    with pytest.raises(UsageError, match="holds 4 probes: name one"):
        ReleasedProbe(**settings).run(test_set, test_set)
    with pytest.raises(UsageError, match="holds the probes 0 to 3, asked for 4"):
        ReleasedProbe(**settings, probe=4).run(test_set, test_set)
    third = ReleasedProbe(**settings, probe=2).run(test_set, test_set)
    assert [p.predicted for p in third.predictions] == answers(classifier(2), test_set)
    best = ReleasedProbe(**settings, best_on_test=True).run(test_set, test_set)
    tried = best.details["test_top1_by_probe"]
    assert best.scores["released_probe_best_on_test/top1"].value == pytest.approx(max(tried))
    assert best.details["probe"] == tried.index(max(tried))
    assert best.notes[0].startswith("BEST ON TEST")
    with pytest.raises(UsageError, match="leave out probe"):
        ReleasedProbe(**settings, probe=1, best_on_test=True)


def test_what_does_not_fit_is_refused(test_set, tmp_path: Path) -> None:
    wide = tmp_path / "wide.pt"
    torch.save({"classifier": theirs(classifier(0, classes=4))}, wide)
    with pytest.raises(FeatureError, match=r"width 16 for 4 classes; .* gives width 16, .* has 3 classes"):
        ReleasedProbe(weights=str(wide), num_heads=2).run(test_set, test_set)
    state = theirs(classifier(0))
    state["module.pooler.more"] = torch.zeros(1)
    torch.save({"classifier": state}, wide)
    with pytest.raises(WeightsError, match=r"do not fit an attentive probe: 1 left over \(pooler\.more\)"):
        ReleasedProbe(weights=str(wide), num_heads=2).run(test_set, test_set)
    with pytest.raises(UsageError, match="say which probe"):
        ReleasedProbe().run(test_set, test_set)
    with pytest.raises(WeightsError, match="no such file"):
        ReleasedProbe(weights=str(tmp_path / "absent.pt"))
