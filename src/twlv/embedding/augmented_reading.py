"""The reading of a sample for training: clips drawn at random from (seed, epoch, video, view).

Axes: T frames, C colours, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from twlv import video
from twlv.augmentation import Augmentation
from twlv.contracts import Clip
from twlv.embedding.reading import Reading
from twlv.errors import UsageError
from twlv.types import BackboneCard, ClipPlan, Sample, VideoInfo


@dataclass(frozen=True, kw_only=True)
class AugmentedReading:
    """``views`` random clips of each video, in one epoch.

    The sampling of ``reading`` says of what kind the clips are; its views are for tests and stay unused here.
    The card gives the mean and deviation of the noise.
    """

    reading: Reading
    augmentation: Augmentation
    card: BackboneCard
    seed: int = 0
    epoch: int = 0
    views: int = 1

    def __post_init__(self) -> None:
        if self.views < 1:
            raise UsageError(f"augmented views of a video start at 1, got {self.views}")
        if self.reading.frame_order != "forward":
            raise UsageError("augmented clips are read forwards; leave the reversed order to tests")

    def __call__(self, sample: Sample) -> Iterator[Clip]:
        """The clips of one sample, each read in a pass of its own. VideoError as ``read_sample``."""
        info = video.probe(sample.path, fps=sample.fps)
        for view in range(self.views):
            yield self._clip(sample, info, view)

    def _clip(self, sample: Sample, info: VideoInfo, view: int) -> Clip:
        whose = video.ClipSeed(seed=self.seed, epoch=self.epoch, video_id=sample.video_id, view=view)
        preprocess = self.reading.preprocess
        drawn = video.draw_clip(
            self.augmentation,
            whose,
            height_px=info.height_px,
            width_px=info.width_px,
            side_px=preprocess.crop_px,
        )
        clips = video.read_clips(
            info,
            [self._plan(sample, info, whose)],
            video.crop_for(drawn, preprocess),
            backend=self.reading.decoder,
        )
        clip = next(clips)
        frames = video.finish_clip(clip.frames, drawn, whose, mean=self.card.mean, std=self.card.std)
        return replace(clip, frames=frames)

    def _plan(self, sample: Sample, info: VideoInfo, whose: video.ClipSeed) -> ClipPlan:
        sampling, count = self.reading.sampling, self.reading.num_frames
        if not self.augmentation.random_time:
            plans = video.plan_clips(info, sampling, num_frames=count, span=sample.span)
            return plans[whose.view % len(plans)]
        random = video.clip_random(whose.seed, whose.epoch, whose.video_id, whose.view, purpose="time")
        return video.random_plan(info, sampling, random, num_frames=count, span=sample.span)
