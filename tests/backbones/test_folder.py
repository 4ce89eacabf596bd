"""Saved backbones come back bit for bit, and damaged ones do not come back at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from twlv import backbones
from twlv.backbones.cards import card_from_json, card_to_json
from twlv.backbones.folder import CARD, WEIGHTS
from twlv.backbones.hashing import tensors_sha256
from twlv.backbones.table import TABLE
from twlv.errors import UsageError, WeightsError

from .conftest import SMALL, SmallBackbone

Frames = Callable[..., torch.Tensor]


@pytest.fixture
def saved(tmp_path: Path, small: SmallBackbone) -> Path:
    return backbones.save(tmp_path / "model", small("video_transformer"))


def _edit(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the card, and take the copy inside the weights away."""
    document = json.loads((folder / CARD).read_text())
    edit(document)
    (folder / CARD).write_text(json.dumps(document))
    save_file(load_file(folder / WEIGHTS), folder / WEIGHTS)


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_round_trip_is_exact(
    kind: str, dtype: str, tmp_path: Path, small: SmallBackbone, frames: Frames
) -> None:
    first = small(kind, dtype=dtype)
    folder = backbones.save(tmp_path / kind, first)
    assert sorted(path.name for path in folder.iterdir()) == [CARD, WEIGHTS]
    again = backbones.load(str(folder), device="cpu", dtype=dtype)
    assert again.card == first.card
    one, two = first.encode(frames()), again.encode(frames())
    assert torch.equal(one.patches, two.patches)
    assert (one.cls is None) == (two.cls is None)
    assert one.cls is None or torch.equal(one.cls, two.cls)


def test_whoever_may_read_the_card_may_read_the_weights(saved: Path) -> None:
    assert (saved / WEIGHTS).stat().st_mode == (saved / CARD).stat().st_mode


def test_the_weights_file_alone_is_enough(saved: Path, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere.safetensors"
    (saved / WEIGHTS).rename(alone)
    (saved / CARD).unlink()
    assert backbones.load(str(alone)).card.dim == 24


def test_missing_left_over_and_misshapen_tensors_are_named(saved: Path) -> None:
    tensors = load_file(saved / WEIGHTS)
    tensors["stranger"] = torch.zeros(1)
    tensors["norm.weight"] = torch.ones(25)
    del tensors["blocks.1.mlp.fc2.bias"]
    save_file(tensors, saved / WEIGHTS)
    with pytest.raises(WeightsError) as caught:
        backbones.load(str(saved))
    for part in (
        "1 missing (blocks.1.mlp.fc2.bias)",
        "1 left over (stranger)",
        "norm.weight: expected (24,), found (25,)",
    ):
        assert part in str(caught.value)


def test_one_changed_weight_is_noticed(saved: Path) -> None:
    tensors = load_file(saved / WEIGHTS)
    tensors["norm.weight"][3] += 1e-6
    save_file(tensors, saved / WEIGHTS)
    with pytest.raises(WeightsError, match="sha256"):
        backbones.load(str(saved))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("dim", 32, "dim is 24, the card says 32"),
        ("patch", [2, 8, 8], r"patch is \(2, 16, 16\), the card says \(2, 8, 8\)"),
        ("num_frames", 8, "num_frames is 4"),
        ("pool", "cls", "can be pooled by mean, mean_norm"),
        ("dim", "24", r"the card\.dim: expected int, seen '24'"),
        ("mean", [0.5, 0.5], r"the card\.mean: expected a list of 3"),
        ("pool", "max", r"the card\.pool: expected one of \('mean', .*'mean_norm'\), seen 'max'"),
    ],
)
def test_a_card_that_contradicts_the_architecture(saved: Path, field: str, value: Any, message: str) -> None:
    _edit(saved, lambda document: document["card"].update({field: value}))
    with pytest.raises(WeightsError, match=message):
        backbones.load(str(saved))


@pytest.mark.parametrize(
    ("detail", "value"), [("activation", "gelu_tanh"), ("norm", "rms_norm"), ("position", "sincos_flat")]
)
def test_activation_norm_and_position_are_checked(saved: Path, detail: str, value: str) -> None:
    _edit(saved, lambda document: document["card"]["details"].update({detail: value}))
    with pytest.raises(WeightsError, match=rf"details\.{detail}"):
        backbones.load(str(saved))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d.update(format=2), "format 2 is not known"),
        (lambda d: d.update(kind="os"), "kind 'os' is not known"),
        (lambda d: d["config"].update(rope=True), "no setting rope"),
        (lambda d: d["config"].pop("width"), "width"),
        (lambda d: d["card"].pop("licence"), "lacks the field licence"),
        (lambda d: d["card"].update(colour="red"), "has no field colour"),
        (lambda d: d.pop("config"), "'config' is missing"),
    ],
)
def test_damaged_descriptions(saved: Path, edit: Callable[[dict[str, Any]], None], message: str) -> None:
    _edit(saved, edit)
    with pytest.raises(WeightsError, match=message):
        backbones.load(str(saved))


def test_a_card_that_was_replaced_beside_its_weights(saved: Path, tmp_path: Path, small: SmallBackbone) -> None:
    other = backbones.save(tmp_path / "other", small("video_transformer", depth=1))
    (other / CARD).replace(saved / CARD)
    with pytest.raises(WeightsError, match="differs from the card inside"):
        backbones.load(str(saved))


def test_files_that_are_absent_or_cut_short(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no such file; expected a folder with model\.safetensors"):
        backbones.load(str(tmp_path))
    file = saved / WEIGHTS
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        backbones.load(str(saved))
    _ = file.write_bytes(b"\x80\x04K\x01.")  # a pickle
    with pytest.raises(WeightsError, match="convert pickled weights first"):
        backbones.load(str(saved))


def test_only_our_own_can_be_saved(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only a backbone that twlv loaded itself"):
        backbones.save(tmp_path, object())


def test_cards_survive_json() -> None:
    for entry in TABLE.values():
        text = json.dumps(card_to_json(entry.card))
        assert card_from_json(json.loads(text), source="test") == entry.card


def test_the_hash_sees_names_dtypes_shapes_and_bytes() -> None:
    base = {"a": torch.arange(6.0), "b": torch.ones(2)}
    variants = [
        base,
        {"a": torch.arange(6.0), "c": torch.ones(2)},
        {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2)},
        {"a": torch.arange(6.0).bfloat16(), "b": torch.ones(2)},
        {"a": torch.arange(6.0).view(torch.int32), "b": torch.ones(2)},
        {"a": torch.arange(6.0) + 1e-6, "b": torch.ones(2)},
        {"a": torch.arange(6.0)},
    ]
    assert len({tensors_sha256(variant) for variant in variants}) == len(variants)
    other_way = {"b": torch.ones(4)[::2], "a": torch.arange(12.0).reshape(6, 2)[:, 0] / 2}
    assert tensors_sha256(other_way) == tensors_sha256(base)
