"""Clips from files: one pass whatever the number of clips, each frame prepared once and shared.

Axis letters: T frames, C colours, H W pixels.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Self, TypeAlias

import av
import numpy as np
import torch

from twlv.contracts import Clip
from twlv.errors import UnknownName, UsageError, VideoError
from twlv.types import ClipPlan, IntArray, Span, Uniform, VideoInfo
from twlv.video import decode, folder, torchcodec_backend
from twlv.video.matching import Picture, Pictures
from twlv.video.preprocess import Preprocess
from twlv.video.probe import probe
from twlv.video.sampling import frame_indices, plan_clips

BACKENDS = ("pyav", "torchcodec")

_PICTURES_UNDER_WAY = 8
"""Full pictures that wait for the helper thread at most."""

Crops: TypeAlias = tuple[torch.Tensor, ...]


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
    them any more, so memory holds a few full pictures and the frames of the clips under way. The resize
    runs in one helper thread of this reader, beside the decoder. ``preprocess``
    None gives pictures at full size (and one spatial view). ``thread_count`` is FFmpeg's.
    Raises VideoError as soon as a needed frame cannot be read; no frame is ever replaced by another.
    """
    if backend not in BACKENDS:
        raise UnknownName("video backend", backend, BACKENDS)
    if preprocess is not None:
        preprocess.check_views(spatial_views)
    elif spatial_views != 1:
        raise UsageError("spatial views are crops of a resized picture: give a preprocess")
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
    prepare: Callable[[Picture], Crops],
    open_pictures: Callable[[Sequence[int]], Pictures],
) -> Iterator[Clip]:
    rows = [frame_indices(info.pts_seconds, plan.times_seconds) for plan in plans]
    place = 0
    wanted = sorted({index for row in rows for index in row.tolist()})
    with closing(open_pictures(wanted)) as pictures, _Shelf(rows, prepare) as shelf:
        for picture in pictures:
            shelf.put(picture)
            while place < len(plans) and rows[place].max() <= picture.wanted:
                yield from _clips(info, plans[place], shelf.take(rows[place]))
                place += 1


class _Shelf:
    """Frames that clips still need, being prepared by a helper thread while the decoder goes on.

    ``frames`` maps an index to the crops (V of (C, S, S)) and the index that is shown.
    """

    def __init__(self, rows: Sequence[IntArray], prepare: Callable[[Picture], Crops]) -> None:
        self._prepare = prepare
        self._uses = Counter(index for row in rows for index in set(row.tolist()))
        self._helper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="twlv-frames")
        self._under_way: deque[Future[Crops]] = deque()
        self.frames: dict[int, tuple[Future[Crops], int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._helper.shutdown(wait=True, cancel_futures=True)

    def put(self, picture: Picture) -> None:
        """Have a picture prepared; waits while too many full pictures are under way."""
        if len(self._under_way) >= _PICTURES_UNDER_WAY:
            self._under_way.popleft().result()
        future = self._helper.submit(self._prepare, picture)
        self._under_way.append(future)
        self.frames[picture.wanted] = (future, picture.shown)

    def take(self, row: IntArray) -> list[tuple[Crops, int]]:
        """The frames of one clip, in its order; those that no later clip needs are dropped."""
        held = [(future.result(), shown) for future, shown in map(self.frames.__getitem__, row.tolist())]
        for index in set(row.tolist()):
            self._uses[index] -= 1
            if not self._uses[index]:
                del self.frames[index]
        return held


def _prepared(picture: Picture, *, path: str, preprocess: Preprocess | None, spatial_views: int) -> Crops:
    """The crops of one picture, in memory of their own (the full picture can go)."""
    pixels = picture.load()
    if preprocess is None:
        return (pixels.contiguous(),)
    try:
        small = preprocess.resize(pixels, spatial_views=spatial_views)
    except ValueError as error:
        raise VideoError(path, "unsupported", str(error)) from None
    return tuple(crop.contiguous() for crop in preprocess.crops(small, spatial_views=spatial_views))


def _clips(info: VideoInfo, plan: ClipPlan, held: Sequence[tuple[Crops, int]]) -> Iterator[Clip]:
    pts = info.pts_seconds[np.array([shown for _, shown in held])]
    for view in range(len(held[0][0])):
        frames = [crops[view] for crops, _ in held]
        if len({frame.shape for frame in frames}) > 1:
            sizes = " and ".join(sorted({f"{frame.shape[2]}x{frame.shape[1]}" for frame in frames}))
            raise VideoError(info.path, "unsupported", f"its size changes ({sizes} px): give a preprocess")
        yield Clip(frames=torch.stack(frames), pts_seconds=pts, span=plan.span, spatial_view=view)
