"""The PyAV backend: one pass through a file, in order, seeking only over long gaps.

One FFmpeg thread and one container per reader, no global state: readers run side by side in several threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import av.error
import numpy as np
import torch
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from twlv.errors import VideoError
from twlv.types import VideoInfo
from twlv.video.container import describe, open_stream
from twlv.video.matching import Matcher, Picture, Pictures
from twlv.video.sampling import TIME_TOLERANCE_SECONDS

SEEK_GAP_SECONDS = 10.0
"""Gaps between wanted frames longer than this are jumped over: several usual distances of key frames."""

_SEEK_MARGIN_SECONDS = 0.5
"""Seek this much before the target: containers index by decode time, which runs ahead of what is shown."""

_SEEKABLE = frozenset({"mov", "mp4", "matroska", "webm"})
"""Containers with explicit presentation times, whose seeks were found exact. Never avi or transport streams."""

_TAIL_FRAMES = 2
"""So many packets at the end of a long stream may show nothing (placeholder frames of old encoders)."""


def pictures(info: VideoInfo, wanted: Sequence[int], *, thread_count: int = 1) -> Pictures:
    """The wanted frames (sorted, distinct indices into ``info.pts_seconds``), rotated upright, RGB.

    Raises VideoError ``corrupt`` where decoding fails before the last wanted frame, ``truncated`` where the
    stream ends before it; both say how many frames were decoded of how many.
    """
    with ExitStack() as stack:
        decoder = _Decoder(info, stack, thread_count)
        to_rgb = _ToRgb(info.rotation_degrees)
        place = 0
        for index, shown, frame in decoder.frames(wanted):
            yield Picture(wanted=index, shown=shown, load=partial(to_rgb, frame))
            place += 1
        if place < len(wanted):
            raise decoder.ended_early()


class _ToRgb:
    """Frames to uint8 (C, H, W) without a copy where FFmpeg allows it. Alpha is dropped, not blended."""

    def __init__(self, rotation_degrees: int) -> None:
        self._reformatter = VideoReformatter()
        self._turns = rotation_degrees // 90

    def __call__(self, frame: Any) -> torch.Tensor:
        pixels: NDArray[Any] = self._reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray()
        if self._turns:
            pixels = np.ascontiguousarray(np.rot90(pixels, k=self._turns))
        return torch.from_numpy(pixels).permute(2, 0, 1)


class _Decoder:
    """A container being read. ``decoded`` counts frames since it was last opened or moved."""

    def __init__(self, info: VideoInfo, stack: ExitStack, thread_count: int) -> None:
        self._info = info
        self._stack = stack
        self._thread_count = thread_count
        self._origin: int | None = None
        self.decoded = 0
        self._open()

    def _open(self) -> None:
        self._stack.close()
        opened = open_stream(self._info.path, thread_count=self._thread_count)
        self._container, self._stream = self._stack.enter_context(opened)
        self._tick = float(self._stream.time_base)
        self._packets = self._container.demux(self._stream)
        self._matcher = Matcher(self._info.pts_seconds, self._timed())
        self._may_seek = bool(_SEEKABLE & set(self._container.format.name.split(",")))

    def frames(self, wanted: Sequence[int]) -> Iterator[tuple[int, int, Any]]:
        """(wanted index, shown index, frame) for each wanted index that the stream reaches."""
        place, current = 0, -1
        before: tuple[int, Any] | None = None
        pts = self._info.pts_seconds
        frames = iter(self._matcher)
        while place < len(wanted) and (item := next(frames, None)) is not None:
            current, frame = item
            while place < len(wanted) and wanted[place] < current:
                yield (wanted[place], *(before or item))
                place += 1
            if place < len(wanted) and wanted[place] == current:
                yield current, current, frame
                place += 1
            before = item
            if place < len(wanted) and pts[wanted[place]] - pts[current] > SEEK_GAP_SECONDS and self._may_seek:
                frames, before = self._jump(wanted[place], current), None
        if place < len(wanted) and before is not None and self._nearly_complete(current):
            for index in wanted[place:]:
                yield (index, *before)

    def _nearly_complete(self, index: int) -> bool:
        count = self._info.num_frames
        return count - 1 - index <= min(_TAIL_FRAMES, count // 25)

    def ended_early(self) -> VideoError:
        """The error for a stream that stopped before the last wanted frame."""
        seen = f"the stream ends after {self.decoded} of {self._info.num_frames} frames"
        return VideoError(self._info.path, "truncated", seen)

    def _timed(self) -> Iterator[tuple[float | None, Any]]:
        """Frames in order with their time from the first frame (None: no stamp)."""
        for frame in self._raw():
            if self._origin is None:
                self._origin = frame.pts
            time = (
                None if frame.pts is None or self._origin is None else (frame.pts - self._origin) * self._tick
            )
            yield time, frame

    def _raw(self) -> Iterator[Any]:
        keyed = False
        try:
            for packet in self._packets:
                keyed = keyed or packet.is_keyframe
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    if keyed or not packet.size:
                        raise
                    continue  # before the first key frame nothing can be decoded, and probe counted nothing
                for frame in frames:
                    self.decoded += 1
                    yield frame
        except av.error.FFmpegError as error:
            seen = f"decoded {self.decoded} of {self._info.num_frames} frames, then: {describe(error)}"
            raise VideoError(self._info.path, "corrupt", seen) from None

    def _jump(self, target: int, current: int) -> Iterator[tuple[int, Any]]:
        """Go on from the key frame before ``target``; from the start again where that cannot be trusted."""
        if self._matcher.counting or self._origin is None:
            self._may_seek = False
            return iter(self._matcher)
        landed = self._land(target)
        if landed is None:
            self._open()
            self._may_seek = False
            self.decoded = 0
            return iter(self._matcher)
        if landed <= current:  # key frames are further apart than the gap: a jump gains nothing here
            self._may_seek = False
        return iter(self._matcher)

    def _land(self, target: int) -> int | None:
        """Seek, and the index of the key frame it led to; None if that is not safely before the target."""
        pts, origin = self._info.pts_seconds, self._origin or 0
        ticks = origin + int((float(pts[target]) - _SEEK_MARGIN_SECONDS) / self._tick)
        try:
            self._container.seek(ticks, stream=self._stream)
            self._packets = self._container.demux(self._stream)
            frames = self._timed()
            time, frame = next(frames, (None, None))
            while frame is not None and not frame.key_frame:  # pictures that need frames before the key frame
                time, frame = next(frames, (None, None))
        except (av.error.FFmpegError, VideoError):
            return None
        if time is None:
            return None
        index = int(np.searchsorted(pts, time + TIME_TOLERANCE_SECONDS, side="right")) - 1
        if not 0 <= index <= target or abs(pts[index] - time) > TIME_TOLERANCE_SECONDS:
            return None
        self._matcher = Matcher(pts, _chain((time, frame), frames), start=index)
        return index


def _chain(first: tuple[float | None, Any], rest: Iterator[tuple[float | None, Any]]) -> Iterator[Any]:
    yield first
    yield from rest
