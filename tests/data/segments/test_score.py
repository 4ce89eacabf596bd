"""Files of annotated and detected segments, and the gates between them and a score."""

from __future__ import annotations

import copy
import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from twlv.cli.main import main
from twlv.data.segments import read_detections, read_truth, score_detections
from twlv.errors import InputError, ManifestError, UnknownName, UsageError
from twlv.metrics.temporal_segments import RULES

TRUTH: dict[str, Any] = {
    "version": "toy",
    "database": {
        "a": {"subset": "Test", "duration": 40.0, "annotations": [
            {"label": "jump", "segment": [0.0, 10.0], "label_id": 3},
            {"label": "jump", "segment": [0.0, 10.0005], "label_id": 3},
            {"label": "run", "segment": [20, 30], "label_id": 7}]},
        "b": {"subset": "test", "duration": 20.0, "annotations": [
            {"label": "run", "segment": [5.0, 15.0], "label_id": 7},
            {"label": "run", "segment": [25.0, 30.0], "label_id": 7}]},
        "t": {"subset": "Validation", "duration": 20.0, "annotations": [
            {"label": "swim", "segment": [5.0, 15.0], "label_id": 8}]},
    },
}  # fmt: skip
FOUND = [("a", "jump", 0.0, 10.0, 0.9), ("a", "run", 20.0, 30.0, 0.8), ("b", "run", 5.0, 15.0, 0.7)]


def save(folder: Path, truth: object, found: list[tuple[Any, ...]]) -> tuple[Path, Path]:
    results: dict[str, list[dict[str, Any]]] = {}
    for video, label, start, end, score in found:
        results.setdefault(video, []).append({"label": label, "segment": [start, end], "score": score})
    paths = folder / "truth.json", folder / "found.json"
    paths[0].write_text(json.dumps(truth))
    paths[1].write_text(json.dumps({"results": results}))
    return paths


def scored(folder: Path, found: list[tuple[Any, ...]], *, rules: str = "official", **options: Any) -> Any:
    truth_path, found_path = save(folder, TRUTH, found)
    truth = read_truth(truth_path)
    detections = read_detections(found_path, label_ids=truth.label_ids)
    return score_detections(detections, truth, rules=RULES[rules], thresholds=[0.5], **options)


def test_rules_change_what_counts(tmp_path: Path) -> None:
    official, authors = (scored(tmp_path, FOUND, rules=rules) for rules in ("official", "authors"))
    assert (official.subset, official.labels, official.num_videos) == ("test", ("jump", "run"), 2)
    assert official.scores.ap.tolist() == [[0.5, pytest.approx(2 / 3)]]
    assert authors.scores.ap.tolist() == [[1.0, pytest.approx(2 / 3)]]
    assert "1 annotated segments do not count under these rules" in authors.notes
    assert official.random.average < official.scores.average


def test_numbers_are_labels_by_the_annotation_file_not_by_the_alphabet(tmp_path: Path) -> None:
    numbered = [(v, {"jump": 3, "run": 7}[label], *rest) for v, label, *rest in FOUND]
    assert scored(tmp_path, numbered).scores.average == scored(tmp_path, FOUND).scores.average


def test_labels_that_the_subset_lacks(tmp_path: Path) -> None:
    found = [*FOUND, ("a", "swim", 0.0, 1.0, 0.5), ("a", "swim", 0.0, 1.0, 0.4)]
    with pytest.raises(InputError, match=r"2 detections have labels that the subset does not: 'swim' \(2\)"):
        scored(tmp_path, found)
    report = scored(tmp_path, found, rules="opentad")
    assert "2 detections of labels without ground truth are ignored" in report.notes


def test_what_looks_wrong_is_counted(tmp_path: Path) -> None:
    found = [
        *FOUND[:2],
        ("zz", "run", 0.0, 1.0, 0.8),
        ("a", "run", 39.0, 60.0, 0.1),
        ("a", "run", 9.0, 9.0, 0.1),
    ]
    notes = scored(tmp_path, found).notes
    assert "1 detections are of videos without ground truth: they count as false" in notes
    assert "1 detections end after their video" in notes
    assert "1 detections have no length, or start after they end" in notes
    assert "1 of 2 videos have no detection: their segments count as missed" in notes
    assert "1 annotated segments start after their video ends, so nothing can find them" in notes
    assert any("share a score" in note for note in notes)


def test_times_in_frames_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"3 of 3 detections start after their video ends: .* in seconds"):
        scored(tmp_path, [(v, label, 300 + s, 300 + e, c) for v, label, s, e, c in FOUND])


def test_no_better_than_chance_is_said(tmp_path: Path) -> None:
    report = scored(tmp_path, [("a", "run", 0.0, 1.0, 0.5)])
    assert "the score is not above that of random detections" in report.notes


def test_subsets(tmp_path: Path) -> None:
    both = [*FOUND, ("t", "swim", 5.0, 15.0, 0.5)]
    with pytest.raises(UsageError, match="choose one with --subset"):
        scored(tmp_path, both)
    assert scored(tmp_path, [("t", "swim", 5.0, 15.0, 0.5)]).subset == "validation"
    assert scored(tmp_path, both, subset="Validation", rules="opentad").scores.average == 1.0
    with pytest.raises(UnknownName, match="unknown subset 'tset'"):
        scored(tmp_path, both, subset="tset")
    with pytest.raises(InputError, match="no detection is of an annotated video"):
        scored(tmp_path, [("v_a", "run", 0.0, 1.0, 0.5)])


def test_videos_left_out_leave_both_sides(tmp_path: Path) -> None:
    report = scored(tmp_path, FOUND, without=["b"])
    assert (report.num_videos, report.num_detections) == (1, 2)
    assert "1 videos were asked to be left out" in report.notes


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("segment",), [1.0], r"must be \[start, end\]"),
        (("segment",), [1.0, float("nan")], "end must be a finite number, got nan"),
        (("label",), None, "label must be a name"),
        (("label_id",), 5, "label 'run' is number 7 here and 5 before"),
        (("label_id",), -1, "label_id must be a number from 0 on"),
    ],
)
def test_faults_of_annotations_are_named(
    tmp_path: Path, place: tuple[str], value: object, message: str
) -> None:
    truth = copy.deepcopy(TRUTH)
    truth["database"]["a"]["annotations"][2][place[0]] = value
    with pytest.raises(ManifestError, match=message):
        read_truth(save(tmp_path, truth, FOUND)[0])


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"database": {"a": 1}}', '{"database": {}}'])
def test_files_that_are_no_annotations(tmp_path: Path, text: str) -> None:
    path = tmp_path / "truth.json"
    path.write_text(text)
    with pytest.raises(ManifestError, match=r"truth\.json"):
        read_truth(path)


def test_scores_that_are_not_finite_are_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="video 'b', detection 0: score must be a finite number, got nan"):
        scored(tmp_path, [*FOUND[:2], ("b", "run", 5.0, 15.0, float("nan"))])


def test_packed_files_and_tables_read_the_same(tmp_path: Path) -> None:
    truth_path, found_path = save(tmp_path, TRUTH, FOUND)
    packed = tmp_path / "truth.json.gz"
    packed.write_bytes(gzip.compress(truth_path.read_bytes()))
    assert read_truth(packed).videos == read_truth(truth_path).videos
    table = tmp_path / "found.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["video_id", "label", "start_seconds", "end_seconds", "score"])
        writer.writerows(FOUND)
    assert read_detections(table) == read_detections(found_path)
    table.write_text("video_id,label\n")
    with pytest.raises(ManifestError, match="no column end_seconds, score, start_seconds"):
        read_detections(table)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth, found = save(tmp_path, TRUTH, FOUND)
    words = ["score", "temporal-localization", "--truth", str(truth), "--predictions", str(found)]
    assert main([*words, "--json", "--rules", "authors", "--thresholds", "0.5"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["average_map"] == pytest.approx(5 / 6)
    assert document["per_class"]["jump"] == {"num_segments": 1, "ap": [1.0]}
    assert document["errors"]["true"][0] == 1.0
    assert [row["num"] for row in document["by_length"]] == [4, 0, 0, 0, 0]
    assert main([*words, "--per-class"]) == 0
    shown = capsys.readouterr().out
    assert "rules: official" in shown
    assert "58.33" in shown
    assert "100.0 % true, 0.0 % double" in shown
    assert main([*words, "--thresholds", "half"]) == 2
    assert "--thresholds takes" in capsys.readouterr().err
