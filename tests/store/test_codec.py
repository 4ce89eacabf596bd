"""JSON to dataclasses and back."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.codec import canonical, from_json, to_json
from twlv.errors import InputError
from twlv.store import StoreSpec
from twlv.types import Around, BackboneCard, MultiClip, Rule, Sampling, Strided, Uniform, Views

FRAMES = st.none() | st.integers(1, 512)
SECONDS = st.floats(0.01, 1e4, allow_nan=False)
SAMPLINGS = st.one_of(
    st.builds(Uniform, num_frames=FRAMES),
    st.builds(
        MultiClip,
        num_frames=FRAMES,
        clip_seconds=SECONDS,
        stride_seconds=st.none() | SECONDS,
        tail=st.sampled_from(["drop", "short", "shift"]),
    ),
    st.builds(Strided, num_frames=FRAMES, frame_step=st.integers(1, 64)),
    st.builds(Around, num_frames=FRAMES, clip_seconds=st.floats(0.1, 9.0)),
    st.builds(Rule, name=st.text(max_size=8), num_frames=FRAMES, num_clips=st.integers(1, 9)),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    sampling=SAMPLINGS, details=st.dictionaries(st.text(max_size=5), JSON, max_size=3), views=st.integers(1, 9)
)
def test_spec_round_trip_restores_the_same_dataclasses(
    sampling: Sampling, details: dict[str, Any], views: int, card: BackboneCard
) -> None:
    spec = StoreSpec(
        backbone=dataclasses.replace(card, details=details),
        sampling=sampling,
        num_frames=8,
        views=Views(temporal=views, spatial=3),
        level="time",
        dtype="float16",
    )
    again = StoreSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert again == spec
    assert type(again.sampling) is type(sampling)
    assert again.key == spec.key
    assert isinstance(again.backbone.patch, tuple)


def test_a_union_member_names_its_class() -> None:
    assert to_json(Uniform(num_frames=4), Sampling) == {"kind": "Uniform", "num_frames": 4}
    assert from_json(Sampling, {"kind": "Strided", "frame_step": 2}) == Strided(frame_step=2)  # type: ignore[arg-type]


def test_numbers_take_the_declared_type() -> None:
    assert canonical(to_json(MultiClip(clip_seconds=2))) == canonical(to_json(MultiClip(clip_seconds=2.0)))
    read = from_json(MultiClip, {"clip_seconds": 3})
    assert isinstance(read.clip_seconds, float)


def test_canonical_is_sorted_compact_and_refuses_nan() -> None:
    assert canonical({"b": 1, "a": ["é", None]}) == '{"a":["é",null],"b":1}'
    with pytest.raises(InputError, match="not JSON"):
        canonical({"a": float("nan")})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"kind": "Sometimes"}, "Uniform, MultiClip, Strided, Rule"),
        ({"kind": "MultiClip", "clip_seconds": "2"}, "clip_seconds: expected a finite number"),
        ({"kind": "MultiClip", "clip_seconds": True}, "expected a finite number"),
        ({"kind": "MultiClip", "tail": "cut"}, "tail: expected one of"),
        ({"kind": "Uniform", "num_frames": 2.5}, "num_frames"),
        ({"kind": "Uniform", "frames": 2}, "no field frames; it was written by another version"),
        ({"kind": "Rule"}, "lacks the field name"),
        ("Uniform", "seen 'Uniform'"),
    ],
)
def test_what_does_not_fit_is_named(value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_json(Sampling, value)  # type: ignore[arg-type]


def test_a_list_of_the_wrong_length_is_refused(card: BackboneCard) -> None:
    value = to_json(card)
    assert isinstance(value, dict)
    with pytest.raises(InputError, match=r"card\.patch: expected a list of 3"):
        from_json(BackboneCard, {**value, "patch": [1, 2]}, where="card")


def test_only_a_union_member_carries_a_kind(card: BackboneCard) -> None:
    value = to_json(card)
    assert isinstance(value, dict)
    with pytest.raises(InputError, match="has no field kind"):
        from_json(BackboneCard, {**value, "kind": "BackboneCard"}, where="card")
