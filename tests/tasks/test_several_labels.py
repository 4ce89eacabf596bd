"""Probes of videos with several labels each: binary cross-entropy of every class, mean average precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch.nn import functional

from twlv.errors import FeatureError, UsageError
from twlv.heads.attentive_updates import _cross_entropy as attentive_loss
from twlv.heads.judged import JudgedSeveral, judged
from twlv.heads.train_linear import _loss_and_gradient as linear_loss
from twlv.tasks import KNN, AttentiveProbe, LinearProbe
from twlv.tasks.split import hold_out
from twlv.types import ClassLabel, ClassLabels, DatasetCard, Embedding, Sample

NAMES = ("a", "b", "c", "never")
FAST = {"learning_rates": (0.1, 0.5), "weight_decays": (0.0,), "epochs": 30, "batch_size": 32, "device": "cpu"}
TOKENS = {
    "learning_rates": (3e-3, 1e-2),
    "weight_decays": (0.1,),
    "epochs": 15,
    "batch_size": 16,
    "device": "cpu",
}
Make = Callable[..., object]


@pytest.fixture
def make(fake: ModuleType) -> Make:
    """Videos that have class i where number i of their vector is above 0.5; some have none."""

    def features(n: int, *, seed: int, prefix: str, level: str = "clip", group: int = 0) -> object:
        random = np.random.default_rng(seed)
        items = []
        for number in range(n):
            has = random.random(3) < 0.4
            vector = np.concatenate([has, np.zeros(5)]) + 0.35 * random.standard_normal(8)
            rows = (
                vector[None]
                if level == "clip"
                else np.stack([vector, *random.standard_normal((4, 8)) * 0.3])[None]
            )
            name = f"{prefix}{number:03}"
            sample = Sample(
                video_id=name,
                path=name,
                target=ClassLabels(indices=tuple(np.flatnonzero(has).tolist())),
                group=f"g{number // group}" if group else "",
            )
            made = Embedding(
                video_id=name,
                level=level,
                vectors=rows.astype(np.float32),
                spans_seconds=np.array([[0.0, 1.0]]),
            )
            items.append((made, sample))
        return fake.FakeFeatures(
            items=tuple(items),
            dataset=DatasetCard(name="several", classes=NAMES),
            backbone=replace(fake.CARD, dim=8),
            level=level,
        )

    return features


def test_a_linear_probe_ranks_the_videos_of_each_class(make: Make) -> None:
    train, test = make(200, seed=0, prefix="t"), make(120, seed=1, prefix="e")
    outcome = LinearProbe(**FAST).run(train, test)
    assert list(outcome.scores) == ["linear_probe/map"]
    score = outcome.scores["linear_probe/map"]
    truth = np.array([[i in sample.target.indices for i in range(3)] for _, sample in test])
    known = np.concatenate([embedding.vectors[:, :3] for embedding, _ in test])
    best = 100 * average_precision_score(truth, known)
    assert score.value == pytest.approx(best, abs=4.0)
    assert score.ci95[0] < score.value < score.ci95[1]
    assert score.n == 120
    assert outcome.predictions == ()
    assert outcome.details["chance_map"] == pytest.approx(100 * truth.mean(axis=0).mean())
    assert outcome.details["classes_in_test"] == 3
    grid = outcome.details["selection"]["grid"]
    assert outcome.details["selection"]["split"].startswith("held out of train, at random")
    assert max(one["held_out_map"] for one in grid) == outcome.details["selection"]["best"]["held_out_map"]
    assert outcome.details["train_loss"] < outcome.details["train_loss_first_epoch"]


def test_an_attentive_probe_does(make: Make) -> None:
    train, test = (make(n, seed=n, prefix=p, level="patch", group=4) for n, p in ((120, "t"), (60, "e")))
    outcome = AttentiveProbe(**TOKENS).run(train, test)
    assert list(outcome.scores) == ["attentive_probe/map"]
    assert outcome.scores["attentive_probe/map"].value > outcome.details["chance_map"] + 25
    best = AttentiveProbe(**TOKENS, select="best_on_test").run(train, test)
    tried = [one["test_map"] for one in best.details["selection"]["grid"]]
    assert best.scores["attentive_probe_best_on_test/map"].value == pytest.approx(max(tried))
    with pytest.raises(UsageError, match="label_smoothing is for videos of one class"):
        AttentiveProbe(**TOKENS, label_smoothing=0.1).run(train, test)


def test_a_video_without_an_embedding_ranks_last(make: Make) -> None:
    train, test = make(100, seed=0, prefix="t"), make(60, seed=1, prefix="e")
    gone = Sample(video_id="gone", path="gone", target=ClassLabels(indices=(0, 1, 2)))
    whole = LinearProbe(**FAST).run(train, test).scores["linear_probe/map"].value
    scores = LinearProbe(**FAST).run(train, replace(test, missing=(gone,))).scores
    assert scores["linear_probe/map_decoded"].value == whole
    assert (scores["linear_probe/map"].n, scores["linear_probe/map_decoded"].n) == (61, 60)
    assert scores["linear_probe/map"].value < whole - 1
    left_out = LinearProbe(**FAST, missing="exclude").run(train, replace(test, missing=(gone,))).scores
    assert {name: score.value for name, score in left_out.items()} == {"linear_probe/map": whole}


def test_losses_are_those_of_a_logistic_regression_of_each_class() -> None:
    random = torch.Generator().manual_seed(0)
    inputs, weight = (torch.randn(*shape, generator=random) for shape in ((6, 5), (5, 2 * 4)))
    truth = torch.rand(6, 4, generator=random) < 0.4
    weight.requires_grad_()
    with torch.enable_grad():
        logits = (inputs @ weight).view(6, 2, 4)
        each = functional.binary_cross_entropy_with_logits(
            logits, truth[:, None].float().expand(-1, 2, -1), reduction="none"
        ).sum(dim=-1)
        (each.sum(dim=1).mean()).backward()
    loss, gradient = linear_loss(inputs, truth, weight.detach(), torch.zeros(8), 4)
    torch.testing.assert_close(loss, each.sum(dim=0).detach())
    torch.testing.assert_close(inputs.T @ gradient, weight.grad)
    torch.testing.assert_close(attentive_loss(logits.detach(), truth, 0.0), each.sum(dim=0).detach())
    probability = logits.detach().double().sigmoid().numpy()
    held = judged(probability, truth.numpy())
    assert isinstance(held, JudgedSeveral)
    np.testing.assert_allclose(held.loss, each.detach().numpy(), rtol=1e-5)


def test_held_out_groups_stay_whole_though_classes_have_no_say() -> None:
    truth = np.random.default_rng(0).random((40, 3)) < 0.3
    split = hold_out(truth, [f"g{i // 4}" for i in range(40)], 0.25, seed=0)
    assert split.rule == "by group"
    assert {i // 4 for i in split.held_out}.isdisjoint({i // 4 for i in split.fit})
    assert len(hold_out(truth, [""] * 40, 0.25, seed=0).held_out) == 10


def test_what_does_not_fit_is_named(make: Make) -> None:
    train, test = make(20, seed=0, prefix="t"), make(10, seed=1, prefix="e")
    with pytest.raises(FeatureError, match="has several class labels; recognition needs one"):
        KNN(k=1).run(train, test)
    for target, message in (
        (ClassLabels(indices=(0, 4)), r"video 'e003' has label 4, but the data set has 4 classes \(0 to 3\)"),
        (ClassLabel(index=0), "video 'e003' has not a list of class labels"),
    ):
        items = list(test.items)
        items[3] = (items[3][0], replace(items[3][1], target=target))
        with pytest.raises(FeatureError, match=message):
            LinearProbe(**FAST).run(train, replace(test, items=tuple(items)))
    single = replace(test, items=tuple((e, replace(s, target=ClassLabel(index=0))) for e, s in test.items))
    with pytest.raises(FeatureError, match="of train and test, one has a class label for each video"):
        LinearProbe(**FAST).run(train, single)
