"""Poolers: a case worked out by hand, the numbers of parameters, where they start, and memory."""

from __future__ import annotations

import math

import pytest
import torch

from twlv.errors import UsageError
from twlv.nn.attentive_pool import AttentiveClassifier, AttentivePooler, initialise_probe, pooler_config


def probe(name: str, width: int, classes: int, **changes: object) -> AttentiveClassifier:
    return AttentiveClassifier(pooler_config(name, width, **changes), classes)


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("width", "classes", "with_projection", "without"),
    [
        (768, 400, 7_396_240, 6_805_648),
        (1024, 400, 13_007_248, 11_957_648),
        (1024, 1000, 13_622_248, 12_572_648),
        (1280, 174, 19_901_614, 18_261_934),
    ],
)
def test_trap_13_parameters_are_those_of_v_jepa(
    width: int, classes: int, with_projection: int, without: int
) -> None:
    with torch.device("meta"):
        assert count(probe("vjepa", width, classes)) == without
        assert count(probe("vjepa", width, classes, out_proj=True)) == with_projection


def test_v_jepa_2_has_three_blocks_more_and_the_others_no_mlp() -> None:
    with torch.device("meta"):
        width = 1024
        block = 12 * width**2 + 13 * width
        assert count(probe("vjepa2", width, 400)) == 11_957_648 + 3 * block
        attention = width + 2 * width + 4 * (width**2 + width)  # the query, the norm, q k v and out
        for name in ("videoglue", "plain"):
            assert count(probe(name, width, 400)) == attention + (width + 1) * 400


def test_trap_13_one_head_of_width_two_by_hand() -> None:
    """The query is not normalised, the reading not projected, and nothing is normalised at the end."""
    pooler = AttentivePooler(pooler_config("vjepa", 2, num_heads=1))
    with torch.no_grad():
        for name, parameter in pooler.named_parameters():
            parameter.copy_(torch.ones_like(parameter) if name.endswith("norm.weight") else 0 * parameter)
        pooler.query.copy_(torch.tensor([[[2.0, -1.0]]]))
        pooler.q.weight.copy_(torch.eye(2))
        pooler.kv.weight[:2].copy_(torch.eye(2))
        pooler.kv.weight[2:].copy_(torch.tensor([[3.0, 0.0], [0.0, 5.0]]))
        pooler.kv.bias[2:].copy_(torch.tensor([0.5, -0.5]))
        pooler.mlp.fc1.weight[0].copy_(torch.tensor([1.0, 0.0]))
        pooler.mlp.fc2.weight[1, 0] = 1.0
    # Tokens (1, 3) and (4, 0) are (-1, 1) and (1, -1) once normalised (up to eps), so q . k is -3 and 3, and
    # the weight of the second is 1 / (1 + exp(-6 / sqrt 2)).
    weight = 1 / (1 + math.exp(-6 / math.sqrt(2)))
    mean = 2 * weight - 1
    first, second = 2.0 + 3 * mean + 0.5, -1.0 - 5 * mean - 0.5
    hidden = 1.0 if first > second else -1.0  # the first entry of (first, second), normalised
    gelu = hidden * 0.5 * (1 + math.erf(hidden / math.sqrt(2)))
    pooled = pooler(torch.tensor([[[1.0, 3.0], [4.0, 0.0]]]))
    torch.testing.assert_close(pooled, torch.tensor([[first, second + gelu]]), atol=1e-4, rtol=0)


def test_without_its_complete_block_v_jepa_has_neither_norm_nor_residual() -> None:
    config = pooler_config("vjepa", 8, complete_block=False)
    names = {name for name, _ in AttentivePooler(config).named_parameters()}
    assert names == {"query", "q.weight", "q.bias", "kv.weight", "kv.bias"}
    kept = pooler_config("plain", 8)
    assert kept.token_norm
    assert kept.out_proj
    assert not kept.complete_block


def test_starting_weights() -> None:
    module = probe("vjepa2", 64, 10)
    before = torch.get_rng_state()
    initialise_probe(module, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    again = probe("vjepa2", 64, 10)
    initialise_probe(again, seed=3)
    state = {name: value.detach() for name, value in module.named_parameters()}
    assert all(torch.equal(value, state[name]) for name, value in again.named_parameters())
    spread = {name: float(value.std()) for name, value in state.items() if value.ndim == 2}
    expected = {
        "pooler.kv.weight": 0.02,
        "pooler.blocks.0.attention.proj.weight": 0.02 / math.sqrt(2),
        "pooler.blocks.2.mlp.fc2.weight": 0.02 / math.sqrt(6),
        "pooler.mlp.fc2.weight": 0.02 / math.sqrt(6),
        "linear.weight": 1 / math.sqrt(3 * 64),
    }
    for name, value in expected.items():
        assert spread[name] == pytest.approx(value, rel=0.12), name
    assert float(state["pooler.norm.weight"].min()) == 1.0
    assert float(state["pooler.kv.bias"].abs().max()) == 0.0
    assert float(state["linear.bias"].abs().max()) > 0.0


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(UsageError, match="width 10 cannot be cut into 3"):
        pooler_config("vjepa", 10, num_heads=3)
    with pytest.raises(UsageError, match="vjepa, vjepa2"):
        pooler_config("jepa", 10)  # type: ignore[arg-type]
    assert [pooler_config("vjepa", width).num_heads for width in (768, 1024, 1280, 1408, 384, 40)] == [
        12,
        16,
        16,
        16,
        6,
        1,
    ]
