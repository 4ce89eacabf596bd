"""``twlv score spatiotemporal-localization``: anybody's boxes on key frames against annotations like AVA's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.cli.options import flag

if TYPE_CHECKING:
    from twlv.data.boxes.score import BoxReport


@dataclass(frozen=True, kw_only=True)
class BoxOptions:
    """Flags of ``twlv score spatiotemporal-localization``."""

    truth: Path = field(
        metadata=flag("annotations, such as ava_val_v2.2.csv: video,second,x1,y1,x2,y2,action,person",
                      metavar="CSV")
    )  # fmt: skip
    predictions: Path = field(
        metadata=flag("detections: video,second,x1,y1,x2,y2,action,score; no header", metavar="CSV")
    )
    classes: Path = field(
        metadata=flag(
            "the actions that are evaluated: ava_action_list_v2.2_for_activitynet_2019.pbtxt", metavar="PBTXT"
        )
    )
    rules: Literal["official", "slowfast", "slowfast-sorted", "mmaction2"] = field(
        default="official",
        metadata=flag("whose evaluator: those of two code bases differ from the official script of AVA"),
    )
    excluded: Path | None = field(
        default=None,
        metadata=flag("seconds that are excluded (video,second); the official rules score them", metavar="CSV"),
    )
    per_class: bool = field(default=False, metadata=flag("also print the AP of every action"))
    json: bool = field(default=False, metadata=flag("print a JSON document"))


def spatiotemporal_localization(options: BoxOptions) -> int:
    """Frame mAP at an overlap of 0.5, by size of people, with what looks wrong in the files."""
    from twlv.data.boxes.classes import read_actions
    from twlv.data.boxes.rows import read_box_rows
    from twlv.data.boxes.score import score_boxes
    from twlv.metrics.frame_boxes import RULES

    report = score_boxes(
        read_box_rows(options.predictions),
        read_box_rows(options.truth),
        actions=read_actions(options.classes),
        rules=RULES[options.rules],
        excluded=None if options.excluded is None else read_box_rows(options.excluded),
    )
    print(json.dumps(report.to_json(), indent=1) if options.json else text(report, options.per_class))
    return 0


def text(report: BoxReport, per_class: bool) -> str:
    """The report for a terminal, in percent."""
    scores = report.scores
    lines = [
        f"{scores.num_detections.sum()} detections count, {scores.num_truth.sum()} annotated labels of "
        f"{len(report.actions)} actions on {report.num_frames} key frames of {report.num_videos} videos "
        f"(rules: {report.rules})",
        "",
        f"{'fAP@0.5':<10}{_percent(scores.mean_ap)}",
        f"{'recall':<10}{_percent(scores.recall)}",
        *(f"{name:<10}{_percent(ap)}  {num} labels" for name, (ap, num) in scores.by_size.items()),
    ]
    if per_class:
        lines += ["", f"{'AP':>8}{'labels':>8}{'found':>9}"]
        lines += [
            f"{_percent(float(scores.ap[i]))}{scores.num_truth[i]:8}{scores.num_detections[i]:9}  {name}"
            for i, name in enumerate(report.actions.values())
        ]
    return "\n".join(lines + [f"note: {note}" for note in report.notes])


def _percent(value: float) -> str:
    return f"{100 * value:8.2f}" if value == value else f"{'-':>8}"  # noqa: PLR0124 - NaN
