"""Clips from files: one pass whatever the number of clips, each frame prepared once and shared.

Axis letters: T frames, C colours, H W pixels.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial

import av
import numpy as np
import torch

from twlv.contracts import Clip
from twlv.errors import UnknownName, UsageError, VideoError
from twlv.types import ClipPlan, IntArray, Span, Uniform, VideoInfo
from twlv.video import decode, folder, torchcodec_backend
from twlv.video.matching import Pictures
from twlv.video.preprocess import Preprocess
from twlv.video.probe import probe
from twlv.video.sampling import frame_indices, plan_clips

BACKENDS = ("pyav", "torchcodec")


def read_clips(
    info: VideoInfo,
    plans: Iterable[ClipPlan],
    preprocess: Preprocess | None,
    *,
    spatial_views: int = 1,
    backend: str = "pyav",
    thread_count: int = 1,
) -> Iterator[Clip]:
    """The planned clips in order, each as soon as it is complete; with 3 spatial views three for each plan.

    One sequential pass through the file. Frames are resized as they come and dropped when no clip needs
    them any more, so memory holds one full picture and the frames of the clips under way. ``preprocess``
    None gives pictures at full size (and one spatial view). ``thread_count`` is FFmpeg's.
    Raises VideoError as soon as a needed frame cannot be read; no frame is ever replaced by another.
    """
    if backend not in BACKENDS:
        raise UnknownName("video backend", backend, BACKENDS)
    if spatial_views not in (1, 3):
        raise UsageError(f"spatial views are 1 or 3, got {spatial_views}")
    if preprocess is None and spatial_views != 1:
        raise UsageError("spatial views are crops of a resized picture: give a preprocess")
    if preprocess is not None:
        preprocess.check_views(spatial_views)
    return _assemble(
        info,
        tuple(plans),
        partial(_prepared, path=info.path, preprocess=preprocess, spatial_views=spatial_views),
        partial(_pictures, info, backend=backend, thread_count=thread_count),
    )


def read_clip(
    path: str | os.PathLike[str],
    span: Span | None = None,
    num_frames: int = 16,
    *,
    preprocess: Preprocess | None = None,
    backend: str = "pyav",
    fps: float | None = None,
) -> Clip:
    """One clip of ``num_frames`` uniform frames of a video, or of a ``span`` of it. Raises VideoError."""
    info = probe(path, fps=fps)
    plans = plan_clips(info, Uniform(), num_frames=num_frames, span=span)
    return next(read_clips(info, plans, preprocess, backend=backend))


def decoder_versions(backend: str = "pyav") -> dict[str, str]:
    """Names and versions of what turns bytes into pixels, for the provenance of a result."""
    if backend == "torchcodec":
        return torchcodec_backend.versions()
    if backend != "pyav":
        raise UnknownName("video backend", backend, BACKENDS)
    return {"decoder": f"pyav {av.__version__}", "ffmpeg": str(av.ffmpeg_version_info)}


def _pictures(info: VideoInfo, wanted: Sequence[int], backend: str, thread_count: int) -> Pictures:
    if info.codec == folder.CODEC:
        return folder.pictures(info, wanted)
    if backend == "torchcodec":
        return torchcodec_backend.pictures(info, wanted, thread_count=thread_count)
    return decode.pictures(info, wanted, thread_count=thread_count)


def _assemble(
    info: VideoInfo,
    plans: Sequence[ClipPlan],
    prepare: Callable[[torch.Tensor], tuple[torch.Tensor, ...]],
    open_pictures: Callable[[Sequence[int]], Pictures],
) -> Iterator[Clip]:
    rows = [frame_indices(info.pts_seconds, plan.times_seconds) for plan in plans]
    shelf = _Shelf(rows)
    place = 0
    with closing(open_pictures(sorted(shelf.uses))) as pictures:
        for picture in pictures:
            shelf.frames[picture.wanted] = (prepare(picture.pixels), picture.shown)
            while place < len(plans) and rows[place].max() <= picture.wanted:
                yield from _clips(info, plans[place], rows[place], shelf)
                shelf.release(rows[place])
                place += 1


class _Shelf:
    """Prepared frames that a clip still needs: by index, the crops (V, C, S, S) and the index shown."""

    def __init__(self, rows: Sequence[IntArray]) -> None:
        self.uses = Counter(index for row in rows for index in set(row.tolist()))
        self.frames: dict[int, tuple[tuple[torch.Tensor, ...], int]] = {}

    def release(self, row: IntArray) -> None:
        for index in set(row.tolist()):
            self.uses[index] -= 1
            if not self.uses[index]:
                del self.frames[index]


def _prepared(
    pixels: torch.Tensor, *, path: str, preprocess: Preprocess | None, spatial_views: int
) -> tuple[torch.Tensor, ...]:
    """The crops of one picture, in memory of their own (the full picture can go)."""
    if preprocess is None:
        return (pixels.contiguous(),)
    try:
        small = preprocess.resize(pixels, spatial_views=spatial_views)
    except ValueError as error:
        raise VideoError(path, "unsupported", str(error)) from None
    return tuple(crop.contiguous() for crop in preprocess.crops(small, spatial_views=spatial_views))


def _clips(info: VideoInfo, plan: ClipPlan, row: IntArray, shelf: _Shelf) -> Iterator[Clip]:
    held = [shelf.frames[index] for index in row.tolist()]
    pts = info.pts_seconds[np.array([shown for _, shown in held])]
    for view in range(len(held[0][0])):
        frames = [crops[view] for crops, _ in held]
        if len({frame.shape for frame in frames}) > 1:
            sizes = " and ".join(sorted({f"{frame.shape[2]}x{frame.shape[1]}" for frame in frames}))
            raise VideoError(info.path, "unsupported", f"its size changes ({sizes} px): give a preprocess")
        yield Clip(frames=torch.stack(frames), pts_seconds=pts, span=plan.span, spatial_view=view)
