"""Options that several commands share, and how their words become the records of ``twlv.types``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twlv.cli.fields import build, parse_settings
from twlv.cli.options import flag, flag_of
from twlv.cli.sampling import FIELDS, RULES, RULES_WITH_STEP, flags_of, records_of
from twlv.errors import UsageError
from twlv.types import Dataset

if TYPE_CHECKING:
    from twlv.contracts import Backbone


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Where the videos of a manifest or of a data set by name are, and which of them to take."""

    root: Path | None = field(
        default=None,
        metadata=flag(
            "folder that the manifest's paths start from (default: the manifest's own), or folder of the "
            "videos of a data set by name",
            metavar="DIR",
        ),
    )
    annotations: Path | None = field(
        default=None,
        metadata=flag(
            "data set by name: folder of its official annotation files; default: that of --root", metavar="DIR"
        ),
    )
    variant: str | None = field(
        default=None,
        metadata=flag(
            "data set by name: its own option, such as noun (epickitchens100) or split 2 (ucf101); "
            "see: twlv data list; annotated segments: official or filtered; folder of frame labels: one split, "
            "such as 1 (default: all)",
            metavar="VALUE",
        ),
    )
    only: Path | None = field(
        default=None,
        metadata=flag(
            "annotated segments: file of the video ids that take part (text, one a line, or the keys of a "
            "JSON); a split that it names nothing of stays whole",
            metavar="FILE",
        ),
    )
    without: Path | None = field(
        default=None, metadata=flag("annotated segments: file of video ids to leave out", metavar="FILE")
    )
    label_fps: float | None = field(
        default=None,
        metadata=flag(
            "frame labels: labels a second (default: that of 50Salads, GTEA, Breakfast; 25 off a table of "
            "segments)",
            metavar="F",
        ),
    )
    starts_at: float | None = field(
        default=None,
        metadata=flag(
            "boxes in AVA's form: timestamp of a file's first frame in seconds (default: 0; 900 for the usual "
            "cuts of AVA)",
            metavar="S",
        ),
    )
    where: tuple[str, ...] = field(
        default=(),
        metadata=flag(
            "only the rows of the manifest with this value in this column; repeatable", metavar="COLUMN=VALUE"
        ),
    )
    classes: Path | None = field(
        default=None,
        metadata=flag(
            "text file of class names in index order; default: a manifest's own, sorted, or the official list",
            metavar="FILE",
        ),
    )


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How frames are chosen and turned into vectors."""

    weights: str | None = field(
        default=None, metadata=flag("weights file or folder for the backbone", metavar="PATH")
    )
    sampling: str | None = field(
        default=None,
        metadata=flag(
            "uniform (default): one clip over the whole video; multiclip: clips of T seconds every S seconds; "
            "strided: every n-th frame; around: one clip around the key frame; or the frames of a public code "
            "base: " + ", ".join(RULES),
            metavar="KIND",
        ),
    )
    clip_seconds: float | None = field(
        default=None,
        metadata=flag(
            "multiclip, around: length T of a clip in seconds (default 2.0; around: 2.13)", metavar="T"
        ),
    )
    stride_seconds: float | None = field(
        default=None,
        metadata=flag("multiclip: seconds between the starts of clips; default T", metavar="S"),
    )
    tail: Literal["drop", "short", "shift"] | None = field(
        default=None, metadata=flag("multiclip: what becomes of a rest shorter than T (default drop)")
    )
    frame_step: int | None = field(
        default=None,
        metadata=flag(f"strided, {', '.join(RULES_WITH_STEP)}: take every n-th frame (default 4)", metavar="n"),
    )
    num_clips: int | None = field(
        default=None, metadata=flag("rules of public code bases: clips of a video (default 1)", metavar="M")
    )
    num_frames: int | None = field(default=None, metadata=flag("frames of a clip; default: the backbone's own"))
    views: str = field(
        default="1x1",
        metadata=flag("M spatial crops x N temporal windows, as the report writes it", metavar="MxN"),
    )
    dtype: Literal["auto", "float32", "bfloat16"] = field(
        default="auto", metadata=flag("precision of the backbone")
    )
    device: str = field(default="auto", metadata=flag("auto, cpu, cuda, cuda:1, ...", metavar="NAME"))
    workers: int | None = field(
        default=None, metadata=flag("threads that decode; default: chosen from the cores")
    )
    decoder: Literal["pyav", "torchcodec"] = field(default="pyav", metadata=flag("video decoder"))

    @staticmethod
    def from_file(values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Flags from a configuration file, where sampling and views may be the records of the Python API."""
        return flags_of(values, given)

    @staticmethod
    def to_file(values: Mapping[str, Any]) -> dict[str, Any]:
        """A configuration file's values: sampling and views as records in place of their flags."""
        names = {f.name for f in dataclasses.fields(ReadingOptions)}
        reading = build(ReadingOptions, {name: value for name, value in values.items() if name in names})
        kept = {name: value for name, value in values.items() if name not in FIELDS}
        return {**kept, **records_of(reading)}


def refuse_reading_flags(options: ReadingOptions, source: str) -> None:
    """Refuse flags of reading where nothing is read: the embeddings of ``source`` are there already.

    Raises:
        UsageError: such a flag was given; it would have been ignored.
    """
    names = [f.name for f in dataclasses.fields(ReadingOptions) if getattr(options, f.name) != f.default]
    if names:
        raise UsageError(
            f"{', '.join(map(flag_of, names))}: without effect, because {source} holds embeddings that are "
            "made already; leave out, or embed with --backbone NAME"
        )


def part_of(text: str) -> tuple[int, int]:
    """``I/N`` counted from 1: (I, N)."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found and 1 <= int(found[1]) <= int(found[2]):
        return int(found[1]), int(found[2])
    raise UsageError(
        f"--shard counts from 1: 1/8 is the first of eight parts, 8/8 the last; got '{text}'. In a Slurm array "
        "(sbatch --array=1-8) type: --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
    )


def where_of(options: DataOptions) -> dict[str, str] | None:
    """The column filters, or None if there are none."""
    return parse_settings(options.where, flag="--where") or None


def is_manifest(word: str) -> bool:
    """Whether an input names an annotation file rather than a video, by its ending."""
    from twlv.data.rows import MANIFEST_SUFFIXES

    return Path(word).suffix.lower() in MANIFEST_SUFFIXES


def dataset_of(name: str, options: DataOptions) -> Dataset:
    """The data set of a manifest or a name."""
    from twlv.data import dataset

    return dataset(
        name,
        root=options.root,
        annotations=options.annotations,
        where=where_of(options),
        classes=options.classes,
        variant=options.variant,
        only=options.only,
        without=options.without,
        label_fps=options.label_fps,
        starts_at=options.starts_at,
    )


def data_flags(options: DataOptions) -> str:
    """The flags of ``DataOptions`` that were given, as typed, or nothing."""
    names = [f.name for f in dataclasses.fields(DataOptions) if getattr(options, f.name) != f.default]
    return ", ".join(map(flag_of, names))


def is_data_set(word: str) -> bool:
    """Whether an input names a data set: by a manifest, or by a name that is no file or folder here."""
    from twlv.data.boxes.folder import is_box_folder
    from twlv.data.named.table import TABLE
    from twlv.data.segmentation.dataset import is_label_folder

    path = Path(word)
    named = word in TABLE and not path.exists()
    return is_manifest(word) or named or is_label_folder(path) or is_box_folder(path)


def inputs_of(inputs: tuple[str, ...], options: DataOptions) -> Dataset:
    """The data set of ``twlv embed INPUT...``: one manifest or name, or any video files and folders."""
    if any(is_data_set(word) for word in inputs):
        if len(inputs) > 1:
            raise UsageError(
                f"give one manifest or name, or video files and folders, not both: got {', '.join(inputs)}"
            )
        return dataset_of(inputs[0], options)
    if data_flags(options):
        raise UsageError(f"{data_flags(options)}: for a manifest or a name; the inputs are videos and folders")
    from twlv.data import collect

    return collect(inputs)


def load_backbone(name: str, options: ReadingOptions) -> Backbone:
    """The backbone with the weights, device and precision of the flags."""
    from twlv.backbones import load

    return load(name, weights=options.weights, device=options.device, dtype=options.dtype)


def check_min_coverage(value: float) -> None:
    """Raise UsageError unless ``value`` is a fraction."""
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"--min-coverage is a fraction from 0 to 1, got {value}")
