"""Frame AP of files against the official evaluator, SlowFast and mmaction2: 24 corners and a larger one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twlv.data.boxes.classes import AVA_NOT_EVALUATED, read_actions
from twlv.data.boxes.rows import BoxRows, read_box_rows
from twlv.data.boxes.score import BoxReport, score_boxes
from twlv.metrics.frame_boxes import RULES

GOLDEN = json.loads(gzip.decompress((Path(__file__).parent / "golden/frame_ap.json.gz").read_bytes()))
CASES: dict[str, Any] = GOLDEN["cases"]


def _rows(path: Path, lines: list[str]) -> BoxRows:
    path.write_text("".join(f"{line}\n" for line in lines))
    return read_box_rows(path)


def _actions(folder: Path) -> dict[int, str]:
    path = folder / "actions.pbtxt"
    path.write_text(GOLDEN["classes"])
    return read_actions(path)


def _score(folder: Path, name: str, rules: str) -> BoxReport:
    case = CASES[name]
    return score_boxes(
        _rows(folder / "det.csv", case["det"]),
        _rows(folder / "gt.csv", case["gt"]),
        actions=_actions(folder),
        rules=RULES[rules],
        excluded=_rows(folder / "excluded.csv", case["excluded"]),
    )


@pytest.mark.parametrize("name", CASES)
def test_official(name: str, tmp_path: Path) -> None:
    report, golden = _score(tmp_path, name, "official"), CASES[name]["official"]
    assert report.scores.mean_ap == pytest.approx(golden["mAP"], abs=1e-12)
    wanted = {int(number): ap for number, ap in golden["per_class"].items() if ap is not None}
    ours = {number: ap for number, ap in zip(report.actions, report.scores.ap, strict=True) if not np.isnan(ap)}
    assert ours == pytest.approx(wanted, abs=1e-12)


RAISES = {"micro/c12_two_column_row", "micro/c13_key_format", "micro/c17_degenerate_detection"}
"""What the other evaluators stop at, and this one reads."""


@pytest.mark.parametrize(
    ("rules", "key", "tolerance"),
    [
        ("slowfast", "slowfast_rows_in_file_order", 1e-12),
        ("slowfast-sorted", "slowfast_rows_sorted", 1e-12),
        ("mmaction2", "mmaction2", 1e-7),  # it computes in float32
    ],
)
def test_other_rules(rules: str, key: str, tolerance: float, tmp_path: Path) -> None:
    for name, case in CASES.items():
        golden = case["variants"][key]
        ours = _score(tmp_path, name, rules).scores.mean_ap
        if isinstance(golden, str):
            assert name in RAISES
        elif golden is None:
            assert np.isnan(ours), name
        else:
            assert ours == pytest.approx(golden, abs=tolerance), name


def test_the_rules_differ_where_they_are_said_to() -> None:
    small = CASES["syn_small"]["variants"]
    assert len({round(small[key], 6) for key in ("official", "slowfast_rows_in_file_order", "mmaction2")}) == 3


def test_sixty_of_eighty_actions(tmp_path: Path) -> None:
    actions = _actions(tmp_path)
    assert len(actions) == 60
    assert sorted(set(range(1, 81)) - actions.keys()) == list(AVA_NOT_EVALUATED)
    case, every = CASES["syn_small"], {number: str(number) for number in range(1, 81)}
    truth = _rows(tmp_path / "gt.csv", case["gt"])
    report = score_boxes(
        _rows(tmp_path / "det.csv", case["det"]), truth, actions=every, rules=RULES["official"]
    )
    assert report.scores.mean_ap == pytest.approx(case["variants"]["reference_all_80_classes"], abs=1e-12)
    assert any("80 actions are evaluated" in note for note in report.notes)


def test_the_order_of_rows_changes_nothing_under_official_rules(tmp_path: Path) -> None:
    case = CASES["syn_small"]
    rng = np.random.default_rng(0)
    shuffled = [case["det"][index] for index in rng.permutation(len(case["det"]))]
    truth, actions = _rows(tmp_path / "gt.csv", case["gt"]), _actions(tmp_path)
    found = _rows(tmp_path / "det.csv", shuffled)
    report = score_boxes(found, truth, actions=actions, rules=RULES["official"])
    assert report.scores.mean_ap == pytest.approx(case["official"]["mAP"], abs=1e-12)
    unsorted = score_boxes(found, truth, actions=actions, rules=RULES["slowfast"])
    assert unsorted.scores.mean_ap < 0.66  # sorted: 0.679
