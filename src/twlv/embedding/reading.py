"""What is read from a video for a backbone, and the reading of one sample, clip by clip.

Axes: T frames, C colours, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from twlv import video
from twlv.backbones.frames import check_count
from twlv.contracts import Clip
from twlv.errors import UsageError
from twlv.types import BackboneCard, FrameOrder, Framing, MultiClip, Sample, Sampling, Views


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything that decides which pixels a backbone sees, and in which order.

    ``frame_order`` "reversed" turns the frames of every clip round after the plan has chosen them, so both
    orders show the same frames. Clips keep their rows: the mean over clips does not depend on their order.
    ``framing`` has gone into ``preprocess`` already.
    """

    sampling: Sampling
    num_frames: int
    views: Views
    preprocess: video.Preprocess
    decoder: str = "pyav"
    frame_order: FrameOrder = "forward"
    framing: Framing = "crop"


def reading_for(
    card: BackboneCard,
    sampling: Sampling,
    views: Views,
    decoder: str = "pyav",
    frame_order: FrameOrder = "forward",
    *,
    framing: Framing = "crop",
) -> Reading:
    """The reading that this backbone's weights were made for, with the sampling asked.

    Raises:
        UsageError: the sampling asks for a frame count that the weights do not take, or the settings fit
            no video whatever, or clips of one frame are to be reversed for a video model.
        UnknownName: there is no sampling rule of that name.
    """
    num_frames = sampling.num_frames or card.num_frames
    if num_frames != card.num_frames and not card.flexible_frames:
        raise UsageError(
            f"{card.name} takes clips of {card.num_frames} frames, the sampling asks for {num_frames}; "
            f"leave --num-frames out, or choose a backbone with flexible frames"
        )
    check_count(num_frames, card)
    if frame_order == "reversed" and num_frames == 1 and card.modality == "video":
        raise UsageError(
            f"{card.name} reads clips of one frame: reversed they are the same, so nothing could be measured; "
            "take clips of two frames or more (--num-frames)"
        )
    preprocess = video.Preprocess.from_card(card, framing)
    video.check_sampling(sampling, num_frames=num_frames, views=views)
    preprocess.check_views(views.spatial)
    return Reading(
        sampling=_resolved(sampling, num_frames),
        num_frames=num_frames,
        views=views,
        preprocess=preprocess,
        decoder=decoder,
        frame_order=frame_order,
        framing=framing,
    )


def _resolved(sampling: Sampling, num_frames: int) -> Sampling:
    """The sampling with every default filled in, so that equal readings have equal records."""
    if isinstance(sampling, MultiClip):
        stride = sampling.clip_seconds if sampling.stride_seconds is None else sampling.stride_seconds
        return replace(sampling, num_frames=num_frames, stride_seconds=stride)
    return replace(sampling, num_frames=num_frames)


def read_sample(sample: Sample, reading: Reading) -> Iterator[Clip]:
    """The clips of one sample in plan order, decoded in one pass over its file.

    Raises:
        VideoError: the file cannot be read, or not to the end of what was planned.
    """
    info = video.probe(sample.path, fps=sample.fps)
    plans = video.plan_clips(
        info, reading.sampling, num_frames=reading.num_frames, views=reading.views, span=sample.span
    )
    clips = video.read_clips(
        info, plans, reading.preprocess, spatial_views=reading.views.spatial, backend=reading.decoder
    )
    return clips if reading.frame_order == "forward" else map(_reversed, clips)


def _reversed(clip: Clip) -> Clip:
    """The same frames, the last one first."""
    return replace(clip, frames=clip.frames.flip(0), pts_seconds=clip.pts_seconds[::-1].copy())
