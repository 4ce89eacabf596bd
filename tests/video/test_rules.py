"""The rules of public code bases, against what their own code gave for 19 video lengths."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.video import RULES
from twlv.video.rules import slowfast_spans

REFERENCE = Path(__file__).parents[1] / "reference"


def golden(name: str) -> dict[str, Any]:
    """One file of ``tests/reference``."""
    read: dict[str, Any] = json.loads(gzip.decompress((REFERENCE / name).read_bytes()))
    return read


GOLDEN = golden("frame_indices.json.gz")
CASES: list[dict[str, Any]] = GOLDEN["cases"]
MMACTION2: list[dict[str, Any]] = golden("mmaction2_indices.json.gz")["cases"]
HOW = {"clip_frames": GOLDEN["frames_per_clip"], "step": GOLDEN["step"]}


def indices(rule: str, frames: int, clips: int, fps: float = 30.0) -> list[list[int]]:
    return RULES[rule](frames, num_clips=clips, fps=fps, **HOW).tolist()


LENGTHS = [1, 2, 3, 5, 10, 16, 17, 30, 45, 63, 64, 65, 66, 100, 129, 150, 250, 300, 301]


def test_reference_covers_19_lengths_and_every_rule() -> None:
    assert [case["frames"] for case in CASES] == [case["frames"] for case in MMACTION2] == LENGTHS
    covered = {
        "vjepa": "vjepa",
        "videomae_dense_test_5": "videomae_dense_test",
        "videomae_ssv2_test_2": "videomae_ssv2_test",
        "videoglue_linspace_4": "videoglue_linspace",
        "videoglue_segments": "videoglue_segments",
        "slowfast_spans_10_fps30": "slowfast",
        "slowfast_spans_10_fps15": "slowfast",
    }
    assert all(set(case) == {"frames", *covered} for case in CASES)
    # SlowFast's segments on Something-Something are VideoGLUE's
    assert RULES["slowfast_ssv2"] is RULES["videoglue_segments"]
    assert {*covered.values(), "slowfast_ssv2", "mmaction2"} == set(RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["frames"]))
def test_equal_to_the_public_code(case: dict[str, Any]) -> None:
    frames = case["frames"]
    for clips in (1, 2, 8):
        assert indices("vjepa", frames, clips) == case["vjepa"][f"{clips}_clips_overlap"]
    assert indices("videomae_dense_test", frames, 5) == case["videomae_dense_test_5"]
    assert indices("videomae_ssv2_test", frames, 2) == case["videomae_ssv2_test_2"]
    assert indices("videoglue_linspace", frames, 4) == case["videoglue_linspace_4"]
    assert indices("videoglue_segments", frames, 1) == case["videoglue_segments"]
    for fps in (30, 15):
        spans = slowfast_spans(frames, num_clips=10, fps=fps, **HOW)
        np.testing.assert_allclose(spans, case[f"slowfast_spans_10_fps{fps}"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", MMACTION2, ids=lambda case: str(case["frames"]))
def test_equal_to_mmaction2(case: dict[str, Any]) -> None:
    for clips in (1, 3, 10):
        assert indices("mmaction2", case["frames"], clips) == case[f"{clips}_clips"]


def test_slowfast_indices_are_a_float32_linspace() -> None:
    for frames in (*LENGTHS, 20, 777):
        for start, end in slowfast_spans(frames, num_clips=10, fps=29.97, **HOW):
            expected = torch.linspace(start, end, 16).clamp(0, frames - 1).long().tolist()
            assert expected in indices("slowfast", frames, 10, fps=29.97)


def test_temporal_views_of_slowfast_ssv2_are_identical() -> None:
    rows = indices("slowfast_ssv2", 45, 3)
    assert rows[0] == rows[1] == rows[2]


def test_mmaction2_by_hand() -> None:
    """Clip length (16 - 1) 4 + 1 = 61; 300 frames leave 239: offsets 0, 119.5 (to even: 120), 239."""
    assert [row[0] for row in indices("mmaction2", 300, 3)] == [0, 120, 239]
    assert indices("mmaction2", 300, 3)[2][-1] == 299
    assert indices("mmaction2", 300, 1)[0][0] == 119
    assert indices("mmaction2", 30, 1)[0][:9] == [0, 4, 8, 12, 16, 20, 24, 28, 2]


@settings(max_examples=60, deadline=None)
@given(
    rule=st.sampled_from(sorted(RULES)),
    frames=st.integers(2, 400),
    clips=st.integers(1, 10),
    fps=st.floats(5, 120),
)
def test_every_rule_stays_inside_from_two_frames_on(rule: str, frames: int, clips: int, fps: float) -> None:
    rows = RULES[rule](frames, clip_frames=16, step=4, num_clips=clips, fps=fps)
    assert rows.shape == (clips, 16)
    assert rows.min() >= 0
    assert rows.max() < frames
