"""Detection mAP: the numbers of four evaluators, cases by hand, and a plain loop over segments."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import InputError
from twlv.metrics.temporal_ap import ACTIVITYNET_THRESHOLDS, THUMOS14_THRESHOLDS, detection_scores
from twlv.metrics.temporal_matching import by_score, match, overlapping
from twlv.metrics.temporal_segments import RULES, Segments, counted

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
THEIRS = {"official": "official", "actionformer": "af", "authors": "twlv", "opentad": "opentad"}
EDGES = json.loads(gzip.decompress((REFERENCE / "temporal_ap_edges.json.gz").read_bytes()))


def segments(rows: list[tuple[float, ...]]) -> Segments:
    """Rows of video, start, end, label and, for detections, score."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), -1 if rows else 5)
    score = table[:, 4] if table.shape[1] > 4 else None
    video, label = table[:, 0].astype(np.int64), table[:, 3].astype(np.int64)
    return Segments(video=video, label=label, start=table[:, 1], end=table[:, 2], score=score)


def drawn(video_ids: list[str], durations: np.ndarray, truth: Segments, per_video: int, tag: str) -> Segments:
    """Detections by a fixed rule: half near a segment with mostly its label, half anywhere."""
    rows = []
    classes = int(truth.label.max()) + 1
    for video, (name, duration) in enumerate(zip(video_ids, durations, strict=True)):
        rng = np.random.RandomState(zlib.crc32(f"{tag}:{name}".encode()) & 0x7FFFFFFF)
        own = np.flatnonzero(truth.video == video)
        for index in range(per_video):
            u = rng.uniform(size=6)
            if len(own) and index < per_video // 2:
                row = own[int(u[0] * len(own)) % len(own)]
                width = max(truth.end[row] - truth.start[row], 0.05)
                start = truth.start[row] + (u[1] - 0.5) * 0.9 * width
                end = truth.end[row] + (u[2] - 0.5) * 0.9 * width
                label = truth.label[row] if u[3] < 0.8 else int(u[4] * classes) % classes
                score = 0.2 + 0.8 * u[5]
            else:
                start, end = sorted((u[0] * duration, u[1] * duration))
                label, score = int(u[4] * classes) % classes, 0.6 * u[5]
            rows.append((video, start, end if end > start else start + 0.01, label, score))
    found = segments(rows)
    narrow = {
        name: getattr(found, name).astype(np.float32).astype(np.float64) for name in ("start", "end", "score")
    }
    return Segments(video=found.video, label=found.label, **narrow)


@pytest.fixture(scope="module")
def thumos() -> tuple[Segments, Segments, dict[str, np.ndarray]]:
    saved = dict(np.load(REFERENCE / "temporal_ap_thumos.npz"))
    truth = Segments(
        video=saved["truth_video"].astype(np.int64),
        label=saved["truth_label"].astype(np.int64),
        start=saved["truth_start"],
        end=saved["truth_end"],
    )
    detections = drawn(saved["video_ids"].tolist(), saved["duration"], truth, 200, "map-thumos")
    return detections, truth, saved


@pytest.mark.parametrize("rules", RULES)
def test_thumos_equals_the_evaluator(
    thumos: tuple[Segments, Segments, dict[str, np.ndarray]], rules: str
) -> None:
    detections, truth, saved = thumos
    # Two detections of a class have equal scores, whose order an unstable sort left to chance: theirs is that
    # of the rows reversed.
    detections = detections.keep(np.arange(len(detections))[::-1])
    found = detection_scores(detections, truth, thresholds=THUMOS14_THRESHOLDS, rules=RULES[rules])
    assert found.num_truth.sum() == 3358
    within = 3e-8 if rules == "authors" else 1e-8  # theirs sums in float32
    assert np.abs(found.ap - saved[f"ap_{THEIRS[rules]}"]).max() < within
    assert found.average == pytest.approx(0.31498379, abs=1e-8)
    assert found.num_tied == 6


@pytest.mark.shared
@pytest.mark.parametrize(("rules", "num_truth"), [("official", 7654), ("authors", 7630), ("opentad", 7630)])
def test_activitynet_equals_the_evaluator(shared_dir: Path, rules: str, num_truth: int) -> None:
    saved = np.load(shared_dir / "golden" / "tal" / "map_anet20.npz")
    path = shared_dir / "annotations" / "anet13_full_rebuilt.json.gz"
    database = json.loads(gzip.decompress(path.read_bytes()))["database"]
    truth = segments(
        [
            (video, *note["segment"], note["label_id"])
            for video, name in enumerate(saved["video_ids"].tolist())
            for note in database[name]["annotations"]
        ]
    )
    columns = {name: saved[name].astype(np.float64) for name in ("start", "end", "score")}
    video, label = saved["video"].astype(np.int64), saved["label"].astype(np.int64)
    detections = Segments(video=video, label=label, **columns)
    found = detection_scores(detections, truth, rules=RULES[rules])
    assert found.num_truth.sum() == num_truth
    assert np.abs(found.ap - saved[f"ap_{THEIRS[rules]}"]).max() < (3e-8 if rules == "authors" else 1e-8)


def edge(case: dict[str, list[list[float]]]) -> tuple[Segments, Segments]:
    names = sorted({*case["gt"], *(row[0] for row in case["dets"])})  # type: ignore[type-var]
    number = {name: index for index, name in enumerate(names)}
    truth = [(number[v], *row) for v, rows in case["gt"].items() if not v.startswith("train:") for row in rows]
    return segments([(number[row[0]], *row[1:]) for row in case["dets"]]), segments(truth)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("name", sorted(set(EDGES) - {"gap_label_collision"}))
def test_edge_cases_equal_the_evaluator(rules: str, name: str) -> None:
    theirs = EDGES[name]["found"][THEIRS[rules]]
    found = detection_scores(*edge(EDGES[name]), rules=RULES[rules])
    assert int(found.num_truth.sum()) == theirs["n_gt"]
    assert found.labels.tolist() == theirs["labels"]
    assert found.ap[0] == pytest.approx(theirs["ap_by_label_at_0_5"], abs=1e-6)
    assert found.mean_ap == pytest.approx(theirs["mAP"], abs=1e-6)


def test_detections_of_labels_without_ground_truth_count_for_no_other_class() -> None:
    case = edge(EDGES["gap_label_collision"])
    with pytest.raises(InputError, match=r"labels without ground truth: \[1\]"):
        detection_scores(*case)
    for rules in ("actionformer", "authors", "opentad"):
        found = detection_scores(*case, rules=RULES[rules])
        assert found.ap[0].tolist() == [1.0, 1.0]
        assert found.num_ignored == 1


def test_an_overlap_of_exactly_the_threshold_counts() -> None:
    truth = segments([(0, 0, 10, 0)])
    for threshold, end in ((0.4, 4.0), (0.9, 9.0)):
        found = detection_scores(segments([(0, 0, end, 0, 1)]), truth, thresholds=[threshold])
        assert found.average == 1.0
    assert ACTIVITYNET_THRESHOLDS[8] == 0.8999999999999999
    assert THUMOS14_THRESHOLDS[1] == 0.39999999999999997
    found = detection_scores(segments([(0, 0, 9.0, 0, 1)]), truth)
    assert found.mean_ap.tolist() == [1.0] * 9 + [0.0]


def test_videos_without_detections_lower_recall() -> None:
    truth = segments([(video, 0, 10, 0) for video in range(4)])
    found = detection_scores(segments([(video, 0, 10, 0, 1) for video in range(3)]), truth)
    assert found.ap[0, 0] == 0.75
    assert found.recall[0, 0].tolist() == [0.75, 0.75]


def test_no_detections_at_all_is_zero() -> None:
    none = segments([(0, 0, 10, 0, 1)]).keep(np.zeros(0, dtype=np.int64))
    assert detection_scores(none, segments([(0, 0, 10, 0)])).average == 0.0


def test_recall_takes_k_detections_for_each_segment() -> None:
    truth = segments([(0, 0, 10, 0), (0, 20, 30, 0), (1, 0, 10, 0)])
    rows = [(0, 50, 60, 0, 0.9), (0, 0, 10, 0, 0.8), (0, 20, 30, 0, 0.7), (1, 5, 6, 0, 0.9), (1, 0, 10, 0, 0.1)]
    found = detection_scores(segments(rows), truth, recall_at=(1, 2))
    assert found.recall[0, 0] == pytest.approx([1 / 3, 1.0])


@pytest.mark.parametrize("column", ["start", "end", "score"])
def test_values_that_are_not_finite_are_refused(column: str) -> None:
    row = {"start": 0.0, "end": 1.0, "score": 1.0} | {column: np.nan}
    with pytest.raises(InputError, match=f"{column} of row 0 is nan"):
        segments([(0, row["start"], row["end"], 0, row["score"])])


def test_what_is_refused() -> None:
    truth, detections = segments([(0, 0, 1, 0)]), segments([(0, 0, 1, 0, 1)])
    with pytest.raises(InputError, match="detections need scores"):
        detection_scores(truth, truth)
    with pytest.raises(InputError, match="thresholds of overlap"):
        detection_scores(detections, truth, thresholds=[50])
    with pytest.raises(InputError, match="no annotated segment counts"):
        detection_scores(detections, segments([(0, 1, 1, 0)]), rules=RULES["authors"])
    with pytest.raises(InputError, match="every column must be"):
        Segments(video=np.zeros(1, int), label=np.zeros(2, int), start=np.zeros(1), end=np.zeros(1))


def plain_match(detections: Segments, truth: Segments, threshold: float) -> list[int]:
    """What a loop in order of scores takes."""
    free, taken = set(range(len(truth))), []
    for d in range(len(detections)):
        best = (-1.0, -1)
        for g in free:
            same = detections.video[d] == truth.video[g] and detections.label[d] == truth.label[g]
            low, high = max(detections.start[d], truth.start[g]), min(detections.end[d], truth.end[g])
            shared = max(high - low, 0.0)
            union = (detections.end[d] - detections.start[d]) + (truth.end[g] - truth.start[g]) - shared
            if same and union and shared / union >= threshold:
                best = max(best, (shared / union, g))
        taken.append(best[1])
        free.discard(best[1])
    return taken


@settings(max_examples=150, deadline=None)
@given(
    n=st.integers(0, 40), m=st.integers(1, 25), grid=st.sampled_from([6, 1000]), seed=st.integers(0, 2**32 - 1)
)
def test_matching_equals_a_plain_loop(n: int, m: int, grid: int, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some(rows: int) -> Segments:
        ends = np.sort(rng.integers(0, grid, (rows, 2)), axis=1).astype(float)
        return Segments(
            video=rng.integers(0, 2, rows),
            label=rng.integers(0, 2, rows),
            start=ends[:, 0],
            end=ends[:, 1],
            score=rng.integers(0, 5, rows) / 5,
        )

    truth, detections = some(m), by_score(some(n))
    pairs = overlapping(detections, truth, least=0.1)
    for threshold in (0.1, 0.5):
        found = match(pairs, threshold=threshold, num_detections=n, num_truth=m)
        assert found.tolist() == plain_match(detections, truth, threshold)


def test_what_counts_as_ground_truth() -> None:
    truth = segments(
        [(0, 0, 10, 0), (0, 0, 10.0005, 0), (0, 0, 10, 1), (0, 5, 5, 0), (0, 8, 5, 0), (1, 5, 5.0005, 0)]
    )
    sizes = {name: len(counted(truth, rules)) for name, rules in RULES.items()}
    assert sizes == {"official": 6, "actionformer": 2, "authors": 3, "opentad": 3}
