"""Suppression, voting and fusion against numbers of the released implementations."""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import InputError
from twlv.heads.actionformer.fusion import class_scores, fuse
from twlv.heads.actionformer.suppression import (
    Kept,
    SuppressionSettings,
    hard_picks,
    soft_picks,
    suppress,
    vote,
)

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
NUMBERS = np.load(REFERENCE / "segment_suppression.npz")
NETWORK = np.load(REFERENCE / "actionformer.npz")
META: dict[str, Any] = json.loads(gzip.decompress((REFERENCE / "actionformer.json.gz").read_bytes()))
CASES = ("rand300", "one", "dup", "ties", "allbelow", "dense2000")
SETTINGS = {
    "thumos_ext": SuppressionSettings(by_class=False, voting=0.7),
    "thumos_self": SuppressionSettings(),
    "anet_ext": SuppressionSettings(sigma=0.75, by_class=False, voting=0.9, most=100),
    "anet_self": SuppressionSettings(sigma=0.75, most=100),
    "hard": SuppressionSettings(method="hard"),
}


def case_of(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return NUMBERS[f"{name}|segs"], NUMBERS[f"{name}|scores"], NUMBERS[f"{name}|labels"]


def same(found: Kept, key: str, *, atol: float = 1e-5) -> None:
    """Equal as sets of equal scores: which of a tie comes first is left to the sort of the reference."""
    scores, segs, labels = (NUMBERS[f"{key}|{name}"] for name in ("scores", "segs", "labels"))
    np.testing.assert_allclose(found.scores, scores, rtol=0, atol=2e-6)

    def rows(values: np.ndarray, ends: np.ndarray, classes: np.ndarray) -> np.ndarray:
        order = np.lexsort((ends[:, 1].round(2), ends[:, 0].round(2), classes, -values.round(4)))
        return np.column_stack([classes[order], ends[order]])

    np.testing.assert_allclose(
        rows(found.scores, found.segments, found.labels), rows(scores, segs, labels), rtol=1e-6, atol=atol
    )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_equal_to_the_report_authors_code(name: str, setting: str) -> None:
    if (name, setting) == ("ties", "hard"):
        return  # theirs sorts unstably, so which of equal scores comes first is chance; ours is the first row
    same(suppress(*case_of(name), SETTINGS[setting]), f"twlv|{name}|{setting}")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("setting", ["thumos_ext", "anet_ext"])
def test_equal_to_the_original_release_whose_votes_weigh_overlap(name: str, setting: str) -> None:
    by_overlap = dataclasses.replace(SETTINGS[setting], vote="score x overlap")
    same(suppress(*case_of(name), by_overlap), f"af|{name}|{setting}")
    if name == "rand300" and setting == "thumos_ext":
        with pytest.raises(AssertionError):
            same(suppress(*case_of(name), SETTINGS[setting]), f"af|{name}|{setting}")


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_picks_and_their_scores(name: str) -> None:
    segments, scores, _ = case_of(name)
    picks = list(soft_picks(segments, scores, np.arange(len(scores)), sigma=0.5, least=0.001))
    assert [row for _, row in picks] == NUMBERS[f"twlv|{name}|raw_soft|inds"].tolist()
    wanted = NUMBERS[f"twlv|{name}|raw_soft|dets"][:, 2]
    np.testing.assert_allclose([score for score, _ in picks], wanted, rtol=1e-5, atol=1e-7)


def test_a_picked_segment_is_never_tested_so_one_below_remains() -> None:
    case = case_of("allbelow")
    assert len(suppress(*case, SETTINGS["thumos_ext"]).scores) == 1
    assert len(suppress(*case, SETTINGS["thumos_self"]).scores) == 2
    assert len(suppress(*case, SETTINGS["hard"]).scores) == 0


def test_the_cap_is_of_the_video_not_of_a_class() -> None:
    assert len(suppress(*case_of("dense2000"), SETTINGS["thumos_self"]).scores) == 200


@pytest.mark.parametrize(
    ("kind", "name", "setting"),
    [
        ("thumos", "det_cfg", SuppressionSettings(by_class=False, voting=0.7)),
        ("thumos", "det_multiclass", SuppressionSettings()),
        ("thumos", "det_hard", SuppressionSettings(method="hard", by_class=False, voting=0.7)),
        ("thumos", "det_novote", SuppressionSettings(by_class=False)),
        ("anet", "det_cfg", SuppressionSettings(sigma=0.75, by_class=False, voting=0.9, most=100)),
        ("anet", "det_hard", SuppressionSettings(method="hard", by_class=False, voting=0.9, most=100)),
        ("anet", "det_novote", SuppressionSettings(sigma=0.75, by_class=False, most=100)),
    ],
)
def test_detections_in_seconds_clamped_after_suppression(
    kind: str, name: str, setting: SuppressionSettings
) -> None:
    columns = (NETWORK[f"{kind}|pre|{column}"] for column in ("segments", "scores", "labels"))
    found, meta = suppress(*columns, setting), META[kind]["meta"]
    seconds = (found.segments * meta["feat_stride"] + 0.5 * meta["feat_num_frames"]) / meta["fps"]
    seconds = np.clip(seconds, 0, meta["duration"])
    wanted = {column: NETWORK[f"{kind}|{name}|{column}"] for column in ("segments", "scores", "labels")}
    assert found.labels.tolist() == wanted["labels"].tolist()
    np.testing.assert_allclose(found.scores, wanted["scores"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(seconds, wanted["segments"], rtol=0, atol=1e-4)


def overlap_of(a: np.ndarray, b: np.ndarray) -> float:
    shared = max(min(a[1], b[1]) - max(a[0], b[0]), 0.0)
    return float(shared / (a[1] - a[0] + b[1] - b[0] + 2e-6 - shared))


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 30), seed=st.integers(0, 2**32 - 1))
def test_hard_suppression_equals_a_plain_loop(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    segments = np.sort(rng.random((n, 2)) * 20, axis=1).astype(np.float32)
    scores = rng.permutation(n).astype(np.float32) / max(n, 1)
    kept: list[int] = []
    for row in np.argsort(-scores):
        if scores[row] > 0.001 and all(overlap_of(segments[row], segments[k]) < 0.3 for k in kept):
            kept.append(int(row))
    picks = hard_picks(segments, scores, np.arange(n), overlap=0.3, least=0.001)
    assert [row for _, row in picks] == kept


def test_voting_is_a_mean_of_what_overlaps_and_leaves_what_nothing_does() -> None:
    segments = np.array([[0, 10], [0, 8], [50, 60]], dtype=np.float32)
    scores = np.array([0.6, 0.2, 0.5], dtype=np.float32)
    found = vote(segments[:1], segments, scores, least=0.7, by_overlap=False)
    assert found[0] == pytest.approx([0.0, (0.6 * 10 + 0.2 * 8) / 0.8])
    weighted = vote(segments[:1], segments, scores, least=0.7, by_overlap=True)
    assert weighted[0] == pytest.approx([0.0, (0.6 * 10 + 0.16 * 8) / 0.76])
    alone = np.array([[100.0, 101.0]], dtype=np.float32)
    assert vote(alone, segments, scores, least=0.7, by_overlap=False).tolist() == alone.tolist()


def test_hard_suppression_removes_an_overlap_of_exactly_the_threshold() -> None:
    segments = np.array([[0, 100], [0, 25]], dtype=np.float32)
    scores = np.array([0.9, 0.8], dtype=np.float32)
    for overlap, left in ((0.25, [0]), (0.26, [0, 1])):
        picks = hard_picks(segments, scores, np.arange(2), overlap=overlap, least=0.001)
        assert [row for _, row in picks] == left


def test_hard_suppression_takes_the_first_of_equal_scores() -> None:
    segments = np.array([[0, 10], [1, 11], [30, 40]], dtype=np.float32)
    found = suppress(segments, np.full(3, 0.5), np.zeros(3), SETTINGS["hard"])
    assert found.segments.tolist() == [[0, 10], [30, 40]]


def test_no_segments_and_values_that_are_not_finite() -> None:
    none = suppress(np.zeros((0, 2)), np.zeros(0), np.zeros(0), SuppressionSettings(by_class=False, voting=0.5))
    assert none.segments.shape == (0, 2)
    with pytest.raises(InputError, match="must be finite"):
        suppress(np.zeros((1, 2)), np.array([np.nan]), np.zeros(1), SuppressionSettings())


def test_fusion_equals_both_codes_on_the_published_scores() -> None:
    flattened = 0
    for index, video in enumerate(NETWORK["fusion|videos"]):
        classes = NETWORK["fusion|class_scores"][index]
        raw = {
            key: NETWORK[f"fusion|af|{key}"][NETWORK["fusion|af|video"] == video] for key in ("label", "score")
        }
        soft = {
            key: NETWORK[f"fusion|twlv|{key}"][NETWORK["fusion|twlv|video"] == video]
            for key in ("label", "score")
        }
        count = len(raw["score"]) // 2
        best = class_scores(classes, "raw")
        detected = (raw["score"][:count].astype(np.float64) ** 2 / best.max()).astype(np.float32)
        for form, theirs in (("raw", raw), ("twlv", soft)):
            found = fuse(detected, class_scores(classes, form))  # type: ignore[arg-type]
            assert found.labels.tolist() == theirs["label"].tolist()
            np.testing.assert_allclose(found.scores, theirs["score"], rtol=0, atol=1e-6)
            assert found.rows.tolist() == [*range(count)] * 2
        flattened += int(classes.max() > 1)
    assert 0 < flattened < len(NETWORK["fusion|videos"])


def test_class_scores() -> None:
    assert class_scores([[0.25, 0.75]], "raw").tolist() == [0.25, 0.75]
    assert class_scores([0.25, 0.75], "twlv").tolist() == [0.25, 0.75]
    assert class_scores([0.0, 2.0], "twlv")[1] == pytest.approx(np.exp(2) / (1 + np.exp(2)))
    with pytest.raises(InputError, match="logits"):
        class_scores([-1.0, 2.0], "raw")
    for wrong in ([], [[0.1], [0.2]], [np.nan]):
        with pytest.raises(InputError, match="one row of finite numbers"):
            class_scores(wrong, "raw")


def test_fusion_keeps_the_first_200() -> None:
    found = fuse(np.linspace(1, 0, 300, dtype=np.float32), np.array([0.1, 0.9, 0.5]))
    assert len(found.scores) == 400
    assert found.labels[[0, 200]].tolist() == [1, 2]
    assert found.rows.max() == 199
