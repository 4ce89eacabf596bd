"""Side-by-side heads against torch's own layer, loss and optimisers, one head at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twlv.heads import LinearHeads, LinearRecipe, Places, fit_linear, full_float32, mean_and_scale, standardise
from twlv.heads.train_linear import _epoch_order

CPU = torch.device("cpu")


def data(n: int = 70, dim: int = 6, classes: int = 4) -> tuple[torch.Tensor, Places, np.ndarray]:
    random = np.random.default_rng(0)
    rows = torch.from_numpy(random.standard_normal((n, dim)).astype(np.float32))
    labels = random.integers(0, classes, n)
    return rows, Places(starts=np.arange(n), counts=np.ones(n, dtype=np.int64)), labels


def recipe(**changes) -> LinearRecipe:
    settings = {
        "learning_rates": (1e-2, 3e-2, 0.1),
        "weight_decays": (0.0, 0.1, 0.5),
        "optimizer": "adamw",
        "init": "uniform",
        "epochs": 5,
        "warmup_epochs": 2,
        "batch_size": 32,
    }
    return LinearRecipe(**(settings | changes))


def fit(**changes) -> LinearHeads:
    rows, places, labels = data()
    with full_float32(CPU):
        return fit_linear(rows, places, labels, 4, recipe(**changes), order_seed=1, init_seed=2)


def by_torch(rows, places, labels, classes: int, how: LinearRecipe, head: int) -> torch.nn.Linear:
    """The same training with torch's parts: its schedule is set by hand, from the formula of the spec."""
    start = fit(epochs=1, learning_rates=(1e-30,), weight_decays=(0.0,))  # a step this small changes nothing
    layer = torch.nn.Linear(rows.shape[1], classes)
    with torch.no_grad():
        layer.weight.copy_(start.weight.T)
        layer.bias.copy_(start.bias)
    decay = how.weight_decays[head]
    groups = [{"params": [layer.weight], "weight_decay": decay}, {"params": [layer.bias], "weight_decay": 0.0}]
    make = {"adamw": lambda: torch.optim.AdamW(groups), "sgd": lambda: torch.optim.SGD(groups, momentum=0.9)}
    optimizer = make[how.optimizer]()
    generator = torch.Generator().manual_seed(1)
    steps = -(-len(labels) // how.batch_size)
    g, warm, total = 0, how.warmup_epochs * steps, how.epochs * steps
    for _ in range(how.epochs):
        _, order = _epoch_order(places, generator)
        for batch in order.split(how.batch_size):
            scale = (g + 1) / warm if g < warm else 0.5 * (1 + np.cos(np.pi * (g - warm) / (total - warm)))
            for group in optimizer.param_groups:
                group["lr"] = how.learning_rates[head] * scale
            loss = torch.nn.functional.cross_entropy(layer(rows[batch]), torch.from_numpy(labels)[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            g += 1
    return layer


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_every_head_trains_as_torch_trains_it_alone(optimizer: str) -> None:
    rows, places, labels = data()
    heads, how = fit(optimizer=optimizer), recipe(optimizer=optimizer)
    for head in range(3):
        layer = by_torch(rows, places, labels, 4, how, head)
        one = heads.only(np.array([head]))
        torch.testing.assert_close(one.weight, layer.weight.T.detach(), atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(one.bias, layer.bias.detach(), atol=2e-5, rtol=1e-4)


def test_initial_weights_are_uniform_within_one_over_root_d() -> None:
    rows = torch.zeros(4, 400)
    places = Places(starts=np.arange(4), counts=np.ones(4, dtype=np.int64))
    how = recipe(learning_rates=(1e-30,), weight_decays=(0.0,), epochs=1)
    heads = fit_linear(rows, places, np.array([0, 1, 2, 3]), 50, how, order_seed=0, init_seed=3)
    bound = 1 / 20
    assert 0.99 * bound < float(heads.weight.abs().max()) <= bound
    assert float(heads.weight.std()) == pytest.approx(bound / 3**0.5, rel=0.02)
    assert 0 < float(heads.bias.abs().max()) <= bound


def test_trap_1_the_incomplete_last_batch_is_trained_on() -> None:
    how = recipe(batch_size=1024)
    assert how.steps_per_epoch(1025) == 2
    assert how.steps_per_epoch(3) == 1
    assert recipe(batch_size=1024, drop_last=True).steps_per_epoch(1025) == 1
    heads = fit(batch_size=69)
    dropped = fit(batch_size=69, drop_last=True)
    assert not torch.equal(heads.weight, dropped.weight)


def test_epoch_order_visits_every_video_once_by_one_of_its_rows() -> None:
    places = Places(starts=np.array([0, 3, 4, 10]), counts=np.array([3, 1, 6, 2]))
    generator = torch.Generator().manual_seed(0)
    seen: dict[int, set[int]] = {}
    for _ in range(200):
        rows, videos = _epoch_order(places, generator)
        assert sorted(videos.tolist()) == [0, 1, 2, 3]
        for row, video in zip(rows.tolist(), videos.tolist(), strict=True):
            seen.setdefault(video, set()).add(row)
    assert seen == {0: {0, 1, 2}, 1: {3}, 2: set(range(4, 10)), 3: {10, 11}}


def identity_head(dim: int) -> LinearHeads:
    none = np.zeros(1)
    return LinearHeads(
        weight=torch.eye(dim), bias=torch.zeros(dim), num_classes=dim, first_loss=none, last_loss=none
    )


def test_trap_16_probabilities_are_averaged_not_logits() -> None:
    """Two classes, margins 8, -2, -2: the mean logit says class 0, the mean probability 0.413 class 1."""
    rows = torch.tensor([[8.0, 0.0], [-2.0, 0.0], [-2.0, 0.0]])
    heads = identity_head(2)
    mean = heads.probabilities(rows, np.array([3]))
    assert mean[0, 0, 0] == pytest.approx(0.413, abs=5e-4)
    judged = heads.judge(rows, Places(starts=np.array([0]), counts=np.array([3])), np.array([1]))
    assert judged.predicted[0, 0] == 1
    assert judged.rank[0, 0] == 0
    assert judged.loss[0, 0] == pytest.approx(-np.log(1 - 0.41294), abs=1e-3)


def test_judging_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    counts = random.integers(1, 5, 40)
    places = Places(starts=np.cumsum(counts) - counts, counts=counts)
    rows = torch.from_numpy(random.standard_normal((counts.sum(), 5)).astype(np.float32))
    labels = random.integers(0, 5, 40)
    whole = identity_head(5).judge(rows, places, labels)
    monkeypatch.setattr("twlv.heads.linear._BLOCK", 30)
    parts = identity_head(5).judge(rows, places, labels)
    np.testing.assert_array_equal(whole.rank, parts.rank)
    np.testing.assert_allclose(whole.loss, parts.loss, rtol=1e-12)
    for i in range(40):  # each video by itself
        own = torch.softmax(rows[places.index(slice(i, i + 1))].double(), -1).mean(0)
        assert int(own.argmax()) == whole.predicted[i, 0]


def test_a_head_that_diverges_leaves_the_others_alone() -> None:
    heads = fit(optimizer="sgd", learning_rates=(1e-2, 1e38), weight_decays=(0.0, 1.0))
    alone = fit(optimizer="sgd", learning_rates=(1e-2,), weight_decays=(0.0,))
    assert heads.finite == [True, False]
    torch.testing.assert_close(heads.only(np.array([0])).weight, alone.weight)


def test_standardise_equals_numpy() -> None:
    rows = np.random.default_rng(2).standard_normal((100, 5)).astype(np.float32) * 7 + 1000
    rows[:, 3] = 4.0
    mean, scale = mean_and_scale(rows, block=9)
    np.testing.assert_allclose(mean, rows.astype(np.float64).mean(0))
    np.testing.assert_allclose(scale[:3], rows.astype(np.float64).std(0)[:3])
    assert scale[3] == 1.0
    expected = (rows.astype(np.float64) - mean) / scale
    standardise(rows, mean, scale, block=9)
    np.testing.assert_allclose(rows, expected, rtol=1e-5, atol=1e-6)
