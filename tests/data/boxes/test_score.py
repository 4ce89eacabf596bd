"""Scores of files: what is noted, what is refused, and that what is written is read again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import twlv
from twlv.data.boxes.detections import write_detections
from twlv.data.boxes.rows import BoxRows, read_box_rows
from twlv.data.boxes.score import BoxReport, score_boxes
from twlv.errors import InputError
from twlv.metrics.frame_boxes import RULES, FrameBoxes
from twlv.types import Boxes

HERE = Path(__file__).parent / "golden"
ACTIONS = {number: f"act {number}" for number in range(1, 81)}
SIXTY = {number: ACTIONS[number] for number in ACTIONS if number != 2}
TRUTH = "-v,0902,0.1,0.1,0.5,0.5,12,0\n-v,0903,0.1,0.1,0.5,0.5,80,0\n"


def _rows(folder: Path, name: str, text: str) -> BoxRows:
    (folder / name).write_text(text)
    return read_box_rows(folder / name)


def _report(folder: Path, found: str, truth: str = TRUTH, rules: str = "official") -> BoxReport:
    return score_boxes(
        _rows(folder, "found.csv", found), _rows(folder, "true.csv", truth), actions=SIXTY, rules=RULES[rules]
    )


@pytest.mark.parametrize(
    ("found", "note"),
    [
        ("-v,902.0,0.1,0.1,0.5,0.5,12,0.9\n", "1 annotated key frames have no detection"),
        ("-v,902,0.1,0.1,0.1,0.5,12,0.9\n", "1 detected boxes have no area (first: line 1)"),
        ("-v,902,0.1,0.1,0.5,1.5,12,0.9\n", "1 detected boxes reach outside the frame (first: line 1)"),
        ("-v,902,32,32,160,160,12,0.9\n", "corners of detections reach 160, annotated ones 0.5"),
        ("-v,902,0.1,0.1,0.5,0.5,0,0.9\n", "detections of action 0: ids of AVA count from 1"),
        ("-v,902,0.1,0.1,0.5,0.5,12\n", "1 detections without a score count as 1"),
        ("-v,902,0.1,0.1,0.5,0.5,2,0.9\n", "1 detections of actions that are not evaluated are left out"),
        ("-v,902,0,0,1,1,12,0.9\n-v,999,0,0,1,1,12,0.8\n", "1 detections on frames without annotation are"),
        ("-v,902,0,0,1,1,12,0.9\n" * 51, "1 detections beyond the surest 50 of their frame are left out"),
        ("-v,902,0,0,1,1,12,0.9\n" * 2, "2 detections share their score"),
        ("-v,902,0.1,0.1,0.5,0.5,12,0.9\n", "1 actions were never detected and have AP 0: act 80"),
        ("-v,902,0.1,0.1,0.5,0.5,12,0.9\n", "77 evaluated actions have nobody and no AP: act 1, act 3"),
    ],
)
def test_what_looks_wrong_is_noted(found: str, note: str, tmp_path: Path) -> None:
    report = _report(tmp_path, found)
    assert any(note in line for line in report.notes), report.notes
    assert json.loads(json.dumps(report.to_json()))["notes"] == list(report.notes)


def test_notes_of_the_truth(tmp_path: Path) -> None:
    truth = TRUTH + "-v,0902,0.1,0.1,0.5,0.5,12,3\n-v,0902,0.7,0.1,0.7,0.5,2,1\n-v,0902,0,-0.5,1,1,12,2\n"
    notes = _report(tmp_path, "-v,902,0.1,0.1,0.5,0.5,12,0.9\n", truth).notes
    for expected in (
        "1 annotated boxes have no area (first: line 4): they stay in the denominator",
        "1 annotated boxes reach outside the frame (first: line 5)",
        "1 annotated rows repeat box and action of another",
        "1 annotated rows of actions that are not evaluated: 2",
    ):
        assert any(expected in note for note in notes), notes


def test_perfect_detections_have_no_note(tmp_path: Path) -> None:
    one = {12: "stand"}
    truth = _rows(tmp_path, "true.csv", "-v,0902,0.1,0.1,0.5,0.5,12,0\n")
    report = score_boxes(truth, truth, actions=one, rules=RULES["official"])
    assert (report.scores.mean_ap, report.notes) == (1.0, ())


def test_no_frame_in_common_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of 1 detections .* w at 902 s, .* -v at 902 s"):
        _report(tmp_path, "w,902,0.1,0.1,0.5,0.5,12,0.9\n")
    with pytest.raises(InputError, match="no annotated box"):
        _report(tmp_path, "w,902,0.1,0.1,0.5,0.5,12,0.9\n", "w,902\n")
    assert _report(tmp_path, "").scores.mean_ap == 0.0


def test_trap_12_truth_to_targets_to_a_perfect_model_to_a_file_scores_one(tmp_path: Path) -> None:
    """Real rows through ``Boxes``, centre and size in float32, and back to a file of detections."""
    import torch

    from twlv.heads.stal.boxes import to_cxcywh, to_xyxy

    (tmp_path / "val.csv").write_bytes((HERE / "real22_excerpt.csv").read_bytes())
    (tmp_path / "actions.pbtxt").write_text(
        "".join(f'item {{ name: "{name}" id: {number} }}\n' for number, name in ACTIONS.items())
    )
    samples = twlv.dataset(tmp_path).samples
    columns: list[list[np.ndarray]] = [[], [], [], []]
    rng = np.random.default_rng(0)
    for index, sample in enumerate(samples):
        assert isinstance(sample.target, Boxes)
        person, label = np.nonzero(sample.target.labels)
        said = to_xyxy(to_cxcywh(torch.tensor(sample.target.xyxy, dtype=torch.float32))).double().numpy()
        parts = (np.full(len(person), index), label, said[person], rng.random(len(person)))
        for column, part in zip(columns, parts, strict=True):
            column.append(part)
    frame, label, xyxy, score = map(np.concatenate, columns)
    found = FrameBoxes(frame=frame, label=label, xyxy=xyxy, score=score)
    write_detections(tmp_path / "found.csv", found, [sample.video_id for sample in samples])
    rows = read_box_rows(tmp_path / "found.csv")
    report = score_boxes(rows, read_box_rows(tmp_path / "val.csv"), actions=ACTIONS, rules=RULES["official"])
    assert report.scores.mean_ap == 1.0
    assert report.scores.recall == 1.0
    swapped = FrameBoxes(frame=frame, label=label, xyxy=to_cxcywh(torch.tensor(xyxy)).numpy(), score=score)
    write_detections(tmp_path / "found.csv", swapped, [sample.video_id for sample in samples])
    wrong = score_boxes(
        read_box_rows(tmp_path / "found.csv"),
        read_box_rows(tmp_path / "val.csv"),
        actions=ACTIONS,
        rules=RULES["official"],
    )
    assert wrong.scores.mean_ap < 0.3


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    scores = np.concatenate([rng.random(30), 10.0 ** -np.arange(1, 11)])
    found = FrameBoxes(
        frame=np.repeat([1, 0], 20), label=rng.integers(0, 80, 40), xyxy=rng.random((40, 4)), score=scores
    )
    write_detections(tmp_path / "a.csv", found, ["-a,b".replace(",", "_") + "@0902", "w@0903.5"])
    rows = read_box_rows(tmp_path / "a.csv")
    assert rows.videos == ("-a_b", "w")
    assert set(rows.time_us.tolist()) == {902_000_000, 903_500_000}
    order = np.lexsort((-scores, found.frame))
    np.testing.assert_allclose(rows.last, scores[order], rtol=1e-8)
    np.testing.assert_allclose(rows.xyxy, found.xyxy[order], atol=6e-7)
    assert (rows.action == found.label[order] + 1).all()
    assert len(np.unique(rows.last)) == 40
    for frame in ("v", "v@x", 'v"@0902'):
        with pytest.raises(InputError, match=r"key frame|comma-separated"):
            write_detections(tmp_path / "a.csv", found, [frame, "w@0903"])
    unscored = FrameBoxes(frame=found.frame, label=found.label, xyxy=found.xyxy)
    with pytest.raises(InputError, match="need scores"):
        write_detections(tmp_path / "a.csv", unscored, ["v@0902", "w@0903"])
