"""The key of a store: what moves a number changes it, what does not leaves it (trap 41)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from twlv.errors import StoreError
from twlv.store import Store, StoreSpec
from twlv.store.spec import DESCRIPTIVE
from twlv.types import MultiClip, Strided, Uniform, Views


@pytest.mark.parametrize(
    "change",
    [
        {"sampling": Uniform()},
        {"sampling": MultiClip(clip_seconds=1.0)},
        {"sampling": MultiClip(tail="short")},
        {"num_frames": 8},
        {"views": Views(temporal=2)},
        {"level": "time"},
        {"decoder": "torchcodec"},
        {"dtype": "float16"},
        {"backbone": {"weights_sha256": "cd" * 32}},
        {"backbone": {"image_size_px": 256}},
        {"backbone": {"mean": (0.4, 0.5, 0.5)}},
        {"backbone": {"pool": "cls"}},
        {"backbone": {"dtype": "bfloat16"}},
        {"backbone": {"details": {"act": "relu"}}},
    ],
    ids=str,
)
def test_whatever_moves_a_number_changes_the_key(spec: StoreSpec, change: dict[str, Any]) -> None:
    if isinstance(change.get("backbone"), dict):
        change = {"backbone": dataclasses.replace(spec.backbone, **change["backbone"])}
    other = dataclasses.replace(spec, **change)
    assert other.key != spec.key
    assert spec.differences(other)


OTHERS: dict[str, Any] = {
    "name": "other.random",
    "dim": 7,
    "num_params": 124,
    "num_frames": 8,
    "image_size_px": 112,
    "patch": (2, 14, 14),
    "mean": (0.4, 0.5, 0.5),
    "std": (0.2, 0.25, 0.25),
    "weights_sha256": "cd" * 32,
    "resize_px": 256,
    "resize_mode": "stretch",
    "interpolation": "bicubic",
    "modality": "image",
    "pool": "cls",
    "flexible_frames": True,
    "dtype": "bfloat16",
    "details": {"act": "relu"},
}


def test_every_field_of_a_card_is_in_the_key_or_describes(spec: StoreSpec) -> None:
    """A field that joins the card has to be put into one of the two."""
    fields = {field.name for field in dataclasses.fields(spec.backbone)}
    assert {*OTHERS, *DESCRIPTIVE, "weights"} == fields
    for name, value in OTHERS.items():
        card = dataclasses.replace(spec.backbone, **{name: value})
        assert dataclasses.replace(spec, backbone=card).key != spec.key, name


@pytest.mark.parametrize(
    "change", [{"citation": "x"}, {"source": "x"}, {"licence": "x"}, {"weights": "/else/w"}]
)
def test_descriptions_do_not_change_the_key(spec: StoreSpec, change: dict[str, Any]) -> None:
    other = dataclasses.replace(spec, backbone=dataclasses.replace(spec.backbone, **change))
    assert other.key == spec.key
    assert spec.differences(other) == {}


def test_unhashed_weights_count_by_their_place(spec: StoreSpec) -> None:
    one, two = (
        dataclasses.replace(spec, backbone=dataclasses.replace(spec.backbone, weights_sha256="", weights=name))
        for name in ("a", "b")
    )
    assert one.key != two.key


def test_defaults_written_out_are_the_same_setting(spec: StoreSpec) -> None:
    written = dataclasses.replace(spec, sampling=MultiClip(num_frames=16, clip_seconds=2, stride_seconds=2))
    assert written.key == spec.key


def test_the_key_does_not_drift(spec: StoreSpec) -> None:
    """A changed key orphans every store there is: change it knowingly."""
    assert spec.key == "2d59cb3b50af33b8d245a149426c3913918a950ced75a610818ddc106671f270"


def test_other_settings_are_refused_naming_every_field(tmp_path: Path, spec: StoreSpec) -> None:
    Store.open_or_create(tmp_path / "s", spec)
    card = dataclasses.replace(spec.backbone, dim=7)
    other = dataclasses.replace(spec, backbone=card, sampling=Strided(frame_step=2), num_frames=8)
    with pytest.raises(StoreError) as caught:
        Store.open_or_create(tmp_path / "s", other)
    message = str(caught.value)
    for line in (
        "backbone.dim: here 6, asked 7",
        "num_frames: here 16, asked 8",
        "sampling.kind: here 'MultiClip', asked 'Strided'",
        "sampling.frame_step: here None, asked 2",
        "sampling.clip_seconds: here 2.0, asked None",
    ):
        assert line in message
    assert "use the same settings, or another folder" in message


def test_forward_stores_keep_the_key_and_the_file_of_before_there_were_reversed_ones(spec: StoreSpec) -> None:
    assert spec.key == "2d59cb3b50af33b8d245a149426c3913918a950ced75a610818ddc106671f270"
    assert "frame_order" not in spec.to_json()
    assert StoreSpec.from_json(spec.to_json()) == spec


def test_reversed_frames_are_another_store(spec: StoreSpec, tmp_path: Path) -> None:
    other = dataclasses.replace(spec, frame_order="reversed")
    assert other.key != spec.key
    assert StoreSpec.from_json(other.to_json()) == other
    assert spec.differences(other) == {"frame_order": ("forward", "reversed")}
    Store.open_or_create(tmp_path / "s", spec)
    with pytest.raises(StoreError, match="frame_order: here 'forward', asked 'reversed'"):
        Store.open_or_create(tmp_path / "s", other)


def test_whole_pictures_are_another_store(spec: StoreSpec, tmp_path: Path) -> None:
    assert "framing" not in spec.to_json()
    other = dataclasses.replace(spec, framing="squash")
    assert other.key != spec.key
    assert StoreSpec.from_json(other.to_json()) == other
    Store.open_or_create(tmp_path / "s", spec)
    with pytest.raises(StoreError, match="framing: here 'crop', asked 'squash'"):
        Store.open_or_create(tmp_path / "s", other)
