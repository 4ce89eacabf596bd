"""The optional torchcodec backend: exact mode, every frame checked by its time, PyAV where it fails.

torchcodec returns late frames without an error for some files (transport streams with B-frames), so a frame is
accepted only if its own time is not after the time asked for and it is the frame that ``probe`` found there.
From the first frame that is not, the file is read again with PyAV, and a warning is logged.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from twlv.errors import MissingExtra, UsageError
from twlv.types import IntArray, VideoInfo
from twlv.video import decode
from twlv.video.container import open_stream
from twlv.video.matching import Picture, Pictures
from twlv.video.sampling import TIME_TOLERANCE_SECONDS, frame_indices

_BATCH_FRAMES = 16
"""Full pictures held at once."""

_UNFIT = frozenset({"avi", "mpeg", "mpegts"})
"""It seeks to late frames in transport streams, and orders the B-frames of old avi files by their labels."""

_log = logging.getLogger(__name__)


def pictures(info: VideoInfo, wanted: Sequence[int], *, thread_count: int = 1) -> Pictures:
    """As ``decode.pictures``, through torchcodec. Raises MissingExtra or UsageError if it cannot be loaded."""
    decoder_class = _load()
    done = 0
    try:
        decoder = _open(decoder_class, info, thread_count)
        for start in range(0, len(wanted), _BATCH_FRAMES):
            chunk = wanted[start : start + _BATCH_FRAMES]
            for picture in _checked(decoder, info, chunk):
                yield picture
                done += 1
    except (_Refused, RuntimeError, ValueError, IndexError, OSError) as error:
        _log.warning("%s: torchcodec gave up (%s); reading the rest with PyAV", info.path, error)
        yield from decode.pictures(info, wanted[done:], thread_count=thread_count)


def versions() -> dict[str, str]:
    """Versions of torchcodec and of the FFmpeg it found. Raises MissingExtra or UsageError."""
    _load()
    torchcodec: Any = importlib.import_module("torchcodec")
    return {
        "decoder": f"torchcodec {torchcodec.__version__}",
        "ffmpeg": str(getattr(torchcodec, "ffmpeg_major_version", "unknown")),
    }


class _Refused(Exception):  # noqa: N818
    """A reason not to use torchcodec for this file."""


def _load() -> Any:
    """The decoder class. The import itself fails without FFmpeg's libraries or with an unfit torch."""
    try:
        decoders: Any = importlib.import_module("torchcodec.decoders")
    except ModuleNotFoundError:
        raise MissingExtra("torchcodec", "torchcodec", needed_for="the video backend 'torchcodec'") from None
    except (ImportError, OSError, RuntimeError) as error:
        lines = str(error).strip().splitlines()
        raise UsageError(
            f"the video backend 'torchcodec' is installed but does not load ({lines[0] if lines else error}); "
            "it needs the system's FFmpeg libraries (Debian: apt-get install ffmpeg), or take backend 'pyav'"
        ) from None
    return decoders.VideoDecoder


def _open(decoder_class: Any, info: VideoInfo, thread_count: int) -> Any:
    with open_stream(info.path) as (container, stream):
        if container.format.name in _UNFIT:
            raise _Refused(f"it is not exact in {container.format.name} files")
        index = stream.index
    return decoder_class(
        info.path,
        stream_index=index,
        seek_mode="exact",
        dimension_order="NHWC",
        num_ffmpeg_threads=thread_count,
    )


def _checked(decoder: Any, info: VideoInfo, wanted: Sequence[int]) -> Iterator[Picture]:
    """Pictures of one batch, asked for at the middle of their time on screen."""
    ends = np.append(info.pts_seconds[1:], info.duration_seconds)
    rows = np.asarray(wanted)
    times = (info.pts_seconds[rows] + ends[rows]) / 2
    begin = float(decoder.metadata.begin_stream_seconds or 0.0)
    batch = decoder.get_frames_played_at((times + begin).tolist())
    pixels: torch.Tensor = batch.data
    returned = np.asarray(batch.pts_seconds, dtype=np.float64) - begin
    late = returned > times + TIME_TOLERANCE_SECONDS
    found: IntArray = frame_indices(info.pts_seconds, returned)
    for place, index in enumerate(wanted):
        if late[place] or found[place] != index:
            seen = f"frame at {returned[place]:.6f} s for {times[place]:.6f} s"
            raise _Refused(seen)
        yield Picture(wanted=index, shown=index, load=partial(pixels[place].permute, 2, 0, 1))
