"""What a video is, measured from its packets; only the first frame is decoded."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error

from twlv.errors import UsageError, VideoError
from twlv.types import DoubleArray, VideoInfo
from twlv.video import folder
from twlv.video.container import describe, open_stream
from twlv.video.timing import Stamp, counted_times, frame_times


def probe(path: str | os.PathLike[str], *, fps: float | None = None) -> VideoInfo:
    """Measure a video file, or a folder of frames (then, and only then, with its ``fps``).

    Times come from presentation stamps, counted from the first frame that decodes; the nominal rate is used
    only for files that carry no stamps at all (raw streams), which are decoded once to be counted. The file
    is read to its end, but only one frame is decoded, so damage inside shows when the frames are read.
    Raises VideoError.
    """
    name = os.fspath(path)
    if Path(name).is_dir() and fps is not None:
        return folder.probe(name, fps)
    if fps is not None:
        raise UsageError(f"{name}: fps is declared for folders of frames only; leave it out for a file")
    with open_stream(name) as (container, stream):
        first, stamps = _scan(name, container, stream)
        frame_seconds = _nominal_gap(stream)
        _check_complete(name, stream)
        if first.pts is not None and all(stamp.shown is not None for stamp in stamps):
            tick = float(stream.time_base)
            times, end = frame_times(stamps, tick_seconds=tick, start=first.pts, frame_seconds=frame_seconds)
        else:
            times, end = counted_times(_count(name), frame_seconds=frame_seconds)
        return _info(name, stream.codec_context.name, first, times, end)


def _info(path: str, codec: str, first: Any, times: DoubleArray, end: float) -> VideoInfo:
    rotation = round(first.rotation / 90) * 90 % 360
    height, width = (first.width, first.height) if rotation % 180 else (first.height, first.width)
    return VideoInfo(
        path=path,
        duration_seconds=end,
        average_fps=len(times) / end,
        num_frames=len(times),
        height_px=height,
        width_px=width,
        codec=codec,
        rotation_degrees=rotation,
        pts_seconds=times,
    )


def _scan(path: str, container: Any, stream: Any) -> tuple[Any, list[Stamp]]:
    """The first frame, and the stamps of all packets that are to be shown. One pass over the file."""
    first, stamps, keyed = None, [], False
    try:
        for packet in container.demux(stream):
            keyed = keyed or packet.is_keyframe
            if packet.size and not packet.is_discard:
                stamps.append(Stamp(pts=packet.pts, dts=packet.dts, duration=packet.duration or 0))
            if first is None:
                first = next(iter(_decode(packet, tolerant=not keyed)), None)
    except av.error.FFmpegError as error:
        if container.format.name == "webp_pipe":
            raise VideoError(path, "unsupported", "FFmpeg does not decode this WebP (animated?)") from None
        what = "reading" if first is not None else "decoding the first frame"
        raise VideoError(
            path, "corrupt", f"{what} failed after {len(stamps)} packets: {describe(error)}"
        ) from None
    if first is None:
        seen = f"a {stream.codec_context.name} stream with {len(stamps)} packets, of which none gives a frame"
        raise VideoError(path, "no_frames", seen)
    return first, stamps


def _decode(packet: Any, *, tolerant: bool) -> list[Any]:
    """Frames of a packet. Before the first key frame (a cut transport stream) undecodable ones are normal."""
    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        if tolerant and packet.size:
            return []
        raise


def _check_complete(path: str, stream: Any) -> None:
    """An mp4 index that names bytes behind the end of the file: the file was cut off."""
    entries = stream.index_entries
    if not len(entries) or "mov" not in stream.container.format.name.split(","):
        return
    size = Path(path).stat().st_size
    cut = sum(entry.pos + entry.size > size for entry in entries)
    if cut:
        seen = f"the index names {len(entries)} frames, {cut} of them lie behind the end of the file"
        raise VideoError(path, "truncated", seen)


def _nominal_gap(stream: Any) -> float | None:
    rate: Fraction | None = stream.codec_context.framerate or stream.average_rate or stream.guessed_rate
    return float(1 / rate) if rate and rate < 1000 else None  # 1000 is the clock of webm, not a rate


def _count(path: str) -> int:
    """Number of frames by decoding all of them."""
    count = 0
    with open_stream(path) as (container, stream):
        try:
            for _ in container.decode(stream):
                count += 1
        except av.error.FFmpegError as error:
            raise VideoError(
                path, "corrupt", f"decoding stopped after {count} frames: {describe(error)}"
            ) from None
    return count
