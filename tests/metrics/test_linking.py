"""Detections of frames to tubes: two people who pass, gaps, and what is too short or too unsure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twlv.metrics.frame_boxes import FrameBoxes
from twlv.metrics.linking import Linking, link
from twlv.metrics.tubes import Tube
from twlv.metrics.video_ap import video_ap


def _moving(start: float, speed: float, frames: int, *, first: int = 1) -> Tube:
    x = start + speed * np.arange(frames)
    xyxy = np.stack([x, np.full(frames, 10.0), x + 30, np.full(frames, 70.0)], axis=1)
    return Tube(video="v", label=2, first_frame=first, xyxy=xyxy)


def _seen(*tubes: Tube, scores: tuple[float, ...], without: tuple[int, ...] = ()) -> FrameBoxes:
    """Every box of the tubes as a detection, in a mixed order; none in the frames ``without``."""
    rows = [
        (tube.first_frame + index, box, score)
        for tube, score in zip(tubes, scores, strict=True)
        for index, box in enumerate(tube.xyxy)
        if tube.first_frame + index not in without
    ]
    order = np.random.default_rng(0).permutation(len(rows))
    frame, box, score = (np.array([rows[i][column] for i in order]) for column in range(3))
    return FrameBoxes(frame=frame, label=np.full(len(rows), 2), xyxy=box, score=score)


def test_two_people_keep_their_tubes() -> None:
    truth = [_moving(10, 1, 20), _moving(150, -1, 20)]
    found = link("v", _seen(*truth, scores=(0.9, 0.8)))
    assert [round(tube.score, 6) for tube in found] == [0.9, 0.8]
    for tube, true in zip(found, truth, strict=True):
        np.testing.assert_allclose(tube.xyxy, true.xyxy)
        assert (tube.first_frame, tube.label) == (1, 2)
    assert video_ap(found, truth, thresholds=[0.99]).mean_ap.tolist() == [1.0]


def test_gaps_are_bridged_and_long_ones_end_a_tube() -> None:
    true = _moving(10, 1, 40)
    (whole,) = link("v", _seen(true, scores=(0.9,), without=(18, 19, 20, 21)))
    np.testing.assert_allclose(whole.xyxy, true.xyxy)
    parts = link("v", _seen(true, scores=(0.9,), without=tuple(range(18, 24))))
    assert [(tube.first_frame, tube.last_frame) for tube in parts] == [(1, 17), (24, 40)]


def test_what_is_short_unsure_or_beside_another_is_no_tube() -> None:
    assert link("v", _seen(_moving(10, 1, 14), scores=(0.9,))) == []
    assert link("v", _seen(_moving(10, 1, 20), scores=(0.005,))) == []
    twice = _seen(_moving(10, 1, 20), _moving(13, 1, 20), scores=(0.9, 0.8))
    assert [round(tube.score, 6) for tube in link("v", twice)] == [0.9]
    assert len(link("v", twice, replace(Linking(), most_overlap=1.0))) == 2
    assert len(link("v", _seen(_moving(10, 1, 14), scores=(0.9,)), Linking(least_frames=14))) == 1
    assert link("v", _seen(_moving(10, 40, 20), scores=(0.9,))) == []  # too fast to overlap


def test_the_most_of_a_frame_are_kept() -> None:
    people = [_moving(200 * number, 0, 15) for number in range(12)]
    found = link("v", _seen(*people, scores=tuple(0.5 + 0.01 * number for number in range(12))))
    assert len(found) == 10
    assert min(tube.xyxy[0, 0] for tube in found) == 400


def test_labels_are_linked_apart() -> None:
    both = [_seen(_moving(10, 1, 20), scores=(0.9,)), _seen(_moving(10, 1, 20), scores=(0.7,))]
    other = replace(both[1], label=np.full(20, 5))
    joined = FrameBoxes(
        **{name: np.concatenate([getattr(part, name) for part in (both[0], other)]) for name in vars(other)}
    )
    assert [(tube.label, round(tube.score, 6)) for tube in link("v", joined)] == [(2, 0.9), (5, 0.7)]
    assert link("v", joined.keep(np.zeros(0, dtype=np.int64))) == []
