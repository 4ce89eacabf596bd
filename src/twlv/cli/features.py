"""Options of ``twlv evaluate`` on a folder of embeddings that others made."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from twlv.cli.options import flag, flag_of
from twlv.errors import UsageError

if TYPE_CHECKING:
    from twlv.store.folder_features import FeatureFolder


@dataclass(frozen=True, kw_only=True)
class FeatureOptions:
    """Where the arrays are, how they are laid out, and which times their rows stand for."""

    features: Path | None = field(
        default=None,
        metadata=flag("folder of arrays of others: ID.npy, one a video; needs their clock", metavar="DIR"),
    )
    features_layout: Literal["time-first", "dimension-first"] | None = field(
        default=None, metadata=flag("axes of the arrays (default time-first); MS-TCN's are dimension-first")
    )
    features_stride_seconds: float | None = field(
        default=None, metadata=flag("seconds from one row to the next; also for --official", metavar="S")
    )
    features_clip_seconds: float | None = field(
        default=None, metadata=flag("seconds that a row stands for; default: the stride", metavar="T")
    )
    features_stride_frames: float | None = field(
        default=None, metadata=flag("the same stride in frames of the video", metavar="n")
    )
    features_clip_frames: float | None = field(
        default=None, metadata=flag("frames that a row stands for; default: the stride", metavar="n")
    )
    features_fps: float | None = field(
        default=None,
        metadata=flag("frames a second of every video; default: what the annotations say of each", metavar="F"),
    )


def feature_flags(options: FeatureOptions) -> str:
    """The flags of ``FeatureOptions`` that were given, as typed, or nothing."""
    names = [f.name for f in fields(FeatureOptions) if getattr(options, f.name) is not None]
    return ", ".join(map(flag_of, names))


def feature_folder(options: FeatureOptions, official: Path | None) -> FeatureFolder:
    """The folder that the flags describe: that of ``--features``, or the authors' layout under ``official``.

    Raises:
        UsageError: no clock for ``--features``, or one that contradicts itself.
        InputError: the folder is not there.
    """
    from twlv.store.folder_features import FeatureClock, FeatureFolder

    names = ("stride_seconds", "clip_seconds", "stride_frames", "clip_frames", "fps")
    times = {name: getattr(options, f"features_{name}") for name in names}
    clock = None
    if any(value is not None for value in times.values()):
        if times["fps"] is not None and times["stride_frames"] is None:
            times["stride_frames"] = 1.0  # one row a frame
        clock = FeatureClock(**times)
    if official is not None:
        if options.features_layout is not None:
            raise UsageError("--features-layout is for --features: --official has its own layout")
        return FeatureFolder(path=official, layout="official", clock=clock)
    if options.features is None:
        raise UsageError("missing: --features DIR")
    return FeatureFolder(path=options.features, layout=options.features_layout or "time-first", clock=clock)
