"""Segmentation metrics equal published code on real labels, and a slow reading of the rules on any labels."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import InputError
from twlv.metrics.segmentation import THRESHOLDS, count_segmentation
from twlv.metrics.segmentation_edit import edit_distances
from twlv.metrics.segmentation_runs import runs_of

REFERENCE = Path(__file__).parents[1] / "reference"
BACKGROUND = {"gtea": (10,), "breakfast": ()}
EDGES = json.loads((REFERENCE / "segmentation_edges.json").read_text())["cases"]


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(REFERENCE / "segmentation_metrics.npz") as stored:
        return dict(stored)


def frames(golden, name):
    """The label of every frame of every video, from the stored runs."""
    labels = np.repeat(golden[f"{name}label"].astype(np.int64), golden[f"{name}length"])
    runs = golden[f"{name}runs"].astype(np.int64)
    ends = np.cumsum(golden[f"{name}length"].astype(np.int64))[np.cumsum(runs) - 1]
    return np.split(labels, ends[:-1])


# ---------------------------------------------------------------- against published code


@pytest.mark.parametrize("end", ["e0", "e1"])
@pytest.mark.parametrize("level", ["light", "heavy"])
@pytest.mark.parametrize("name", ["gtea", "breakfast"])
def test_counts_on_real_labels_equal_the_published_code(golden, name, level, end) -> None:
    true = frames(golden, f"{name}/gt_")
    counts = count_segmentation(
        frames(golden, f"{name}/{level}/pred_"), true, background=BACKGROUND[name], end=end
    )
    stored = f"{name}/{level}"
    np.testing.assert_array_equal(counts.correct, golden[f"{stored}/correct"])
    np.testing.assert_array_equal(counts.true_positives, golden[f"{stored}/{end}/tp"])
    np.testing.assert_array_equal(counts.false_positives, golden[f"{stored}/{end}/fp"])
    np.testing.assert_array_equal(counts.false_negatives, golden[f"{stored}/{end}/fn"])
    np.testing.assert_allclose(100 * counts.edit, golden[f"{stored}/edit"], atol=1e-4)
    for split, row in enumerate(golden[f"{stored}/{end}/split_table"], start=1):
        pooled = counts.select(np.flatnonzero(golden[f"{name}/split"] == split)).pooled()
        found = [pooled.accuracy, pooled.edit, *pooled.f1]
        np.testing.assert_allclose(100 * np.array(found), row, atol=1e-4)


def test_keeping_or_dropping_background_shows(golden) -> None:
    true, predicted = frames(golden, "gtea/gt_"), frames(golden, "gtea/light/pred_")
    kept = count_segmentation(predicted, true)
    assert (kept.true_positives != golden["gtea/light/e0/tp"]).any()
    true, predicted = frames(golden, "breakfast/gt_"), frames(golden, "breakfast/light/pred_")
    without_sil = count_segmentation(predicted, true, background=(0,))
    assert (without_sil.true_positives != golden["breakfast/light/e0/tp"]).any()


@pytest.mark.parametrize("end", ["e0", "e1"])
@pytest.mark.parametrize("case", EDGES, ids=lambda case: case["name"])
def test_hand_cases(case, end) -> None:
    names = sorted({*case["pred"], *case["gt"]})
    predicted, true = ([np.array([names.index(label) for label in case[key]])] for key in ("pred", "gt"))
    background = [names.index(name) for name in names if name == "background"]
    if case["correct"] == "raises IndexError":  # too short for the accuracy
        with pytest.raises(InputError, match="5 predicted labels for 6 frames"):
            count_segmentation(predicted, true, background=background, end=end)
        return
    counts = count_segmentation(predicted, true, background=background, end=end)
    assert counts.correct.tolist() == [case["correct"]]
    wanted = case[end]
    np.testing.assert_allclose(100 * counts.edit[0], float(wanted["edit"]), atol=1e-4)
    for k, threshold in enumerate(THRESHOLDS):
        found = [counts.true_positives[0, k], counts.false_positives[0, k], counts.false_negatives[0, k]]
        if wanted[f"f@{threshold}"] == "raises ValueError":  # no true segment: all are false alarms
            assert found == [0, 3, 0]
        else:
            assert found == wanted[f"f@{threshold}"]


def test_all_splits_of_breakfast_take_less_than_half_a_second(golden) -> None:
    true, predicted = frames(golden, "breakfast/gt_"), frames(golden, "breakfast/heavy/pred_")
    split = golden["breakfast/split"]
    start = time.process_time()
    counts = count_segmentation(predicted, true)
    for number in range(1, 5):
        counts.select(np.flatnonzero(split == number)).pooled()
    assert time.process_time() - start < 0.5


# ---------------------------------------------------------------- against a slow reading of the rules


def slow_segments(labels, background, end):
    """(label, start, end) one frame at a time."""
    found = []
    for frame, label in enumerate(labels):
        if frame and label == labels[frame - 1]:
            found[-1][2] = frame + 1
        else:
            found.append([label, frame, frame + 1])
    found[-1][2] -= end == "e0"
    return [segment for segment in found if segment[0] not in background]


def slow_counts(predicted, true, threshold):
    taken: set[int] = set()
    hit = 0
    for label, start, stop in predicted:
        overlaps = []
        for other, begin, finish in true:
            hull = max(stop, finish) - min(start, begin)
            common = min(stop, finish) - max(start, begin)
            overlaps.append(float("nan") if hull == 0 else common / hull * (label == other))
        if not overlaps or np.isnan(overlaps).any():
            continue
        best = int(np.argmax(overlaps))
        if overlaps[best] >= threshold and best not in taken:
            taken.add(best)
            hit += 1
    return hit, len(predicted) - hit, len(true) - hit


def slow_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(
        slow_distance(a[1:], b) + 1, slow_distance(a, b[1:]) + 1, slow_distance(a[1:], b[1:]) + (a[0] != b[0])
    )


LABELS = st.lists(st.integers(0, 3), min_size=1, max_size=14)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(LABELS, LABELS), min_size=1, max_size=4), st.sampled_from(["e0", "e1"]), st.booleans()
)
def test_counts_equal_a_slow_reading_of_the_rules(pairs, end, drop) -> None:
    background = (3,) if drop else ()
    true = [np.array(labels) for _, labels in pairs]
    predicted = [np.array(labels + labels[-1:] * len(truth)) for labels, truth in pairs]
    counts = count_segmentation(predicted, true, background=background, end=end)
    for video, (ours, theirs) in enumerate(zip(predicted, true, strict=True)):
        p, t = (slow_segments(labels.tolist(), background, end) for labels in (ours, theirs))
        for k, threshold in enumerate(THRESHOLDS):
            found = (
                counts.true_positives[video, k],
                counts.false_positives[video, k],
                counts.false_negatives[video, k],
            )
            assert found == slow_counts(p, t, threshold)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(LABELS, LABELS).map(lambda pair: (pair[0][:7], pair[1][:7])), min_size=1, max_size=5))
def test_distances_equal_the_recursion(pairs) -> None:
    first, second = (runs_of([np.array(pair[i]) for pair in pairs]) for i in (0, 1))
    parts = [
        tuple(runs.labels[runs.offsets[v] : runs.offsets[v + 1]].tolist() for runs in (first, second))
        for v in range(len(pairs))
    ]
    assert edit_distances(first, second).tolist() == [slow_distance(a, b) for a, b in parts]


# ---------------------------------------------------------------- what is pooled and what is refused


def test_f1_is_pooled_and_edit_is_a_mean_that_says_over_what() -> None:
    true = [np.array([0, 0, 1, 1, 2, 2]), np.array([3, 3, 3])]
    counts = count_segmentation([true[0], np.array([3, 3, 3])], true, background=(3,), end="e1")
    pooled = counts.pooled()
    assert pooled.num_videos == 2
    assert pooled.num_edit == 1  # the second has no segment at all
    assert pooled.edit == 1.0
    lone = count_segmentation([true[0], np.zeros(2, int)], [true[0], np.array([1, 1])], end="e1").pooled()
    assert lone.f1 == (0.75, 0.75, 0.75)  # 3 hits, 1 false alarm, 1 miss; the mean over videos would be 0.5
    assert lone.mean_f1 == 0.75
    assert np.isnan(count_segmentation([], []).pooled().accuracy)


def test_of_two_equal_overlaps_the_first_is_taken() -> None:
    true = np.array([0] * 4 + [1] * 2 + [0] * 4)
    predicted = np.array([1] * 2 + [0] * 6 + [1, 0])  # the long one meets both true ones alike
    counts = count_segmentation([predicted], [true], end="e1")
    assert counts.true_positives.tolist() == [[2, 2, 0]]  # the last frame still finds the second one free


def test_many_videos_and_many_pairs_are_cut_into_parts(monkeypatch) -> None:
    from twlv.metrics import segmentation_edit, segmentation_overlap

    generator = np.random.default_rng(0)
    true = [generator.integers(0, 3, size=n) for n in (5, 40, 7, 21, 33)]
    predicted = [generator.integers(0, 3, size=len(labels)) for labels in true]
    whole = count_segmentation(predicted, true)
    monkeypatch.setattr(segmentation_edit, "_AT_ONCE", 2)
    monkeypatch.setattr(segmentation_overlap, "_PAIRS", 50)
    parts = count_segmentation(predicted, true)
    np.testing.assert_array_equal(whole.true_positives, parts.true_positives)
    np.testing.assert_array_equal(whole.edit, parts.edit)


def test_unusable_labels_are_refused() -> None:
    one = np.zeros(3, dtype=np.int64)
    with pytest.raises(InputError, match="1 predictions for 2 videos"):
        count_segmentation([one], [one, one])
    with pytest.raises(InputError, match="video 0: labels must be one integer for each frame"):
        count_segmentation([one[:0]], [one[:0]])
    with pytest.raises(InputError, match="float64"):
        count_segmentation([one.astype(float)], [one])
    with pytest.raises(InputError, match="above 0"):
        count_segmentation([one], [one], thresholds=(0.0,))
