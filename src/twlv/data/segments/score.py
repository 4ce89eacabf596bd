"""Detections against ground truth: mAP and recall, notes on both files, and what random detections reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twlv.data.segments.arrays import (
    detection_arrays,
    durations,
    notes_of_detections,
    notes_of_truth,
    truth_arrays,
)
from twlv.data.segments.detections import Detection
from twlv.data.segments.truth import SegmentTruth
from twlv.errors import InputError, UsageError
from twlv.metrics.temporal_ap import DetectionScores, detection_scores
from twlv.metrics.temporal_chance import random_detections
from twlv.metrics.temporal_diagnosis import by_length, error_profile, length_edges
from twlv.metrics.temporal_segments import TruthRules
from twlv.types import Json


@dataclass(frozen=True, kw_only=True)
class SegmentReport:
    """The score of a file of detections, and of random detections of equal number under the same rules.

    ``errors`` and ``by_length`` are those of ``metrics.temporal_diagnosis``.
    """

    rules: str
    subset: str
    num_videos: int
    num_detections: int
    labels: tuple[str, ...]
    scores: DetectionScores
    random: DetectionScores
    errors: Mapping[str, Sequence[float]]
    by_length: Sequence[Mapping[str, float]]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """As one JSON document; fractions, not percent."""
        return {
            "rules": self.rules,
            "subset": self.subset,
            "num_videos": self.num_videos,
            "num_segments": int(self.scores.num_truth.sum()),
            "num_detections": self.num_detections,
            "thresholds": list(self.scores.thresholds),
            "map": self.scores.mean_ap.tolist(),
            "average_map": self.scores.average,
            "random_map": self.random.mean_ap.tolist(),
            "random_average_map": self.random.average,
            "recall": {
                f"{k}x": self.scores.recall[:, :, column].mean(axis=1).tolist()
                for column, k in enumerate(self.scores.recall_at)
            },
            "per_class": {
                name: {"num_segments": int(self.scores.num_truth[i]), "ap": self.scores.ap[:, i].tolist()}
                for i, name in enumerate(self.labels)
            },
            "errors": {kind: list(shares) for kind, shares in self.errors.items()},
            "by_length": [dict(row) for row in self.by_length],
            "notes": list(self.notes),
        }


def score_detections(
    detections: Sequence[Detection],
    truth: SegmentTruth,
    *,
    rules: TruthRules,
    thresholds: Sequence[float],
    subset: str | None = None,
    without: Sequence[str] = (),
    seed: int = 0,
) -> SegmentReport:
    """Score detections on a subset (None: the one that has their videos).

    ``without`` are videos left out of both sides, as OpenTAD does with its lists. ``seed`` draws the random
    detections.

    Raises:
        UsageError: several subsets have videos of the detections, and none was chosen; nothing is left.
        InputError: no video is known, a label is unknown where the rules forbid it, or times past every end.
    """
    chosen = subset or _subset_of(detections, truth)
    videos = {name: video for name, video in truth.subset(chosen).items() if name not in set(without)}
    kept = [row for row in detections if row.video_id not in set(without)]
    if not videos or not kept:
        raise UsageError(f"nothing to score: {len(videos)} videos and {len(kept)} detections are left")
    names = tuple(sorted({label for video in videos.values() for label in video.labels}))
    if rules.unknown_labels == "error":
        _refuse_unknown_labels(kept, names, rules)
    real, found = truth_arrays(videos, names), detection_arrays(kept, videos, names)
    notes = notes_of_truth(real, videos) + notes_of_detections(found, videos)
    scores = detection_scores(found, real, thresholds=thresholds, rules=rules)
    chance = random_detections(found, durations(videos), num_labels=len(names), seed=seed)
    random = detection_scores(chance, real, thresholds=thresholds, rules=rules)
    return SegmentReport(
        rules=rules.name,
        subset=chosen,
        num_videos=len(videos),
        num_detections=len(kept),
        labels=tuple(names[index] for index in scores.labels),
        scores=scores,
        random=random,
        errors=error_profile(found, real),
        by_length=by_length(
            found, real, edges_seconds=length_edges(thresholds), thresholds=thresholds, rules=rules
        ),
        notes=(*notes, *_notes_of_scores(scores, random, len(real), len(without))),
    )


def _subset_of(detections: Sequence[Detection], truth: SegmentTruth) -> str:
    ids = {row.video_id for row in detections}
    seen = Counter(truth.videos[name].subset for name in ids if name in truth.videos)
    having = [name for name in truth.annotated_subsets if seen[name]]
    if not having:
        raise InputError(f"no detection is of an annotated video of {truth.path}; it has ids such as "
                         f"'{next(iter(truth.videos))}'")  # fmt: skip
    if len(having) > 1:
        raise UsageError(f"the detections are of the subsets {dict(seen)}; choose one with --subset")
    return having[0]


def _refuse_unknown_labels(detections: Sequence[Detection], names: Sequence[str], rules: TruthRules) -> None:
    unknown = Counter(row.label for row in detections if row.label not in set(names))
    if unknown:
        shown = ", ".join(f"'{label}' ({count})" for label, count in unknown.most_common(5))
        raise InputError(
            f"{sum(unknown.values())} detections have labels that the subset does not: {shown}; the rules "
            f"'{rules.name}' allow none, those of opentad ignore them"
        )


def _notes_of_scores(
    scores: DetectionScores, random: DetectionScores, annotated: int, without: int
) -> list[str]:
    counted = int(scores.num_truth.sum())
    lines = {
        f"{annotated - counted} annotated segments do not count under these rules": annotated != counted,
        f"{scores.num_ignored} detections of labels without ground truth are ignored": scores.num_ignored,
        f"{scores.num_tied} detections share a score: the later one in the file goes first": scores.num_tied,
        f"{without} videos were asked to be left out": without,
        "the score is not above that of random detections": scores.average <= random.average,
    }
    return [text for text, applies in lines.items() if applies]
