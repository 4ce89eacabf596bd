"""``twlv evaluate released-probe``: a file of tensors on the test split of a data set."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from twlv.store import Store

FLOW = "gradient_flow.fixed"
Twlv = Callable[..., Any]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A probe of tokens of width 4 for four classes, under the public names."""
    block = "module.pooler.cross_attention_block"
    sizes = {
        "module.pooler.query_tokens": (1, 1, 4),
        **{f"{block}.{norm}.{part}": (4,) for norm in ("norm1", "norm2") for part in ("weight", "bias")},
        f"{block}.xattn.q.weight": (4, 4),
        f"{block}.xattn.q.bias": (4,),
        f"{block}.xattn.kv.weight": (8, 4),
        f"{block}.xattn.kv.bias": (8,),
        f"{block}.mlp.fc1.weight": (16, 4),
        f"{block}.mlp.fc1.bias": (16,),
        f"{block}.mlp.fc2.weight": (4, 16),
        f"{block}.mlp.fc2.bias": (4,),
        "module.linear.weight": (4, 4),
        "module.linear.bias": (4,),
    }
    random = torch.Generator().manual_seed(0)
    state = {name: torch.randn(*size, generator=random) for name, size in sizes.items()}
    torch.save({"classifier": state, "epoch": 20}, tmp_path / "probe.pth.tar")
    return tmp_path / "probe.pth.tar"


def test_only_the_test_split_is_embedded_and_scored(twlv: Twlv, manifest: Path, weights: Path) -> None:
    words = ("evaluate", "released-probe", "--dataset", manifest, "--backbone", FLOW, "--out", "out")
    done = twlv(*words, "--set", f"weights={weights}", "--store", "tokens", "--json")
    assert done.status == 0, done.err
    result = json.loads(done.out)
    assert result["scores"]["released_probe/top1"]["n"] == 8
    assert result["dataset"]["train_split"] == ""
    assert list(result["coverage"]["by_split"]) == ["val"]
    assert result["task"]["config"]["weights"] == "probe.pth.tar"
    assert Store.open(manifest.parent / "tokens").info()["num_videos"] == 8
    again = twlv("evaluate", "released-probe", "--dataset", manifest, "--store", "tokens", "--set",
                 f"weights={weights}", "--json")  # fmt: skip
    assert json.loads(again.out)["scores"] == result["scores"]
    for flags, message in (
        (("--train-split", "train"), "nothing is trained: give no train split"),
        (("--shots", "2"), "this task has no training split"),
        (("--set", "probe=3"), "holds the probes 0 to 0"),
    ):
        refused = twlv(*words, "--set", f"weights={weights}", *flags)
        assert (refused.status, message in refused.err) == (2, True), refused.err
    torch.save({"classifier": {"encoder.weight": torch.zeros(1)}}, weights)
    refused = twlv(*words, "--set", f"weights={weights}")
    assert refused.status != 0
    assert "no attentive probe" in refused.err
