"""``twlv data``: the data sets by name, and a check of every file of one or of a manifest."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from twlv.cli.options import flag
from twlv.cli.shared import DataOptions, inputs_of

MANIFEST_HELP = """
Nothing is downloaded: the annotations and videos are those of your own copy. For instance

  twlv data check ucf101 --root UCF-101 --annotations ucfTrainTestlist --variant 1

Any other data set is a manifest:

  video_id,path,label,split,group
  v1,clips/v1.mp4,forehand,train,court-1
  v2,clips/v2.mp4,serve,val,court-2

path is relative to the manifest or to --root; start_seconds,end_seconds (a part of the file) and group are
optional; a JSON lines file with the same names works too. Then type: twlv data check manifest.csv"""


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Flags of ``twlv data list``."""

    json: bool = field(default=False, metadata=flag("print a JSON document"))


@dataclass(frozen=True, kw_only=True)
class CheckOptions(DataOptions):
    """Flags of ``twlv data check``."""

    inputs: tuple[str, ...] = field(
        metadata=flag(
            "a manifest, the name of a data set, or video files and folders", metavar="INPUT", positional="+"
        )
    )
    workers: int | None = field(
        default=None, metadata=flag("threads that decode; default: chosen from the cores")
    )
    out: Path | None = field(default=None, metadata=flag("also write what was found as JSON", metavar="FILE"))
    json: bool = field(default=False, metadata=flag("print the JSON document instead of the table"))


def list_(options: ListOptions) -> int:
    """List the data sets that have a name: kind, classes, sizes, licence, and what to get by hand and where."""
    from twlv.data.named.listing import summary, text
    from twlv.data.named.table import TABLE

    if options.json:
        print(json.dumps([summary(card) for card in TABLE.values()], indent=1))
        return 0
    for card in TABLE.values():
        print(text(card))
    print(MANIFEST_HELP)
    return 0


def check(options: CheckOptions) -> int:
    """Decode the first, middle and last frame of every video. Ends with exit code 3 if any cannot be read."""
    from twlv.data import check_dataset

    report = check_dataset(inputs_of(options.inputs, options), workers=options.workers)
    if options.out is not None:
        print(f"wrote {report.save(options.out)}", file=sys.stderr)
    print(json.dumps(report.to_json(), indent=1) if options.json else str(report))
    return 3 if report.failed else 0
