"""The whole table: golden tokens, conformance, precision, pooling and what every card has to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch.nn import functional

from twlv import backbones
from twlv.backbones.check import check_backbone
from twlv.backbones.convert.formats import FORMATS, converter_of
from twlv.backbones.entries_absent import ABSENT, absent
from twlv.backbones.loaded import LoadedBackbone, runs_of
from twlv.backbones.parts import KINDS, kind_of
from twlv.backbones.table import TABLE
from twlv.embedding.pool import pool
from twlv.errors import UsageError, WeightsError
from twlv.results.published import published
from twlv.types import Pool

from .zoo import ARCHITECTURES, OWN_VITS, golden_values, small_backbone, small_config, synthetic_clip

GOLDEN = Path(__file__).parent / "golden_tokens.json"
"""Made by ``python -m tests.backbones.make_golden_tokens`` where the adapters equalled their references."""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_golden_tokens(architecture: str) -> None:
    """A change of any architecture's numbers is seen: weights follow from names, the clip is computed."""
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))[architecture]
    seen = golden_values(small_backbone(architecture))
    assert seen["shape"] == expected["shape"]
    for part in ("vector", "tokens"):
        torch.testing.assert_close(torch.tensor(seen[part]), torch.tensor(expected[part]), rtol=2e-4, atol=2e-5)


def test_golden_tokens_are_of_every_architecture_and_differ() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert sorted(golden) == sorted(ARCHITECTURES)
    assert {small_config(name)[0] for name in golden} == set(KINDS) - {"efficientnet_lite", "gradient_flow"}
    alike = (("twlv1_vit_b", "vjepa_vit_l"), ("videomae_vit_b", "omnimae_vit_b"), ("umt1_vit_b", "umt2_vit_b"))
    for one, other in (*alike, ("internvideo2_1_vit_1b", "internvideo2_2_vit_1b")):
        assert golden.pop(other) == golden[one], "one network; they differ in size, on images or in pools"
    assert len({tuple(values["vector"]) for values in golden.values()}) == len(golden)


@pytest.mark.parametrize("architecture", OWN_VITS)
def test_every_setting_of_our_transformer_conforms(architecture: str) -> None:
    """Batch, order of time, frames, gradients, hashes: the other kinds are checked with their families."""
    report = check_backbone(small_backbone(architecture))
    assert report.passed, str(report)


@pytest.mark.parametrize("architecture", OWN_VITS)
def test_bfloat16_agrees_with_float32(architecture: str) -> None:
    exact, fast = (
        small_backbone(architecture, dtype=dtype).encode(synthetic_clip()) for dtype in ("float32", "bfloat16")
    )
    one, other = exact.patches.flatten(0, 3), fast.patches.flatten(0, 3)
    assert functional.cosine_similarity(one, other, dim=-1).min() >= 0.999
    assert functional.cosine_similarity(one.mean(0), other.mean(0), dim=-1) >= 0.999


def test_a_captured_block_gives_the_same_tokens() -> None:
    """With every switch on, as ``torch.compile`` captures it (its code generator wants a C++ compiler)."""
    block = small_backbone("internvideo2_1_vit_1b")._module.blocks[0]  # type: ignore[index, union-attr]
    tokens = torch.randn(2, 17, 48, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        captured = torch.compile(block, backend="aot_eager", fullgraph=True)(tokens)
        torch.testing.assert_close(captured, block(tokens), rtol=1e-5, atol=1e-6)
    torch.compiler.reset()


# ---------------------------------------------------------------- pooling


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_poolings_are_named_differ_and_can_be_saved(architecture: str, tmp_path: Path) -> None:
    backbone, clip = small_backbone(architecture), synthetic_clip()
    assert backbone.pools[0] == backbone.card.pool
    assert "mean" in backbone.pools
    seen = {}
    for way in backbone.pools:
        other = backbone.with_pool(way)
        assert other.card.pool == way
        assert (other.card.name == f"{backbone.card.name}+{way}") == (way != backbone.card.pool)
        vector = pool(other.encode(clip), other.card, "clip")
        assert vector.shape == (1, other.card.dim)
        seen[way] = tuple(vector[0, :8].tolist())
    assert len(set(seen.values())) == len(seen)
    last = backbone.pools[-1]
    folder = backbones.save(tmp_path / "saved", backbone.with_pool(last))
    again = backbones.load(str(folder), device="cpu", dtype="float32")
    assert (again.card.pool, again.card.name) == (last, backbone.with_pool(last).card.name)
    assert tuple(pool(again.encode(clip), again.card, "clip")[0, :8].tolist()) == seen[last]


def test_a_pooling_is_part_of_the_name() -> None:
    plain = backbones.load("twlv1_vit_t.random", device="cpu")
    other = backbones.load("twlv1_vit_t.random+mean_norm", device="cpu")
    assert (plain.card.name, plain.card.pool) == ("twlv1_vit_t.random", "mean")
    assert (other.card.name, other.card.pool) == ("twlv1_vit_t.random+mean_norm", "mean_norm")
    assert other.card.weights_sha256 == plain.card.weights_sha256
    assert isinstance(other, LoadedBackbone)
    assert other.with_pool("mean").card.name == "twlv1_vit_t.random+mean"
    with pytest.raises(UsageError, match=r"can be pooled by mean, mean_norm, not by cls"):
        backbones.load("twlv1_vit_t.random+cls", device="cpu")


# ---------------------------------------------------------------- cards


@pytest.mark.parametrize("name", TABLE)
def test_a_card_is_complete(name: str) -> None:
    entry = TABLE[name]
    card = entry.card
    assert card.pool in get_args(Pool)
    assert card.citation
    assert card.licence
    if entry.origin is None:
        return
    assert card.pretrained_on, "the dagger needs the pretraining sets"
    assert entry.summary
    assert entry.authors_pool or card.modality == "image"
    assert entry.sampling or card.modality == "image"
    assert entry.origin.repository or entry.origin.url.startswith("https://") or entry.origin.by_hand
    if entry.origin.format:
        assert callable(converter_of(entry.origin.format))
    else:
        assert entry.origin.files[-1].endswith(".safetensors"), "what is not converted must need no pickle"


@pytest.mark.parametrize("name", [name for name, entry in TABLE.items() if entry.origin])
def test_how_other_frame_counts_are_met_is_said(name: str) -> None:
    card = TABLE[name].card
    if card.modality == "image":
        assert card.flexible_frames
    elif card.flexible_frames:
        policy = card.details.get("other_grids", card.details["position"])
        assert policy in ("interpolate", "rope_3d")


@pytest.mark.parametrize("kind", sorted({TABLE[name].kind for name in TABLE} - {"efficientnet_lite"}))
def test_the_cards_pooling_is_possible(kind: str) -> None:
    entries = [entry for entry in TABLE.values() if entry.kind == kind]
    with torch.device("meta"):
        parts = kind_of(kind).assemble(entries[0].config)
    assert entries[0].card.pool in runs_of(parts, kind, entries[0].config)


def test_every_format_is_somebodys_and_every_row_of_the_report_is_somewhere() -> None:
    formats = {entry.origin.format for entry in TABLE.values() if entry.origin}
    assert set(FORMATS) <= formats
    rows = {record.model for record in published()}
    here = {entry.report for entry in TABLE.values() if entry.report}
    assert here <= rows
    elsewhere = {row for row in rows - here if not row[0].startswith("TWLV-I")}
    assert {row[:2] for row in elsewhere} == {("Hiera", ""), ("VideoPrism", ""), ("InternVideo2", "")}
    """VideoPrism-g is not public; InternVideo2 without a stage is a row of Table 6 that does not say which."""


@pytest.mark.parametrize("line", ABSENT, ids=lambda line: line.name)
def test_models_that_are_not_here_say_why(line: object) -> None:
    assert isinstance(line, type(ABSENT[0]))
    for name in (line.name, *line.names):
        assert absent(name) is line
        with pytest.raises(UsageError, match=r"is not here\. .*It would take: "):
            backbones.load(name)
    assert len(line.why_not) > 40
    assert len(line.needed) > 20
    assert not any(absent(name) for name in TABLE)


def test_a_card_with_a_pooling_that_the_weights_lack(tmp_path: Path) -> None:
    folder = backbones.save(tmp_path, small_backbone("vjepa_vit_l"))
    for file in ("card.json",):
        text = (folder / file).read_text().replace('"pool": "mean"', '"pool": "attention"')
        (folder / file).write_text(text)
    with pytest.raises(WeightsError):
        backbones.load(str(folder), device="cpu")
