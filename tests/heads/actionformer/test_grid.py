"""Clocks, resizing and windows against what the report authors' loader gives for real annotations."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from twlv.errors import FeatureError
from twlv.heads.actionformer.crop import CropSettings, draw_window
from twlv.heads.actionformer.grid import Grid, grid_of, inside, resized
from twlv.metrics.temporal_segments import RULES, Segments, counted
from twlv.types import Embedding

NUMBERS = np.load(Path(__file__).resolve().parents[2] / "reference" / "localization_data.npz")
CASES: dict[str, dict[str, Any]] = json.loads(NUMBERS["cases"].tobytes())


def embedding(rows: np.ndarray, stride: float, clip: float, duration: float | None = None) -> Embedding:
    start = np.arange(len(rows)) * stride
    spans = np.stack([start, start + clip], axis=1)
    return Embedding(video_id="v", level="clip", vectors=rows, spans_seconds=spans, duration_seconds=duration)


def prepared(case: str) -> tuple[Grid, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The clock, features, segments in steps and labels of a case."""
    told, video, resize = CASES[case], case.split("|")[2], 192 if case.startswith("Activity") else None
    rng = np.random.RandomState(zlib.crc32(f"feat:{video}".encode()) & 0x7FFFFFFF)
    rows = rng.standard_normal((told["clips"], 8)).astype(np.float32)
    found = embedding(rows, 0.25 if resize else 0.125, 0.5, told["duration"])
    grid = grid_of(found, resize=resize)
    ends, labels = np.array(told["ends"]), np.array(told["labels"])
    kept = counted(
        Segments(video=np.zeros(len(ends), dtype=np.int64), label=labels, start=ends[:, 0], end=ends[:, 1]),
        RULES["authors"],
    )
    segments = grid.to_steps(torch.from_numpy(np.stack([kept.start, kept.end], axis=1)))
    return grid, resized(torch.from_numpy(rows), resize), segments, torch.from_numpy(kept.label)


@pytest.mark.parametrize("case", CASES)
def test_segments_in_steps_and_resized_features(case: str) -> None:
    grid, rows, segments, _ = prepared(case)
    wanted = NUMBERS[f"{case}|segments"]
    np.testing.assert_allclose(segments.numpy(), wanted, rtol=3e-7, atol=1e-5)
    assert grid.end_seconds == CASES[case]["duration"]  # of the embedding: the annotation's may differ
    if f"{case}|resized" in NUMBERS:
        np.testing.assert_array_equal(rows.T.numpy(), NUMBERS[f"{case}|resized"])


@pytest.mark.parametrize("case", [case for case, told in CASES.items() if told["windows"]])
def test_windows_are_drawn_as_the_authors_draw_them(case: str) -> None:
    """Resized before it is cropped; a window that is the whole video leaves its segments alone."""
    _, rows, segments, labels = prepared(case)
    longest = 192 if case.startswith("Activity") else 2304
    if longest == 192:
        segments, labels = inside(segments, labels, length=longest)
    for seed, told in CASES[case]["windows"].items():
        window = draw_window(
            len(rows), segments, labels, max_length=longest, settings=CropSettings(), random=Random(int(seed))
        )
        assert window.end - window.start == told["steps"]
        assert float(rows[window.start : window.end].sum()) == pytest.approx(told["sum"], abs=2e-3)
        wanted = NUMBERS[f"{case}|train_seed{seed}|segments"]
        np.testing.assert_allclose(window.segments.numpy(), wanted, rtol=3e-7, atol=1e-4)
        np.testing.assert_array_equal(window.labels.numpy(), NUMBERS[f"{case}|train_seed{seed}|labels"])


@given(st.integers(1, 50), st.sampled_from([None, 7, 192]), st.floats(0.05, 2), st.floats(0.05, 3))
def test_seconds_come_back_from_steps_and_are_cut_at_the_end(
    clips: int, resize: int | None, stride: float, clip: float
) -> None:
    grid = grid_of(embedding(np.zeros((clips, 2), dtype=np.float32), stride, clip), resize=resize)
    seconds = np.linspace(0, grid.end_seconds, 5)
    back = grid.to_seconds(grid.to_steps(torch.from_numpy(seconds)).double().numpy())
    np.testing.assert_allclose(back, seconds, atol=1e-4)
    assert grid.to_seconds(np.array([-1e6, 1e6])).tolist() == [0.0, grid.end_seconds]


def test_the_step_of_a_resized_video_has_the_window_in_it() -> None:
    """((M - 1) stride + clip) / length, not M stride / length: they differ where clips overlap."""
    grid = grid_of(embedding(np.zeros((609, 2), dtype=np.float32), 0.25, 0.5), resize=192)
    assert grid.step_seconds == pytest.approx((608 * 0.25 + 0.5) / 192)
    assert grid.offset_seconds == pytest.approx(grid.step_seconds / 2)


def test_resizing_is_between_half_pixel_middles() -> None:
    rows = torch.arange(4.0)[:, None]
    assert resized(rows, 2)[:, 0].tolist() == [0.5, 2.5]  # corners aligned would give 0 and 3
    assert resized(rows, 4) is rows
    assert resized(rows[:1], 3)[:, 0].tolist() == [0, 0, 0]


def test_clips_that_do_not_begin_evenly_are_refused() -> None:
    spans = np.array([[0.0, 1.0], [1.0, 2.0], [1.3, 2.3]])
    found = Embedding(video_id="v", level="clip", vectors=np.zeros((3, 2), np.float32), spans_seconds=spans)
    with pytest.raises(FeatureError, match=r"'v': clips do not begin .* tail drop"):
        grid_of(found, resize=None)
    views = np.tile([0.0, 1.0], (3, 1))
    found = Embedding(video_id="v", level="clip", vectors=np.zeros((3, 2), np.float32), spans_seconds=views)
    with pytest.raises(FeatureError, match="one view"):
        grid_of(found, resize=None)


def test_segments_that_leave_a_resized_video() -> None:
    segments = torch.tensor([[0.0, 10.0], [190.0, 197.0], [192.5, 193.0], [190.0, 193.0]])
    kept, labels = inside(segments, torch.arange(4), length=192)
    assert kept.tolist() == [[0.0, 10.0], [190.0, 192.5]]  # 2.5 of 7 inside is too little, 2.5 of 3 is not
    assert labels.tolist() == [0, 3]


def test_a_video_without_segments_gives_any_window() -> None:
    window = draw_window(
        500,
        torch.zeros(0, 2),
        torch.zeros(0, dtype=torch.int64),
        max_length=100,
        settings=CropSettings(),
        random=Random(0),
    )
    assert window.end - window.start == 100
    assert len(window.segments) == 0


def test_segments_out_of_every_window_end_in_the_last_draw() -> None:
    """The report authors' code crashes on such a video; here it is background."""
    segments, labels = torch.tensor([[900.0, 950.0]]), torch.tensor([0])
    window = draw_window(500, segments, labels, max_length=100, settings=CropSettings(), random=Random(0))
    assert len(window.segments) == 0
