"""Video AP of tubes on real videos of UCF101-24, against the two code bases whose protocols are in use."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twlv.errors import InputError
from twlv.metrics.tubes import RULES, Tube, overlap
from twlv.metrics.video_ap import THRESHOLDS, suppressed, video_ap

CONTENT = json.loads(gzip.decompress((Path(__file__).parent / "golden/video_ap.json.gz").read_bytes()))
INPUTS, GOLDEN = CONTENT["inputs"], CONTENT["golden"]


def _truth() -> list[Tube]:
    tubes = []
    for video in INPUTS["videos"]:
        for tube in video["tubes"]:
            boxes = np.array(tube["boxes_xywh"], dtype=np.float64)
            corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
            tubes.append(Tube(video=video["name"], label=tube["label"], first_frame=tube["sf"], xyxy=corners))
    return tubes


def _detections() -> list[Tube]:
    return [
        Tube(
            video=found["video"],
            label=found["label"],
            score=found["score"],
            first_frame=int(found["tube"][0][0]),
            xyxy=np.array(found["tube"])[:, 1:5],
        )
        for found in INPUTS["detections"]
    ]


@pytest.mark.parametrize("name", RULES)
def test_overlap_of_tubes(name: str) -> None:
    truth, detections = _truth(), _detections()
    for pair in GOLDEN["iou_pairs"]:
        own = [t for t in truth if t.video == pair["video"] and t.label == pair["gt_label"]][pair["gt_index"]]
        found = overlap(detections[pair["detection"]], own, RULES[name])
        assert found == pytest.approx(pair[f"{name}_iou3dt"], abs=3e-7)  # theirs is in float32
        assert found == overlap(own, detections[pair["detection"]], RULES[name])


def test_trap_32_the_two_protocols_have_their_own_numbers() -> None:
    truth, detections = _truth(), _detections()
    act = video_ap(detections, truth, rules=RULES["act"])
    for row, threshold in enumerate(THRESHOLDS):
        golden = GOLDEN["act"][str(threshold)]
        np.testing.assert_allclose(act.ap[row], golden["per_class"], atol=1e-7)
        assert act.mean_ap[row] == pytest.approx(golden["mAP"], abs=1e-7)
    multisports = video_ap(detections, truth, rules=RULES["multisports"])
    wanted = [GOLDEN["multisports"][str(threshold)] for threshold in THRESHOLDS]
    np.testing.assert_allclose(multisports.mean_ap, wanted, atol=1e-12)
    assert (act.rules, multisports.rules) == ("act", "multisports")
    assert abs(act.mean_ap[1] - multisports.mean_ap[1]) > 0.05
    assert (act.num_suppressed, multisports.num_suppressed) == (53, 0)


def _tube(first: int, frames: int, x: float = 0.0, **fields: object) -> Tube:
    xyxy = np.tile(np.array([x, 0, x + 10, 10.0]), (frames, 1))
    return Tube(**{"video": "-v", "label": 0, "first_frame": first, "xyxy": xyxy, **fields})


def test_a_second_detection_of_one_tube() -> None:
    """Under ``act`` it may take another tube, under ``multisports`` it is false; neither finds one twice."""
    truth = [_tube(1, 10), _tube(1, 10, x=3)]
    found = [_tube(1, 10, score=0.9), _tube(1, 10, x=1, score=0.8)]
    unsuppressed = replace(RULES["act"], least_suppressed=None)
    assert video_ap(found, truth, rules=unsuppressed, thresholds=[0.5]).mean_ap.tolist() == [1.0]
    assert video_ap(found, truth, rules=RULES["multisports"], thresholds=[0.5]).mean_ap.tolist() == [0.5]
    assert video_ap(found, truth, rules=RULES["act"], thresholds=[0.5]).num_suppressed == 1
    assert [tube.score for tube in suppressed(found, RULES["act"])] == [0.9]


def test_time_counts() -> None:
    act, multisports = RULES["act"], RULES["multisports"]
    assert overlap(_tube(1, 10), _tube(1, 10), act) == 1.0
    assert overlap(_tube(1, 10), _tube(6, 10), act) == pytest.approx(5 / 15)
    assert overlap(_tube(1, 10), _tube(6, 10), multisports) == pytest.approx(4 / 14)
    assert overlap(_tube(1, 10), _tube(10, 10), act) == pytest.approx(1 / 19)
    assert overlap(_tube(1, 10), _tube(10, 10), multisports) == 0.0
    assert overlap(_tube(1, 10), _tube(11, 10), act) == 0.0


def test_labels_and_videos_are_apart() -> None:
    truth = [_tube(1, 5), _tube(1, 5, label=3), _tube(1, 5, video="w")]
    scores = video_ap([_tube(1, 5, score=0.5), _tube(1, 5, video="x", score=0.9)], truth, thresholds=[0.5])
    assert (scores.labels, scores.num_truth) == ((0, 3), (2, 1))
    np.testing.assert_allclose(scores.ap, [[0.125, 0.0]])  # precision 0 at recall 0, then 1/2 at 1/2
    assert video_ap([], truth).mean_ap.tolist() == [0.0, 0.0, 0.0]


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="needs true tubes"):
        video_ap([], [])
    with pytest.raises(InputError, match=r"thresholds in \(0, 1\]"):
        video_ap([], [_tube(1, 2)], thresholds=[0.0])
    with pytest.raises(InputError, match="corners"):
        _tube(1, 0)
    with pytest.raises(InputError, match="not finite"):
        _tube(1, 2, score=float("nan"))
