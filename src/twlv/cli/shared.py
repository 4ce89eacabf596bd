"""Options that several commands share, and how their words become the records of ``twlv.types``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.cli.fields import parse_settings
from twlv.cli.options import flag
from twlv.errors import UsageError
from twlv.types import Dataset, MultiClip, Sampling, Strided, Uniform, Views

if TYPE_CHECKING:
    from twlv.contracts import Backbone


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Where the videos of a manifest are, and which of its rows to take."""

    root: Path | None = field(
        default=None,
        metadata=flag(
            "folder that the manifest's paths start from; default: the manifest's own", metavar="DIR"
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
            "text file of class names in index order; default: the manifest's own, sorted", metavar="FILE"
        ),
    )


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How frames are chosen and turned into vectors."""

    weights: str | None = field(
        default=None, metadata=flag("weights file or folder for the backbone", metavar="PATH")
    )
    sampling: Literal["uniform", "multiclip", "strided"] = field(
        default="uniform",
        metadata=flag(
            "one clip over the whole video; or clips of T seconds every S seconds; or every n-th frame"
        ),
    )
    clip_seconds: float = field(
        default=2.0, metadata=flag("multiclip: length T of a clip in seconds", metavar="T")
    )
    stride_seconds: float | None = field(
        default=None, metadata=flag("multiclip: seconds between the starts of clips; default T", metavar="S")
    )
    tail: Literal["drop", "short", "shift"] = field(
        default="drop", metadata=flag("multiclip: what becomes of a rest shorter than T")
    )
    frame_step: int = field(default=4, metadata=flag("strided: take every n-th frame", metavar="n"))
    num_frames: int | None = field(default=None, metadata=flag("frames of a clip; default: the backbone's own"))
    views: str = field(
        default="1x1",
        metadata=flag("M spatial crops x N temporal windows, as the report writes it", metavar="MxN"),
    )
    level: Literal["clip", "time", "patch"] = field(
        default="clip", metadata=flag("one vector per clip, per time step or per patch")
    )
    dtype: Literal["auto", "float32", "bfloat16"] = field(
        default="auto", metadata=flag("precision of the backbone")
    )
    device: str = field(default="auto", metadata=flag("auto, cpu, cuda, cuda:1, ...", metavar="NAME"))
    workers: int | None = field(
        default=None, metadata=flag("threads that decode; default: chosen from the cores")
    )
    decoder: Literal["pyav", "torchcodec"] = field(default="pyav", metadata=flag("video decoder"))


def sampling_of(options: ReadingOptions) -> Sampling:
    """The Sampling that the flags describe. Raises UsageError for a length that is not positive."""
    for name in ("clip_seconds", "stride_seconds", "frame_step", "num_frames"):
        value = getattr(options, name)
        if value is not None and value <= 0:
            raise UsageError(f"--{name.replace('_', '-')} must be positive, got {value}")
    if options.sampling == "multiclip":
        return MultiClip(
            num_frames=options.num_frames,
            clip_seconds=options.clip_seconds,
            stride_seconds=options.stride_seconds,
            tail=options.tail,
        )
    if options.sampling == "strided":
        return Strided(num_frames=options.num_frames, frame_step=options.frame_step)
    return Uniform(num_frames=options.num_frames)


def views_of(text: str) -> Views:
    """``MxN``: M spatial crops (1 or 3) and N temporal windows, the report's order (section 2.2)."""
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found or int(found[1]) not in (1, 3) or int(found[2]) < 1:
        raise UsageError(
            f"--views takes MxN with M = 1 or 3 spatial crops and N >= 1 temporal windows, got '{text}'; "
            "the report's 3 crops x 4 windows is: --views 3x4"
        )
    spatial: Literal[1, 3] = 3 if int(found[1]) == 3 else 1
    return Views(spatial=spatial, temporal=int(found[2]))


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
    from twlv.data.load import MANIFEST_SUFFIXES

    return Path(word).suffix.lower() in MANIFEST_SUFFIXES


def dataset_of(name: str, options: DataOptions) -> Dataset:
    """The data set of a manifest or a name."""
    from twlv.data import dataset

    return dataset(name, root=options.root, where=where_of(options), classes=options.classes)


def inputs_of(inputs: tuple[str, ...], options: DataOptions) -> Dataset:
    """The data set of ``twlv embed INPUT...``: one manifest, or any number of video files and folders."""
    if any(is_manifest(word) for word in inputs):
        if len(inputs) > 1:
            raise UsageError(
                f"give one manifest, or video files and folders, not both: got {', '.join(inputs)}"
            )
        return dataset_of(inputs[0], options)
    if options.where or options.root is not None or options.classes is not None:
        raise UsageError("--root, --where and --classes are for a manifest; the inputs are videos and folders")
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
