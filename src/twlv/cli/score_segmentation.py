"""``twlv score temporal-segmentation``: predicted labels of every frame against a folder of true ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.cli.options import flag

if TYPE_CHECKING:
    from twlv.data.segmentation import SegmentationReport

OTHER = "other"
"""The name of a set that is none of the usual ones."""


@dataclass(frozen=True, kw_only=True)
class SegmentationOptions:
    """Flags of ``twlv score temporal-segmentation``."""

    truth: Path = field(metadata=flag("folder with mapping.txt, groundTruth and splits", metavar="DIR"))
    predictions: Path = field(
        metadata=flag(
            "folder with VIDEO.txt: a label a line, or as MS-TCN and ASFormer write them", metavar="DIR"
        )
    )
    dataset: str = field(
        metadata=flag(
            f"50salads, gtea, breakfast (their checks and background), or {OTHER}: a set of your own",
            metavar="NAME",
        )
    )
    rules: Literal["e0", "e1"] = field(
        default="e0",
        metadata=flag("end of the last segment: e0 as ASFormer and the report, e1 as MS-TCN's last version"),
    )
    background: tuple[str, ...] = field(
        default=(),
        metadata=flag("class that is no segment, instead of the set's own; repeatable", metavar="CLASS"),
    )
    split: int | None = field(default=None, metadata=flag("only this split", metavar="K"))
    json: bool = field(default=False, metadata=flag("print a JSON document"))


def temporal_segmentation(options: SegmentationOptions) -> int:
    """Frame accuracy, Edit, F1@10/25/50 and their mean (mF1) of every split, and the mean over splits."""
    from twlv.data.segmentation import facts_of, read_segmentation, score_segmentation

    facts = None if options.dataset.lower() == OTHER else facts_of(options.dataset)
    report = score_segmentation(
        options.predictions,
        read_segmentation(options.truth, facts),
        background=options.background or (facts.background if facts else ()),
        rules=options.rules,
        split=options.split,
    )
    print(json.dumps(report.to_json(), indent=1) if options.json else text(report))
    return 0


def text(report: SegmentationReport) -> str:
    """The report for a terminal, in percent."""
    from twlv.data.segmentation.score import values

    mean = report.mean()
    heads = {"mean_f1": "mF1", "edit": "Edit", "accuracy": "Acc"}
    names = "".join(f"{heads.get(name, name.replace('f1_', 'F1@')):>8}" for name in mean)
    background = ", ".join(report.background) or "none"
    lines = [f"rules {report.rules}, background: {background}", "", f"{'split':<8}{'videos':>8}{names}"]
    for number, scores in report.splits.items():
        row = "".join(f"{100 * value:8.2f}" for value in values(scores).values())
        lines.append(f"{number or 'all':<8}{scores.num_videos:>8}{row}")
    total = sum(scores.num_videos for scores in report.splits.values())
    lines.append(f"{'mean':<8}{total:>8}" + "".join(f"{100 * value:8.2f}" for value in mean.values()))
    return "\n".join(lines + [f"note: {note}" for note in report.notes])
