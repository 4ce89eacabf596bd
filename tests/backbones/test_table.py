"""The table: its literals are true of the networks, and reading it loads no torch."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from twlv import backbones
from twlv.backbones.check_card import card_faults
from twlv.backbones.loaded import check_card
from twlv.backbones.parts import KINDS, kind_of
from twlv.backbones.table import TABLE
from twlv.errors import UnknownName


@pytest.mark.parametrize("name", TABLE)
def test_a_card_follows_from_its_architecture(name: str) -> None:
    entry = TABLE[name]
    check_card(entry.card, entry.kind, entry.config)
    faults = card_faults(entry.card)
    assert all("sha256" in fault for fault in faults), faults
    assert entry.card.name == name


@pytest.mark.parametrize(
    "name", [name for name, entry in TABLE.items() if entry.loader.endswith("random_weights:load")]
)
def test_parameter_counts(name: str) -> None:
    entry = TABLE[name]
    with torch.device("meta"):
        module = kind_of(entry.kind).assemble(entry.config).module
    assert sum(parameter.numel() for parameter in module.parameters()) == entry.card.num_params


def test_loaders_and_kinds_are_plain_strings() -> None:
    for target in (*(entry.loader for entry in TABLE.values()), *KINDS.values()):
        module, _, attribute = target.partition(":")
        assert module.startswith("twlv.backbones.")
        assert attribute.isidentifier()


def test_describe() -> None:
    shown = backbones.describe("videomae_vit_b.k400")
    assert shown.licence == "CC-BY-NC-4.0"
    assert shown.commercial_use == "no"
    assert shown.weights_at == "hf:MCG-NJU/videomae-base"
    assert shown.extra == "hf"
    assert backbones.describe("dfn_vit_h14.dfn5b").commercial_use.startswith("ask")
    assert "efficientnet_lite0.imagenet" in backbones.names()
    for letter in "tsblhg":
        assert f"twlv1_vit_{letter}.random" in backbones.names()
    with pytest.raises(UnknownName, match=r"videomae_vit_b\.k400"):
        backbones.describe("videomae_vit_b.k40")


def test_naming_and_describing_load_no_torch() -> None:
    code = (
        "import sys; from twlv import backbones\n"
        "for name in backbones.names(): backbones.describe(name)\n"
        "bad = {'torch', 'transformers', 'safetensors', 'numpy.random'} & set(sys.modules) - {'numpy.random'}\n"
        "print(sorted(bad))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
