"""``twlv embed``: videos to embeddings in a store."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.cli.options import command_line, flag
from twlv.cli.sampling import sampling_of, views_of
from twlv.cli.shared import (
    DataOptions,
    ReadingOptions,
    check_min_coverage,
    inputs_of,
    load_backbone,
    part_of,
)

if TYPE_CHECKING:
    from twlv.embedding import EmbedReport
    from twlv.types import Coverage


@dataclass(frozen=True, kw_only=True)
class EmbedOptions(ReadingOptions, DataOptions):
    """Flags of ``twlv embed``."""

    inputs: tuple[str, ...] = field(
        metadata=flag("video files, folders of videos, or one manifest", metavar="INPUT", positional="+")
    )
    backbone: str = field(
        metadata=flag("see: twlv models list; or hf:org/name, a folder, module:function", metavar="NAME")
    )
    out: Path = field(metadata=flag("the store, a folder; the same command again resumes", metavar="STORE"))
    level: Literal["clip", "time", "patch"] = field(
        default="clip", metadata=flag("one vector per clip, per time step or per patch")
    )
    frame_order: Literal["forward", "reversed"] = field(
        default="forward",
        metadata=flag("reversed: the frames of every clip backwards, into a store of its own"),
    )
    framing: Literal["crop", "squash"] = field(
        default="crop",
        metadata=flag("squash: whole pictures, for boxes; else resized and cropped as the backbone has it"),
    )
    shard: str = field(
        default="1/1",
        metadata=flag("embed part I of N, counted from 1; all parts write into the same store", metavar="I/N"),
    )
    min_coverage: float = field(
        default=1.0,
        metadata=flag("end with exit code 3 if a smaller fraction of the videos is embedded", metavar="F"),
    )


def run(options: EmbedOptions) -> int:
    """Turn videos into embeddings and keep them in a store. An unreadable video is named, not replaced."""
    check_min_coverage(options.min_coverage)
    sampling, views, part = sampling_of(options), views_of(options.views), part_of(options.shard)
    data = inputs_of(options.inputs, options)

    from twlv.cli.progress import progress
    from twlv.embedding import embed_dataset

    model = load_backbone(options.backbone, options)
    print(f"{model.card.name}: licence of the weights: {model.card.licence}", file=sys.stderr)
    report = embed_dataset(
        model,
        data,
        options.out,
        sampling=sampling,
        views=views,
        level=options.level,
        part=part,
        workers=options.workers,
        decoder=options.decoder,
        frame_order=options.frame_order,
        framing=options.framing,
        command=command_line("embed", options),
        progress=progress(),
    )
    print(summary(report))
    return coverage_status(report.coverage, report.coverage.fraction, options.min_coverage)


def summary(report: EmbedReport) -> str:
    """What was done: counts, seconds by stage, rates, then the table of failures."""
    coverage, seconds = report.coverage, report.seconds
    stages = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    lines = [f"{coverage.decoded} of {coverage.expected} videos are in {report.store}"]
    if report.skipped:
        lines.append(f"{report.skipped} were there already and were skipped; {report.embedded} are new")
    if report.embedded:
        lines.append(f"{report.videos_per_second:.2f} videos/s ({stages})")
    if coverage.failed:
        from twlv.report import failures

        lines += ["", failures(coverage.failed, limit=20)]
    return "\n".join(lines)


def coverage_status(coverage: Coverage, fraction: float, minimum: float) -> int:
    """0, or 3 with a line on standard error when ``fraction`` (the least of any split) is below the minimum."""
    if fraction >= minimum:
        return 0
    print(
        f"twlv: coverage {fraction:.4f} ({coverage.decoded} of {coverage.expected} videos) is below "
        f"--min-coverage {minimum:g}; to accept it type: --min-coverage {_floor(fraction)}",
        file=sys.stderr,
    )
    return 3


def _floor(fraction: float) -> str:
    return f"{int(fraction * 1000) / 1000:g}"
