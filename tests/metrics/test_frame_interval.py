"""The mean AP under weights of key frames: that of frame_ap, and that of frames listed several times."""

from __future__ import annotations

import numpy as np
import pytest

from twlv.metrics.frame_ap import frame_ap
from twlv.metrics.frame_boxes import RULES, FrameBoxes
from twlv.metrics.frame_interval import mean_ap_interval, weighted_mean_ap
from twlv.metrics.frame_matching import Matched, match_frames

LABELS = np.array([0, 2, 1])
FRAMES = 9


def rows(seed: int) -> tuple[FrameBoxes, FrameBoxes]:
    """Detections near people, some of another label, and people of three labels (of label 1 rarely)."""
    random = np.random.default_rng(seed)
    corner = random.uniform(0, 0.5, (30, 2))
    truth = FrameBoxes(
        frame=random.integers(FRAMES, size=30),
        label=random.choice([0, 2, 1, 3], p=[0.45, 0.45, 0.05, 0.05], size=30),
        xyxy=np.concatenate([corner, corner + 0.3], axis=1),
    )
    near = random.integers(30, size=60)
    detections = FrameBoxes(
        frame=truth.frame[near],
        label=np.where(random.random(60) < 0.7, truth.label[near], 0),
        xyxy=truth.xyxy[near] + random.normal(0, 0.04, (60, 4)),
        score=random.random(60),
    )
    return detections, truth


def matched(detections: FrameBoxes, truth: FrameBoxes) -> Matched:
    none = np.zeros(0, np.int64)
    return match_frames(detections, truth, labels=LABELS, frames=none, excluded=none, rules=RULES["official"])


def repeated(boxes: FrameBoxes, counts: np.ndarray) -> FrameBoxes:
    """Frame i as ``counts[i]`` frames of their own; scores a hair apart, so that no order is left to chance."""
    kept = [np.flatnonzero(counts[boxes.frame] > copy) for copy in range(int(counts.max()))]
    index = np.concatenate(kept)
    copy = np.repeat(np.arange(len(kept)), [len(each) for each in kept])
    score = None if boxes.score is None else boxes.score[index] - 1e-9 * copy
    return FrameBoxes(
        frame=boxes.frame[index] + FRAMES * copy, label=boxes.label[index], xyxy=boxes.xyxy[index], score=score
    )


@pytest.mark.parametrize("seed", range(8))
def test_equal_weights_give_frame_ap(seed: int) -> None:
    detections, truth = rows(seed)
    found = weighted_mean_ap(matched(detections, truth), LABELS)(np.full(FRAMES, 3.0))
    assert found == pytest.approx(frame_ap(detections, truth, labels=LABELS).mean_ap, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_whole_weights_are_frames_listed_so_often(seed: int) -> None:
    detections, truth = rows(seed)
    counts = np.random.default_rng(seed + 100).integers(0, 3, size=FRAMES)
    found = weighted_mean_ap(matched(detections, truth), LABELS)(counts.astype(np.float64))
    expected = frame_ap(repeated(detections, counts), repeated(truth, counts), labels=LABELS).mean_ap
    # copies of one detection stand one by one in a list and at once under a weight: precision between them
    assert found == pytest.approx(expected, abs=0.05)


def test_the_interval_holds_the_value_and_follows_the_seed() -> None:
    detections, truth = rows(1)
    clusters = np.array([f"video {frame // 2}" for frame in range(FRAMES)])
    low, high = mean_ap_interval(matched(detections, truth), LABELS, clusters, seed=0)
    assert 0 <= low < high <= 1
    assert low <= frame_ap(detections, truth, labels=LABELS).mean_ap <= high
    assert mean_ap_interval(matched(detections, truth), LABELS, clusters, seed=0) == (low, high)


def test_nobody_has_no_mean() -> None:
    detections, truth = rows(0)
    nobody = truth.keep(np.zeros(len(truth), dtype=bool))
    assert np.isnan(weighted_mean_ap(matched(detections, nobody), LABELS)(np.ones(FRAMES)))
