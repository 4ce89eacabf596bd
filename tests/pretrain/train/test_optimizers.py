"""Which parameters decay, which Muon steps, and what a step does to them."""

from __future__ import annotations

import pytest
import torch
from pretrain_tiny import tiny
from torch import nn

from twlv.pretrain.objective.objective import Objective
from twlv.pretrain.train.average import Average
from twlv.pretrain.train.config import TrainConfig
from twlv.pretrain.train.optimizers import decays, make
from twlv.pretrain.train.schedule import rate


@pytest.fixture
def objective() -> Objective:
    return Objective(tiny().objective)


def test_nothing_but_matrices_and_kernels_decays(objective: Objective) -> None:
    by_name = dict(objective.named_parameters())
    decayed = {name for name, parameter in by_name.items() if decays(name, parameter)}
    kept = set(by_name) - decayed
    assert "encoder.blocks.0.attention.qkv.weight" in decayed
    assert any("patch_embed" in name for name in decayed)
    assert any("mask_token" in name for name in kept)
    assert all(name.endswith(("weight", "kernel")) for name in decayed)
    for name in decayed:
        assert "norm" not in name
        assert not name.endswith("bias")


def test_what_does_not_decay_stays_where_it_is_without_a_gradient(objective: Objective) -> None:
    config = TrainConfig(steps=10, lr=0.1, weight_decay=0.5)
    with torch.no_grad():
        for parameter in objective.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    make(objective, config).step(config, 0)
    for name, parameter in objective.named_parameters():
        expected = 0.95 if decays(name, parameter) else 1.0
        torch.testing.assert_close(parameter.detach(), torch.full_like(parameter, expected))


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_the_decay_of_a_step_is_that_of_the_schedule(objective: Objective, kind: str) -> None:
    config = TrainConfig(
        steps=3, lr=0.1, weight_decay=0.5, weight_decay_end=0.0, optimizer=kind  # type: ignore[arg-type]
    )  # fmt: skip
    optimizers = make(objective, config)
    with torch.no_grad():
        for parameter in objective.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    for step in range(3):
        optimizers.step(config, step)
    share = (1 - rate(config, 0) * 0.5) * (1 - rate(config, 1) * 0.25)
    for name, parameter in objective.named_parameters():
        expected = share if decays(name, parameter) else 1.0
        torch.testing.assert_close(parameter.detach(), torch.full_like(parameter, expected))


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_every_parameter_is_stepped_once(objective: Objective, kind: str) -> None:
    optimizers = make(objective, TrainConfig(steps=1, optimizer=kind))  # type: ignore[arg-type]
    names = [name.split("#")[0] for part in optimizers.names.values() for name in part]
    assert set(names) == {name for name, p in objective.named_parameters() if p.requires_grad}
    assert ("muon" in optimizers.parts) == (kind == "muon")
    counted = sum(p.numel() for o in optimizers.parts.values() for g in o.param_groups for p in g["params"])
    assert counted == sum(p.numel() for p in objective.parameters() if p.requires_grad)
    if kind == "muon":
        assert all(".blocks." in f".{name}" for name in optimizers.names["muon"])
        assert sum(name.endswith("qkv.weight#2") for name in optimizers.names["muon"]) == 3


def test_muon_takes_queries_keys_and_values_apart() -> None:
    """The stacked matrix moves as three matrices of their own would."""
    torch.manual_seed(0)
    start, gradient = torch.randn(24, 8), torch.randn(24, 8)
    holder = nn.Module()
    holder.blocks = nn.Module()
    holder.blocks.qkv = nn.Linear(8, 24, bias=False)
    with torch.no_grad():
        holder.blocks.qkv.weight.copy_(start)
    config = TrainConfig(steps=5, lr=0.02, weight_decay=0.1, optimizer="muon")
    holder.other = nn.Parameter(torch.zeros(3))
    optimizers = make(holder, config)
    apart = [nn.Parameter(start[k * 8 : k * 8 + 8].clone()) for k in range(3)]
    reference = torch.optim.Muon(
        apart, lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    for step in range(3):
        holder.blocks.qkv.weight.grad = gradient * (step + 1)
        optimizers.step(config, step)
        for k, piece in enumerate(apart):
            piece.grad = gradient[k * 8 : k * 8 + 8] * (step + 1)
        reference.step()
    torch.testing.assert_close(holder.blocks.qkv.weight.detach(), torch.cat([p.detach() for p in apart]))
    assert not torch.equal(holder.blocks.qkv.weight, start)


def test_the_average_is_that_of_its_formula() -> None:
    layer = nn.Linear(1, 1, bias=False)
    values, decay = [1.0, 2.0, 4.0, 8.0], 0.2
    with torch.no_grad():
        layer.weight.fill_(0.5)
    average, expected = Average(layer, decay), 0.5
    for step, value in enumerate(values):
        with torch.no_grad():
            layer.weight.fill_(value)
        average.update(layer, step)
        keep = min(decay, (1 + step) / (10 + step))
        expected = keep * expected + (1 - keep) * value
    assert average.weights["weight"].item() == pytest.approx(expected)
