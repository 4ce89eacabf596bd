"""Frames to an encoded file."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import numpy.typing as npt
import torch

from twlv.errors import UsageError

_CLOCK = Fraction(1, 90_000)
"""Ticks for variable rates: the clock of transport streams, fine enough for any frame time."""


def write_video(
    path: str | os.PathLike[str],
    frames: torch.Tensor | npt.NDArray[np.uint8] | Iterable[torch.Tensor | npt.NDArray[np.uint8]],
    fps: float,
    *,
    codec: str = "libx264",
    quality: int = 18,
    pts_seconds: Sequence[float] | None = None,
    pixel_format: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode RGB frames uint8 (T, C, H, W), or an iterable of (C, H, W); the suffix chooses the container.

    ``fps`` is the rate; with ``pts_seconds`` (T,), increasing, each frame has its own time instead.
    ``quality`` is the codec's crf (lower is better, 0 lossless for x264). ``pixel_format`` is yuv420p where
    the size is even, else yuv444p. ``options`` go to the codec (``{"g": "12", "bf": "2"}``). One encoder
    thread, so the same frames give the same file. The file appears under its name only when complete.
    Raises UsageError for frames or settings that cannot be encoded.
    """
    target = Path(path)
    if not 0 < fps < math.inf:
        raise UsageError(f"fps must be a positive number, got {fps}")
    unfinished = target.with_name(f".{target.stem}.partial{target.suffix}")
    rate = Fraction(fps).limit_denominator(1001)
    try:
        with av.open(str(unfinished), "w") as container:
            make_stream = partial(
                _add_stream,
                container=container,
                codec=codec,
                rate=rate,
                clock=1 / rate if pts_seconds is None else _CLOCK,
                pixel_format=pixel_format,
                options={"crf": str(quality), **(options or {})},
            )
            count = _encode(frames, pts_seconds, container=container, make_stream=make_stream)
        if not count:
            raise UsageError(f"{target}: no frames to write")
        unfinished.replace(target)
    except (av.error.FFmpegError, ValueError) as error:
        raise UsageError(f"{target}: cannot be encoded with {codec}: {error}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def _encode(
    frames: Iterable[Any],
    pts_seconds: Sequence[float] | None,
    *,
    container: Any,
    make_stream: Callable[[tuple[int, int]], Any],
) -> int:
    """Encode all frames into a stream made for the size of the first; how many there were."""
    stream, count = None, 0
    for pixels in frames:
        image = _image(pixels)
        stream = stream or make_stream(image.shape[:2])
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.time_base = stream.codec_context.time_base
        frame.pts = count if pts_seconds is None else _ticks(pts_seconds, count)
        container.mux(stream.encode(frame))
        count += 1
    if stream is not None:
        container.mux(stream.encode(None))
    return count


def _add_stream(
    size: tuple[int, int],
    *,
    container: Any,
    codec: str,
    rate: Fraction,
    clock: Fraction,
    pixel_format: str | None,
    options: dict[str, str],
) -> Any:
    height, width = size
    even = height % 2 == 0 and width % 2 == 0
    stream = container.add_stream(codec, rate=rate, options=options)
    stream.height, stream.width = height, width
    stream.pix_fmt = pixel_format or ("yuv420p" if even else "yuv444p")
    stream.codec_context.time_base = clock
    stream.codec_context.thread_count = 1
    return stream


def _ticks(pts_seconds: Sequence[float], index: int) -> int:
    if index >= len(pts_seconds):
        raise UsageError(f"pts_seconds has {len(pts_seconds)} times, there are more frames")
    return round(float(pts_seconds[index]) / _CLOCK)


def _image(pixels: Any) -> npt.NDArray[np.uint8]:
    """One frame as contiguous (H, W, 3)."""
    array = pixels.cpu().numpy() if isinstance(pixels, torch.Tensor) else np.asarray(pixels)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[0] != 3:
        raise UsageError(f"a frame must be uint8 (3, H, W), got {array.dtype} {array.shape}")
    return np.ascontiguousarray(array.transpose(1, 2, 0))
