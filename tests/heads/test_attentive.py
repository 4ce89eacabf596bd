"""Many probes on one pass: equal to the plain form, to torch's AdamW, and to each probe by itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from twlv.heads import bags as bags_module
from twlv.heads.attentive import AttentiveHeads, untrained
from twlv.heads.attentive_fold import attention_means, folded_logits, sunk_names
from twlv.heads.attentive_updates import AttentiveRecipe
from twlv.heads.schedule import cosine_decay, jepa_rate
from twlv.heads.train_attentive import fit_attentive
from twlv.nn.attentive_pool import AttentiveClassifier, initialise_probe, pooler_config

CPU = torch.device("cpu")
POOLERS = ("vjepa", "vjepa2", "videoglue", "plain")


@dataclass(frozen=True)
class ArrayBags:
    arrays: list[np.ndarray]  # (M, N, D) each

    @property
    def counts(self) -> np.ndarray:
        return np.array([len(one) for one in self.arrays])

    @property
    def dim(self) -> int:
        return self.arrays[0].shape[2]

    def visit(self, videos, bags, *, epoch=None) -> Iterator[np.ndarray]:
        return (self.arrays[i][j] for i, j in zip(videos, bags, strict=True))


def problem(n: int = 24, *, lengths: tuple[int, ...] = (6,), clips: int = 1, dim: int = 8, seed: int = 0):
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    arrays = [
        (random.standard_normal((clips, lengths[i % len(lengths)], dim)) + labels[i]).astype(np.float32)
        for i in range(n)
    ]
    return ArrayBags(arrays), labels


def recipe(name: str = "vjepa", **changes: object) -> AttentiveRecipe:
    made = AttentiveRecipe(
        pooler=pooler_config(name, 8, num_heads=2),
        learning_rates=(1e-2, 3e-3),
        weight_decays=(0.1, 0.5),
        epochs=3,
        batch_size=7,
    )
    return replace(made, **changes)


def fit(bags: ArrayBags, labels: np.ndarray, how: AttentiveRecipe, **more: object) -> AttentiveHeads:
    return fit_attentive(
        bags, np.arange(len(labels)), labels, 3, how, order_seed=5, init_seed=6, device=CPU, **more
    )


def randomised(name: str, dtype: torch.dtype, *, width: int = 32, seed: int) -> AttentiveClassifier:
    module = AttentiveClassifier(pooler_config(name, width, num_heads=4), 7)
    initialise_probe(module, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return module.to(dtype).eval()


@pytest.mark.parametrize("name", POOLERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_the_folded_form_is_the_plain_one_forwards_and_backwards(
    name: str, dtype: torch.dtype, tolerance: float
) -> None:
    modules = [randomised(name, dtype, seed=seed) for seed in range(3)]
    names = [key for key, _ in modules[0].named_parameters()]
    stacked = {
        key: torch.stack([dict(m.named_parameters())[key].detach() for m in modules]).requires_grad_()
        for key in names
    }
    tokens = 3 * torch.randn(4, 40, 32, dtype=dtype, generator=torch.Generator().manual_seed(0)) + 1
    plain = torch.stack([module(tokens) for module in modules], dim=1)
    folded = folded_logits(stacked, tokens, modules[0].pooler.config)
    torch.testing.assert_close(folded, plain, atol=tolerance, rtol=tolerance)
    plain.logsumexp(-1).sum().backward()
    folded.logsumexp(-1).sum().backward()
    for key in names:
        expected = torch.stack([dict(m.named_parameters())[key].grad for m in modules])
        found = stacked[key].grad
        torch.testing.assert_close(
            torch.zeros_like(expected) if found is None else found,
            expected,
            atol=tolerance,
            rtol=10 * tolerance,
        )


@pytest.mark.parametrize("decay", ["matrices", "all"])
def test_a_training_is_that_of_torch_s_adamw(decay: str) -> None:
    """The same batches through the plain module, torch's AdamW, clipping and V-JEPA's two schedules."""
    bags, labels = problem(21)
    how = recipe(final_weight_decay=1e-6, decay=decay, clip_norm=0.5, warmup_epochs=1, start_factor=0.1)
    heads = fit(bags, labels, how)
    for g, (peak, first) in enumerate(zip(how.learning_rates, how.weight_decays, strict=True)):
        module = AttentiveClassifier(how.pooler, 3)
        initialise_probe(module, seed=6)
        parameters = dict(module.named_parameters())
        flat = [p for key, p in parameters.items() if decay == "matrices" and (p.ndim == 1 or "bias" in key)]
        rest = [p for p in parameters.values() if not any(p is other for other in flat)]
        groups = [{"params": rest}] + ([{"params": flat, "weight_decay": 0.0}] if flat else [])
        adamw = torch.optim.AdamW(groups)
        step = 0
        for epoch in range(3):
            random = np.random.default_rng([5, epoch])
            order = random.permutation(21)
            for start in range(0, 21, 7):
                step += 1
                adamw.param_groups[0]["weight_decay"] = 1e-6 + (first - 1e-6) * 0.5 * (
                    1 + math.cos(math.pi * step / 9)
                )
                for group in adamw.param_groups:
                    group["lr"] = (
                        peak * (0.1 + 0.9 * step / 3)
                        if step < 3
                        else peak * 0.5 * (1 + math.cos(math.pi * (step - 3) / 6))
                    )
                chosen = order[start : start + 7]
                logits = module(torch.from_numpy(np.stack([bags.arrays[i][0] for i in chosen])))
                adamw.zero_grad()
                functional.cross_entropy(logits, torch.from_numpy(labels[chosen])).backward()
                torch.nn.utils.clip_grad_norm_(module.parameters(), 0.5)
                adamw.step()
        for key, value in parameters.items():
            if key == "pooler.kv.bias":  # of keys: rounding noise in the plain form, exactly zero in ours
                value = value[8:]  # noqa: PLW2901
                found = heads.parameters[key][g, 8:]
            else:
                found = heads.parameters[key][g]
            torch.testing.assert_close(
                found, value.detach(), atol=2e-5, rtol=1e-4, msg=lambda m, k=key: f"{k}: {m}"
            )


@pytest.mark.parametrize("name", POOLERS)
def test_a_probe_trains_in_a_grid_as_by_itself(name: str) -> None:
    bags, labels = problem(20, clips=3)
    both = fit(bags, labels, recipe(name))
    alone = fit(bags, labels, recipe(name, learning_rates=(3e-3,), weight_decays=(0.5,)))
    for key, value in alone.parameters.items():
        torch.testing.assert_close(both.parameters[key][1], value[0], atol=1e-5, rtol=1e-4)
    np.testing.assert_allclose(both.last_loss[1], alone.last_loss[0], rtol=1e-4)


def test_batches_in_parts_are_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    bags, labels = problem(20, lengths=(4, 6, 6, 5))
    whole = fit(bags, labels, recipe())
    monkeypatch.setattr(bags_module, "_PART", 2 * 6 * 8)
    parts = fit(bags, labels, recipe())
    for key, value in whole.parameters.items():
        torch.testing.assert_close(parts.parameters[key], value, atol=1e-5, rtol=1e-4)


def test_trap_12_schedules() -> None:
    total = 40
    rates = [
        jepa_rate(g, peak=1e-3, start=1e-3, warmup_steps=0, total_steps=total) for g in range(1, total + 1)
    ]
    assert rates[0] == pytest.approx(0.5e-3 * (1 + math.cos(math.pi / total)))
    assert rates[-1] == 0.0
    decays = [cosine_decay(g, first=0.01, last=1e-6, total_steps=total) for g in range(1, total + 1)]
    assert decays[0] == pytest.approx(0.01, rel=0.01)
    assert decays[-1] == 1e-6
    assert decays == sorted(decays, reverse=True)
    warm = [jepa_rate(g, peak=1.0, start=0.2, warmup_steps=4, total_steps=12) for g in range(1, 13)]
    assert warm[:4] == pytest.approx([0.4, 0.6, 0.8, 1.0])
    assert warm[-1] == pytest.approx(0.0)


@pytest.mark.parametrize("decay", ["matrices", "all"])
def test_trap_14_biases_and_norms_do_not_decay_but_the_query_does(
    decay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One step with gradients of zero: AdamW then only decays."""
    from twlv.heads.attentive_updates import Updates

    parameters = {
        name: torch.ones(1, *value.shape)
        for name, value in AttentiveClassifier(recipe().pooler, 3).named_parameters()
    }
    how = recipe(learning_rates=(0.1,), weight_decays=(0.5,), decay=decay)
    updates = Updates(parameters, how, total_steps=1_000_000)
    updates.apply({name: torch.zeros_like(value) for name, value in parameters.items()})
    shrunk = {name for name, value in parameters.items() if not torch.equal(value, torch.ones_like(value))}
    matrices = {name for name in parameters if "bias" not in name and "norm" not in name}
    assert shrunk == (matrices if decay == "matrices" else set(parameters))
    assert float(parameters["pooler.query"].max()) == pytest.approx(0.95)


def test_trap_16_probabilities_are_averaged_and_every_bag_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views with logits (8, 0), (-2, 0), (-2, 0): their mean says class 0, the mean probability class 1."""
    heads = fit(*problem(6, dim=8), recipe())
    bags = ArrayBags([np.full((3, 2, 8), view, dtype=np.float32) for view in (0.0, 1.0)])
    bags.arrays[0][:, 0, 0] = (8.0, -2.0, -2.0)
    seen: list[float] = []

    def logits(parameters, tokens, config, *, keep=None):
        seen.extend(tokens[:, 0, 0].tolist())
        first = torch.stack([tokens[:, 0, 0], torch.zeros(len(tokens)), torch.full((len(tokens),), -99.0)], -1)
        return first[:, None].repeat(1, 2, 1)

    monkeypatch.setattr("twlv.heads.attentive.folded_logits", logits)
    probability = heads.probabilities(bags, np.arange(2))
    sigmoid = [1 / (1 + math.exp(-x)) for x in (8.0, -2.0, -2.0)]
    assert probability[0, 0, 0] == pytest.approx(sum(sigmoid) / 3)
    assert probability[0, 0].argmax() == 1
    assert sorted(seen) == [-2.0, -2.0, 1.0, 1.0, 1.0, 8.0]
    judged = heads.judge(bags, np.arange(2), np.array([1, 0]))
    assert judged.predicted[0].tolist() == [1, 1]


def test_dropout_is_the_same_for_all_probes_and_off_when_judging() -> None:
    bags, labels = problem(12)
    heads = fit(bags, labels, recipe("videoglue", learning_rates=(1e-2, 1e-2), weight_decays=(0.1, 0.1)))
    for value in heads.parameters.values():
        torch.testing.assert_close(value[0], value[1], atol=1e-6, rtol=1e-5)
    one, two = (heads.probabilities(bags, np.arange(12)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    module = heads.classifier(0)
    own = torch.softmax(module(torch.from_numpy(bags.arrays[3])).double(), -1)[0]
    np.testing.assert_allclose(one[3, 0], own.detach().numpy(), atol=1e-5)


def test_one_that_diverges_spoils_no_other() -> None:
    bags, labels = problem(12)
    heads = fit(bags, labels, recipe(learning_rates=(1e38, 3e-3), clip_norm=None))
    assert heads.finite == [False, True]
    alone = fit(bags, labels, recipe(learning_rates=(3e-3,), weight_decays=(0.5,), clip_norm=None))
    torch.testing.assert_close(heads.parameters["linear.weight"][1], alone.parameters["linear.weight"][0])


def test_attention_over_12544_tokens_keeps_no_square() -> None:
    """What autograd keeps of the pooling grows with the tokens, not with their square."""
    kept = []
    for n in (3136, 12_544):
        tokens = torch.zeros(1, n, 16)
        queries = torch.zeros(20 * 2, 16, requires_grad=True)
        sizes: dict[int, int] = {}

        def hold(value: torch.Tensor, sizes: dict[int, int] = sizes) -> torch.Tensor:
            sizes[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
            return value

        with torch.autograd.graph.saved_tensors_hooks(hold, lambda value: value):
            means = attention_means(tokens, queries, 1e-5)
        means.sum().backward()
        kept.append(sum(sizes.values()))
    assert kept[1] <= 4.2 * kept[0]
    assert kept[1] < 12_544 * 12_544


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read where Linux keeps it")
def test_self_attention_over_thousands_of_tokens_keeps_no_square() -> None:
    """The blocks of V-JEPA 2 attend all to all: the peak of memory is far below one matrix of scores."""
    import subprocess
    import sys

    code = """
import torch
from pathlib import Path
from dataclasses import replace
from twlv.heads.attentive_fold import folded_logits
from twlv.nn.attentive_pool import AttentiveClassifier, initialise_probe, pooler_config
torch.set_num_threads(1)
probe = AttentiveClassifier(replace(pooler_config("vjepa2", 8, num_heads=1), num_blocks=1), 3)
initialise_probe(probe, seed=0)
leaves = {n: v.detach()[None].requires_grad_() for n, v in probe.named_parameters()}
def peak():  # of this program alone: what getrusage says is inherited from the one that started it
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
def work(n):
    folded_logits(leaves, torch.randn(1, n, 8), probe.pooler.config).sum().backward()
work(512)
before = peak()
work(6272)
print((peak() - before) / 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 75  # one matrix of scores of one head: 157 MB


@pytest.mark.parametrize("name", ["vjepa", "vjepa2", "videoglue", "plain"])
def test_gradients_in_sinks_are_those_of_autograd_and_add_up(name: str) -> None:
    """On the way that a CPU trains, matrices get their gradients in memory of their own, part after part."""
    config = pooler_config(name, 12, num_heads=3)
    start = untrained(config, 5, 2, seed=0, device=torch.device("cpu"))
    random = torch.Generator().manual_seed(1)
    start = {key: value + 0.1 * torch.randn(value.shape, generator=random) for key, value in start.items()}
    parts = torch.randn(2, 4, 7, 12, generator=random)
    expected = {key: value.clone().requires_grad_() for key, value in start.items()}
    sinks = {key: torch.zeros_like(start[key]) for key in sunk_names(start)}
    given = {key: value.clone().requires_grad_(key not in sinks) for key, value in start.items()}
    for tokens in parts:
        weight = torch.randn(4, 2, 5, generator=random)
        (folded_logits(expected, tokens, config) * weight).sum().backward()
        (folded_logits(given, tokens, config, sinks=sinks) * weight).sum().backward()
    assert {"pooler.q.weight", "pooler.kv.weight", "linear.weight"} <= set(sinks)
    for key, value in expected.items():
        found = sinks[key] if key in sinks else given[key].grad
        torch.testing.assert_close(found, value.grad, rtol=1e-4, atol=1e-5)
