"""Rates against the formulas, and against torch's own cosine."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from twlv.errors import UsageError
from twlv.pretrain.train.config import TrainConfig
from twlv.pretrain.train.schedule import decay_start, rate, weight_decay


def test_wsd_rises_stays_and_falls_as_one_minus_the_root() -> None:
    config = TrainConfig(steps=100, lr=2.0, lr_end=0.5, warmup_steps=10)
    assert rate(config, 0) == pytest.approx(0.2)
    assert rate(config, 9) == rate(config, 50) == rate(config, 79) == rate(config, 80) == 2.0
    assert rate(config, 85) == pytest.approx(0.5 + 1.5 * (1 - math.sqrt(5 / 20)))
    assert rate(config, 100) == pytest.approx(0.5)


def test_cosine_is_torchs() -> None:
    config = TrainConfig(steps=50, lr=1e-3, lr_end=1e-5, schedule="cosine")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1e-3)
    other = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50, eta_min=1e-5)
    for step in range(50):
        assert rate(config, step) == pytest.approx(other.get_last_lr()[0], rel=1e-9)
        optimizer.step()
        other.step()


@given(
    steps=st.integers(1, 500),
    warmup=st.integers(0, 600),
    share=st.floats(0, 1),
    schedule=st.sampled_from(["wsd", "cosine"]),
)
def test_a_rate_is_above_zero_in_every_step_and_never_above_the_highest(
    steps: int, warmup: int, share: float, schedule: str
) -> None:
    config = TrainConfig(steps=steps, lr=1.0, warmup_steps=warmup, decay_share=share, schedule=schedule)  # type: ignore[arg-type]
    rates = [rate(config, step) for step in range(steps)]
    assert all(0 < value <= 1 for value in rates)


@given(steps=st.integers(10, 200), more=st.integers(1, 200))
def test_until_the_decay_a_longer_wsd_run_has_the_same_rates(steps: int, more: int) -> None:
    short, long = (TrainConfig(steps=n, lr=1.0, warmup_steps=5) for n in (steps, steps + more))
    for step in range(decay_start(short)):
        assert rate(short, step) == rate(long, step)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"steps": 0}, "steps"),
        ({"ema": 1.0}, "ema"),
        ({"lr": float("nan")}, "lr"),
        ({"monitor_clips": 33}, "monitor_clips"),
        ({"best": "knn_looks"}, "knn_appearance"),
        ({"optimizer": "muon", "parallel": "fsdp"}, "muon"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(values: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        TrainConfig(**{"steps": 10, **values})  # type: ignore[arg-type]


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 40))
def test_weight_decay_goes_from_one_end_to_the_other_without_turning(a: float, b: float, steps: int) -> None:
    config = TrainConfig(steps=steps + 1, weight_decay=a, weight_decay_end=b)
    found = [weight_decay(config, step) for step in range(steps + 1)]
    assert found[0] == pytest.approx(a, abs=1e-12)
    assert found[-1] == pytest.approx(b, abs=1e-12)
    assert sorted(found, reverse=a > b) == pytest.approx(found)
    constant = TrainConfig(steps=steps, weight_decay=a)
    assert {weight_decay(constant, step) for step in range(steps)} == {a}
