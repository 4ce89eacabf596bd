"""``twlv score``: anybody's predictions against a ground truth, without embeddings or a model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.cli.options import flag
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.data.segments.score import SegmentReport


@dataclass(frozen=True, kw_only=True)
class TemporalOptions:
    """Flags of ``twlv score temporal-localization``."""

    truth: Path = field(
        metadata=flag(
            "annotations in ActivityNet's form: thumos14.json, activity_net.v1-3.min.json", metavar="FILE"
        )
    )
    predictions: Path = field(
        metadata=flag("detections: ActivityNet's result JSON, or a CSV of video_id,start_seconds,end_seconds,"
                      "label,score", metavar="FILE")
    )  # fmt: skip
    rules: Literal["official", "actionformer", "authors", "opentad"] = field(
        default="official",
        metadata=flag("whose ground truth counts: duplicates and segments of no length differ"),
    )
    subset: str | None = field(
        default=None, metadata=flag("subset to score; default: the one that has the videos", metavar="NAME")
    )
    thresholds: str | None = field(
        default=None,
        metadata=flag("overlaps: thumos14, activitynet, or numbers such as 0.5,0.75; default: by the file",
                      metavar="LIST"),
    )  # fmt: skip
    without: Path | None = field(
        default=None, metadata=flag("text file of video ids to leave out, one a line", metavar="FILE")
    )
    per_class: bool = field(default=False, metadata=flag("also print the AP of every class"))
    json: bool = field(default=False, metadata=flag("print a JSON document"))


def temporal_localization(options: TemporalOptions) -> int:
    """Detection mAP over temporal overlap, with what looks wrong in the files and random detections beside."""
    from twlv.data.segments import read_detections, read_truth, score_detections
    from twlv.metrics.temporal_segments import RULES

    truth = read_truth(options.truth)
    report = score_detections(
        read_detections(options.predictions, label_ids=truth.label_ids),
        truth,
        rules=RULES[options.rules],
        thresholds=_thresholds(options.thresholds, truth.version),
        subset=options.subset,
        without=_lines(options.without),
    )
    print(json.dumps(report.to_json(), indent=1) if options.json else text(report, options.per_class))
    return 0


def text(report: SegmentReport, per_class: bool) -> str:
    """The report for a terminal, in percent."""
    scores, random = report.scores, report.random
    lines = [
        f"{report.num_detections} detections, {report.num_videos} videos of subset '{report.subset}', "
        f"{scores.num_truth.sum()} segments of {len(report.labels)} classes (rules: {report.rules})",
        "",
        f"{'overlap':<10}{'mAP':>8}{'random':>8}" + "".join(f"{f'R@{k}x':>8}" for k in scores.recall_at),
    ]
    recall = scores.recall.mean(axis=1)
    for row, threshold in enumerate(scores.thresholds):
        values = (scores.mean_ap[row], random.mean_ap[row], *recall[row])
        lines.append(f"{threshold:<10.2f}" + "".join(f"{100 * value:8.2f}" for value in values))
    values = (scores.average, random.average, *recall.mean(axis=0))
    lines.append(f"{'average':<10}" + "".join(f"{100 * value:8.2f}" for value in values))
    if per_class:
        ap = scores.ap.mean(axis=0)
        lines += ["", *(f"{100 * ap[i]:8.2f}  {name}" for i, name in enumerate(report.labels))]
    shares = ", ".join(f"{100 * each[0]:.1f} % {kind}" for kind, each in report.errors.items())
    lines += ["", f"of the surest detections, as many as segments, at overlap 0.50: {shares}"]
    return "\n".join(lines + [f"note: {note}" for note in report.notes])


def _thresholds(words: str | None, version: str) -> tuple[float, ...]:
    from twlv.metrics.temporal_ap import ACTIVITYNET_THRESHOLDS, THUMOS14_THRESHOLDS

    named = {"thumos14": THUMOS14_THRESHOLDS, "activitynet": ACTIVITYNET_THRESHOLDS}
    if words is None:
        return named["thumos14" if "thumos" in version.lower() else "activitynet"]
    if words in named:
        return named[words]
    try:
        return tuple(float(word) for word in words.split(","))
    except ValueError as error:
        raise UsageError(f"--thresholds takes thumos14, activitynet or numbers, got '{words}'") from error


def _lines(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
