"""Features at the times of labels: the published stretch, the true times, and what is left over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import FeatureError
from twlv.tasks.frame_alignment import align, step_times
from twlv.types import Embedding

REFERENCE = Path(__file__).parents[1] / "reference" / "interpolation.npz"


def clips(vectors: np.ndarray, *, seconds: float = 1.0, stride: float = 0.25) -> Embedding:
    starts = np.arange(len(vectors)) * stride
    spans = np.stack([starts, starts + seconds], axis=1)
    return Embedding(video_id="v", level="clip", vectors=vectors, spans_seconds=spans)


def test_trap_12_the_stretch_equals_the_published_resizing() -> None:
    with np.load(REFERENCE) as stored:
        names = [name.removeprefix("in/") for name in stored.files if name.startswith("in/")]
        assert len(names) > 7
        for name in names:
            vectors, wanted = stored[f"in/{name}"], stored[f"out/{name}"].T
            steps = align(clips(vectors), len(wanted), 30.0, rule="stretch")
            np.testing.assert_allclose(steps.read(vectors), wanted, atol=3e-4)  # its places are float32


@pytest.mark.parametrize("rule", ["centres", "stretch"])
@pytest.mark.parametrize("frames", [1, 2, 7, 8])
def test_trap_13_every_second_label_is_a_step_and_features_are_not_thinned_as_well(rule, frames) -> None:
    rows = np.arange(5, dtype=np.float32)[:, None]
    steps = align(clips(rows), frames, 30.0, label_step=2, rule=rule)
    assert len(steps) == -(-frames // 2) == len(step_times(frames, 30.0, 2))
    if rule == "stretch" and frames > 6:  # all five rows are used
        assert {*steps.left.tolist(), *steps.right.tolist()} == set(range(5))


@settings(deadline=None)
@given(
    rows=st.integers(1, 40),
    frames=st.integers(1, 90),
    fps=st.sampled_from([15.0, 25.0, 29.97]),
    label_step=st.sampled_from([1, 2, 3]),
)
def test_a_signal_that_is_the_time_comes_out_as_the_time(rows, frames, fps, label_step) -> None:
    embedding = clips(np.zeros((rows, 1), dtype=np.float32), seconds=0.5, stride=0.125)
    centres = embedding.spans_seconds.mean(axis=1)
    times = step_times(frames, fps, label_step)
    read = align(embedding, frames, fps, label_step=label_step).read(centres[:, None].astype(np.float32))[:, 0]
    np.testing.assert_allclose(read, np.clip(times, centres[0], centres[-1]), atol=1e-5)


def test_the_stretch_is_off_by_what_the_clips_do_not_reach() -> None:
    embedding = clips(np.zeros((37, 1), dtype=np.float32))  # 10 s: clips of 1 s every quarter
    centres = embedding.spans_seconds.mean(axis=1, keepdims=True).astype(np.float32)
    times = step_times(300, 30.0)
    error = np.abs(align(embedding, 300, 30.0, rule="stretch").read(centres)[:, 0] - times)
    assert error[0] == pytest.approx(0.5, abs=0.02)
    assert 0.1 < error.mean() < 0.3
    exact = np.abs(align(embedding, 300, 30.0).read(centres)[:, 0] - times)
    assert exact[30:-30].max() < 1e-5


def test_one_row_for_each_frame_is_taken_as_it_is() -> None:
    vectors = np.random.default_rng(0).standard_normal((91, 4)).astype(np.float32)
    each = clips(vectors, seconds=1 / 15, stride=1 / 15)
    np.testing.assert_allclose(align(each, 91, 15.0).read(vectors), vectors, atol=1e-5)
    np.testing.assert_allclose(align(each, 91, 15.0, label_step=2).read(vectors), vectors[::2], atol=1e-5)


@pytest.mark.parametrize(("frames", "left"), [(30, 1.0), (15, 0.0), (8, -7 / 15)])
def test_what_labels_and_clips_do_not_share_is_said_in_seconds(frames, left) -> None:
    rows = np.zeros((5, 2), dtype=np.float32)
    embedding = clips(rows, seconds=0.2, stride=0.2)  # to 1 s
    assert align(embedding, frames, 15.0).leftover_seconds == pytest.approx(left)


def test_rows_that_are_not_one_view_of_each_clip_are_refused() -> None:
    spans = np.array([[0.0, 1.0]] * 3)
    views = Embedding(
        video_id="v", level="clip", vectors=np.zeros((3, 2), dtype=np.float32), spans_seconds=spans
    )
    with pytest.raises(FeatureError, match="'v': the centres of its clips do not rise"):
        align(views, 10, 15.0)
    tokens = Embedding(
        video_id="v",
        level="time",
        vectors=np.zeros((1, 4, 2), dtype=np.float32),
        spans_seconds=spans[:1],
    )
    with pytest.raises(FeatureError, match=r"one vector for each clip is needed, got \(1, 4, 2\)"):
        align(tokens, 10, 15.0)
