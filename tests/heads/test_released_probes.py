"""Released probes: their tensors put where they belong, and everything else refused by name."""

from __future__ import annotations

import collections
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from twlv.errors import WeightsError
from twlv.heads.attentive_fold import folded_logits
from twlv.heads.released_probes import from_reference, load_released

WIDTH, HEADS, CLASSES = 16, 2, 5


def linear(
    state: dict[str, torch.Tensor], name: str, fan_in: int, fan_out: int, random: torch.Generator
) -> None:
    state[f"{name}.weight"] = 0.3 * torch.randn(fan_out, fan_in, generator=random)
    state[f"{name}.bias"] = 0.3 * torch.randn(fan_out, generator=random)


def norm(state: dict[str, torch.Tensor], name: str, random: torch.Generator) -> None:
    state[f"{name}.weight"] = 1 + 0.3 * torch.randn(WIDTH, generator=random)
    state[f"{name}.bias"] = 0.3 * torch.randn(WIDTH, generator=random)


def released(blocks: int = 0, *, projection: bool = True, seed: int = 0) -> dict[str, torch.Tensor]:
    """A state dict under the names of the public class (projection: V-JEPA's; blocks: V-JEPA 2's)."""
    random = torch.Generator().manual_seed(seed)
    state = {"pooler.query_tokens": torch.randn(1, 1, WIDTH, generator=random)}
    cross = "pooler.cross_attention_block"
    for name in (f"{cross}.norm1", f"{cross}.norm2"):
        norm(state, name, random)
    linear(state, f"{cross}.xattn.q", WIDTH, WIDTH, random)
    linear(state, f"{cross}.xattn.kv", WIDTH, 2 * WIDTH, random)
    if projection:
        linear(state, f"{cross}.xattn.proj", WIDTH, WIDTH, random)
    linear(state, f"{cross}.mlp.fc1", WIDTH, 4 * WIDTH, random)
    linear(state, f"{cross}.mlp.fc2", 4 * WIDTH, WIDTH, random)
    for i in range(blocks):
        block = f"pooler.blocks.{i}"
        norm(state, f"{block}.norm1", random)
        norm(state, f"{block}.norm2", random)
        linear(state, f"{block}.attn.qkv", WIDTH, 3 * WIDTH, random)
        linear(state, f"{block}.attn.proj", WIDTH, WIDTH, random)
        linear(state, f"{block}.mlp.fc1", WIDTH, 4 * WIDTH, random)
        linear(state, f"{block}.mlp.fc2", 4 * WIDTH, WIDTH, random)
    linear(state, "linear", WIDTH, CLASSES, random)
    return {f"module.{name}": value for name, value in state.items()}


def by_definition(state: dict[str, torch.Tensor], tokens: torch.Tensor, *, projection: bool) -> torch.Tensor:
    """The public class's forward pass, written from its definition with explicit scores."""
    s = {name.removeprefix("module."): value for name, value in state.items()}

    def dense(name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ s[f"{name}.weight"].T + s[f"{name}.bias"]

    def normed(name: str, x: torch.Tensor) -> torch.Tensor:
        return functional.layer_norm(x, (WIDTH,), s[f"{name}.weight"], s[f"{name}.bias"], 1e-5)

    def split(x: torch.Tensor) -> torch.Tensor:
        return x.view(*x.shape[:2], HEADS, -1).transpose(1, 2)

    def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        q, k, v = split(q), split(k), split(v)
        scores = (q @ k.transpose(-2, -1) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        return (scores @ v).transpose(1, 2).flatten(2)

    def mlp(name: str, x: torch.Tensor) -> torch.Tensor:
        return dense(f"{name}.fc2", functional.gelu(dense(f"{name}.fc1", x)))

    i = 0
    while f"pooler.blocks.{i}.norm1.weight" in s:
        block = f"pooler.blocks.{i}"
        q, k, v = dense(f"{block}.attn.qkv", normed(f"{block}.norm1", tokens)).chunk(3, dim=-1)
        tokens = tokens + dense(f"{block}.attn.proj", attention(q, k, v))
        tokens = tokens + mlp(f"{block}.mlp", normed(f"{block}.norm2", tokens))
        i += 1
    cross = "pooler.cross_attention_block"
    query = s["pooler.query_tokens"].expand(len(tokens), -1, -1)
    k, v = dense(f"{cross}.xattn.kv", normed(f"{cross}.norm1", tokens)).chunk(2, dim=-1)
    read = attention(dense(f"{cross}.xattn.q", query), k, v)
    if projection:
        read = dense(f"{cross}.xattn.proj", read)
    query = query + read
    query = query + mlp(f"{cross}.mlp", normed(f"{cross}.norm2", query))
    return dense("linear", query[:, 0])


@pytest.mark.parametrize(("blocks", "holds", "applied"), [(0, True, False), (0, True, True), (3, False, False)])
def test_a_released_probe_answers_as_its_definition(blocks: int, holds: bool, applied: bool) -> None:
    state = released(blocks, projection=holds)
    heads = from_reference(state, num_heads=HEADS, out_proj=applied)
    tokens = torch.randn(3, 9, WIDTH, generator=torch.Generator().manual_seed(1))
    expected = by_definition(state, tokens, projection=applied)
    torch.testing.assert_close(folded_logits(heads.parameters, tokens, heads.config)[:, 0], expected)
    torch.testing.assert_close(heads.classifier()(tokens).detach(), expected)


def test_files_of_both_kinds(tmp_path: Path) -> None:
    one = tmp_path / "k400-probe.pth.tar"
    torch.save({"classifier": released(), "opt": {"state": {}}, "scaler": None, "epoch": 20, "lr": 1e-3}, one)
    assert len(load_released(one, num_heads=HEADS)) == 1
    several = tmp_path / "ssv2.pt"
    states = [collections.OrderedDict(released(3, projection=False, seed=seed)) for seed in range(4)]
    torch.save({"classifiers": states, "epoch": 20}, several)
    heads = load_released(several, num_heads=HEADS)
    assert (len(heads), heads.num_classes, heads.config.num_blocks) == (4, CLASSES, 3)
    assert torch.equal(heads.parameters["linear.bias"][2], states[2]["module.linear.bias"])
    safe = tmp_path / "probe.safetensors"
    save_file(released(), safe)
    assert len(load_released(safe, num_heads=HEADS)) == 1


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    state = released()
    del state["module.pooler.cross_attention_block.norm2.bias"]
    with pytest.raises(WeightsError, match=r"1 missing \(pooler\.mlp_norm\.bias\)"):
        from_reference(state, num_heads=HEADS)
    with pytest.raises(WeightsError, match=r"1 left over \(verb_classifier\.weight\)"):
        from_reference({**released(), "module.verb_classifier.weight": torch.zeros(2, 2)}, num_heads=HEADS)
    short = {**released(), "module.linear.bias": torch.zeros(4)}
    with pytest.raises(WeightsError, match=r"linear\.bias: expected \(5,\), found \(4,\)"):
        from_reference(short, num_heads=HEADS)
    with pytest.raises(WeightsError, match="whose blocks act on the query"):
        from_reference(released(2, projection=True), num_heads=HEADS)
    with pytest.raises(WeightsError, match="no attentive probe"):
        from_reference({"encoder.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match="no such file"):
        load_released(tmp_path / "absent.pt")
    mixed = tmp_path / "mixed.pt"
    torch.save({"classifiers": [released(), released(1, projection=False)]}, mixed)
    with pytest.raises(WeightsError, match="its 2 probes differ in shape"):
        load_released(mixed, num_heads=HEADS)


def test_trap_37_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "owned",)  # type: ignore[return-value]

    path = tmp_path / "evil.pt"
    torch.save({"classifier": Evil()}, path)
    with pytest.raises(WeightsError, match="nothing else is unpickled"):
        load_released(path)
    assert not (tmp_path / "owned").exists()
