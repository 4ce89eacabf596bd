"""Frame AP against the same rules written as plain loops, and what each rule is for."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import InputError
from twlv.metrics.frame_ap import SIZES, average_precision, frame_ap
from twlv.metrics.frame_boxes import RULES, FrameBoxes

LABELS = np.array([7, 2, 5])


def _random(rng: np.random.Generator, n: int, *, scores: bool, spread: int) -> FrameBoxes:
    """Boxes on a coarse grid, so that overlaps of exactly a half and equal ones occur."""
    corner = rng.integers(0, spread, (n, 2)) / 8
    size = rng.integers(0, 4, (n, 2)) / 8
    return FrameBoxes(
        frame=rng.integers(0, 5, n),
        label=rng.choice([2, 3, 5, 7], n),
        xyxy=np.concatenate([corner, corner + size], axis=1),
        score=rng.permutation(n) / max(n, 1) if scores else None,
    )


def _plain(found: FrameBoxes, truth: FrameBoxes, frames: set[int], label: int, most: int) -> float:
    """Rules 1 to 12 of the official script for one label, in loops over texts of rows."""
    assert found.score is not None
    known = frames | {int(frame) for frame in truth.frame}
    by_frame = defaultdict(list)
    for row in range(len(found)):
        if int(found.label[row]) in LABELS.tolist():
            by_frame[int(found.frame[row])].append((float(found.score[row]), row))
    hits: list[tuple[float, bool]] = []
    for frame, rows in by_frame.items():
        if frame not in known:
            continue
        people = [row for row in range(len(truth)) if truth.frame[row] == frame and truth.label[row] == label]
        taken: set[int] = set()
        for score, row in sorted(rows, reverse=True)[:most]:
            x1, y1, x2, y2 = found.xyxy[row]
            if found.label[row] != label or x1 >= x2 or y1 >= y2:
                continue
            overlaps = [_iou(found.xyxy[row], truth.xyxy[person]) for person in people]
            best = int(np.argmax(overlaps)) if overlaps else -1
            right = best >= 0 and overlaps[best] >= 0.5 and best not in taken
            taken |= {best} if right else set()
            hits.append((score, right))
    num_truth = int((truth.label == label).sum())
    if not num_truth:
        return float("nan")
    right = np.array([r for _, r in sorted(hits, reverse=True)], dtype=float)
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    envelope = [precision[index:].max() for index in range(len(right))]
    return float(sum(p for p, r in zip(envelope, right, strict=True) if r) / num_truth)


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


@given(seed=st.integers(0, 10**6), n=st.integers(0, 60), people=st.integers(1, 25), spread=st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_equal_to_plain_loops(seed: int, n: int, people: int, spread: int) -> None:
    rng = np.random.default_rng(seed)
    found, truth = (
        _random(rng, n, scores=True, spread=spread),
        _random(rng, people, scores=False, spread=spread),
    )
    frames = {0, 4}
    rules = RULES["official"]
    scores = frame_ap(found, truth, labels=LABELS, frames=np.array(sorted(frames)), rules=rules)
    wanted = [_plain(found, truth, frames, int(label), 50) for label in LABELS]
    np.testing.assert_allclose(scores.ap, wanted, atol=1e-12)
    assert scores.num_truth.tolist() == [int((truth.label == label).sum()) for label in LABELS]
    left = scores.left
    gone = left.other_label + left.elsewhere + left.beyond_most + left.no_area + left.excluded
    assert gone + scores.num_detections.sum() == n
    assert left.truth_other_label + scores.num_truth.sum() == people


@given(seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_neither_order_nor_scale_matters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found, truth = _random(rng, 50, scores=True, spread=3), _random(rng, 20, scores=False, spread=3)
    scores = frame_ap(found, truth, labels=LABELS)
    moved = frame_ap(_scaled(found.keep(rng.permutation(50))), _scaled(truth), labels=LABELS)
    np.testing.assert_allclose(moved.ap, scores.ap, atol=1e-12)
    again = frame_ap(found, truth, labels=LABELS[::-1])
    np.testing.assert_allclose(again.ap[::-1], scores.ap)


def _scaled(boxes: FrameBoxes) -> FrameBoxes:
    xyxy = boxes.xyxy * np.array([64, 32, 64, 32])
    return FrameBoxes(frame=boxes.frame * 3 + 1, label=boxes.label, xyxy=xyxy, score=boxes.score)


def _boxes(*rows: tuple[float, ...]) -> FrameBoxes:
    """(x1, width, score) in frame 0, label 2, one unit high."""
    table = np.array(rows)
    xyxy = np.stack([table[:, 0], 0 * table[:, 0], table[:, 0] + table[:, 1], 0 * table[:, 0] + 1], axis=1)
    n = len(rows)
    return FrameBoxes(frame=np.zeros(n, int), label=np.full(n, 2), xyxy=xyxy, score=table[:, 2])


def test_the_cap_of_rows_is_of_all_labels_together() -> None:
    truth = _boxes((0, 1, 0))
    right, wrong = _boxes((0, 1, 0.1)), _boxes(*[(5, 1, 0.9)] * 50)
    other = FrameBoxes(frame=wrong.frame, label=wrong.label + 3, xyxy=wrong.xyxy, score=wrong.score)
    both = FrameBoxes(
        **{name: np.concatenate([getattr(other, name), getattr(right, name)]) for name in vars(right)}
    )
    capped = frame_ap(both, truth, labels=np.array([2, 5]))
    assert capped.ap[0] == 0.0
    assert capped.left.beyond_most == 1
    assert frame_ap(both, truth, labels=np.array([2])).ap[0] == 1.0  # labels first, then the cap
    assert frame_ap(both, truth, labels=np.array([2, 5]), rules=RULES["slowfast"]).ap[0] == 1.0


def test_a_frame_of_other_labels_is_known_without_being_named() -> None:
    """Detections there are false, and in a frame that no row of the truth names they are ignored."""
    person = _boxes((0, 1, 0))
    other = FrameBoxes(frame=np.array([1]), label=np.array([99]), xyxy=person.xyxy)
    truth = FrameBoxes(
        frame=np.array([0, 1]), label=np.array([2, 99]), xyxy=np.concatenate([person.xyxy, other.xyxy])
    )
    for frame, value in ((1, 0.5), (2, 1.0)):
        found = FrameBoxes(
            frame=np.array([0, frame]),
            label=np.array([2, 2]),
            xyxy=np.concatenate([person.xyxy] * 2),
            score=np.array([0.1, 0.9]),
        )
        scores = frame_ap(found, truth, labels=LABELS)
        assert (scores.mean_ap, scores.left.elsewhere) == (value, int(frame == 2))
    assert frame_ap(found, truth, labels=LABELS, frames=np.array([2])).mean_ap == 0.5
    mmaction2 = frame_ap(found, truth, labels=LABELS, frames=np.array([2]), rules=RULES["mmaction2"])
    assert mmaction2.mean_ap == 1.0


def test_equal_scores_are_counted_and_keep_the_order_of_rows() -> None:
    truth = _boxes((0, 1, 0))
    right, wrong = (0, 1, 0.5), (5, 1, 0.5)
    first, second = (frame_ap(_boxes(*rows), truth, labels=LABELS) for rows in ((right, wrong), (wrong, right)))
    assert (first.mean_ap, second.mean_ap) == (1.0, 0.5)
    assert first.num_tied == second.num_tied == 2


@given(seed=st.integers(0, 10**6), threshold=st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_trap_28_a_threshold_of_scores_never_helps(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    found, truth = _random(rng, 40, scores=True, spread=2), _random(rng, 20, scores=False, spread=2)
    assert found.score is not None
    whole, part = (
        frame_ap(rows, truth, labels=LABELS).ap for rows in (found, found.keep(found.score >= threshold))
    )
    known = ~np.isnan(whole)
    assert (np.isnan(part) == ~known).all()
    assert (part[known] <= whole[known] + 1e-12).all()


def test_trap_27_rounding_scores_moves_them_apart_from_their_order() -> None:
    """A score rounded to one decimal ties with others, and the order of rows decides."""
    rng = np.random.default_rng(3)
    truth = _random(rng, 60, scores=False, spread=2)
    found = _random(rng, 400, scores=True, spread=2)
    assert found.score is not None
    exact = frame_ap(found, truth, labels=LABELS)
    coarse = FrameBoxes(frame=found.frame, label=found.label, xyxy=found.xyxy, score=np.round(found.score, 1))
    rounded = frame_ap(coarse, truth, labels=LABELS)
    assert exact.num_tied == 0
    assert rounded.num_tied > 100
    assert rounded.mean_ap != exact.mean_ap


def test_sizes_are_scored_on_their_own() -> None:
    truth = _boxes((0, 0.05, 0), (0.1, 0.2, 0), (0.4, 0.4, 0), (0.8, 0.02, 0))
    found = _boxes((0.1, 0.2, 0.9), (0, 0.05, 0.8), (3, 0.06, 0.7))  # medium, small, and a false small one
    scores = frame_ap(found, truth, labels=LABELS)
    assert scores.by_size == {"small": (0.5, 2), "medium": (1.0, 1), "large": (0.0, 1)}
    assert scores.recall == 0.5
    assert list(SIZES) == ["small", "medium", "large"]
    assert frame_ap(_boxes((0, 0.05, 1)), _boxes((0, 0.05, 0)), labels=LABELS).by_size["large"][1] == 0


def test_an_empty_label_has_no_ap() -> None:
    assert np.isnan(average_precision(np.zeros(3, bool), 0))
    assert average_precision(np.zeros(0, bool), 4) == 0.0
    scores = frame_ap(_boxes((0, 1, 1)), _boxes((0, 1, 0)), labels=LABELS)
    assert np.isnan(scores.ap[[0, 2]]).all()
    assert scores.mean_ap == 1.0


def test_bad_input_is_refused() -> None:
    good = _boxes((0, 1, 0.5))
    for value in (np.nan, np.inf):
        bad = FrameBoxes(frame=good.frame, label=good.label, xyxy=good.xyxy, score=np.array([value]))
        with pytest.raises(InputError, match="finite score"):
            frame_ap(bad, good, labels=LABELS)
        corner = FrameBoxes(frame=good.frame, label=good.label, xyxy=np.full((1, 4), value), score=good.score)
        with pytest.raises(InputError, match="corners of detection 0 are not finite"):
            frame_ap(corner, good, labels=LABELS)
    with pytest.raises(InputError, match="ends before it begins"):
        frame_ap(good, _boxes((0, -1, 0)), labels=LABELS)
    with pytest.raises(InputError, match="named twice"):
        frame_ap(good, good, labels=np.array([2, 2]))
    with pytest.raises(InputError, match="columns of one length"):
        FrameBoxes(frame=good.frame, label=good.label, xyxy=good.xyxy[:, :3])
    unscored = FrameBoxes(frame=good.frame, label=good.label, xyxy=good.xyxy)
    with pytest.raises(InputError, match="finite score"):
        frame_ap(unscored, good, labels=LABELS)
