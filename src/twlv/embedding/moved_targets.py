"""Targets that move with their pictures: boxes of training clips that are cut and mirrored at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from twlv import video
from twlv.augmentation import Augmentation
from twlv.errors import UsageError
from twlv.types import Boxes, Sample
from twlv.video.box_moves import after


@dataclass(frozen=True, kw_only=True)
class MovedTargets:
    """What the clips of one epoch show, where each sample has one clip. Other targets than boxes stay."""

    augmentation: Augmentation
    side_px: int
    seed: int
    epoch: int

    def of(self, sample: Sample) -> Sample:
        """The sample with its boxes where they are in the clip (see ``video.box_moves``)."""
        if not isinstance(sample.target, Boxes):
            return sample
        height, width = _size(sample.path, sample.fps)
        whose = video.ClipSeed(seed=self.seed, epoch=self.epoch, video_id=sample.video_id)
        drawn = video.draw_clip(
            self.augmentation, whose, height_px=height, width_px=width, side_px=self.side_px
        )
        return replace(sample, target=after(sample.target, drawn))


def check_boxes(augmentation: Augmentation, samples: Iterable[Sample], views: int) -> None:
    """UsageError for changes of pictures that boxes cannot follow, if any sample has boxes."""
    if not any(isinstance(sample.target, Boxes) for sample in samples):
        return
    wrong = {
        "random_time=false: the clip stays around its key frame": augmentation.random_time,
        "rand_augment=none: it also turns and shears pictures": augmentation.rand_augment is not None,
        "one clip of a key frame (views)": views != 1,
    }
    needed = [text for text, applies in wrong.items() if applies]
    if needed:
        raise UsageError(
            f"boxes follow pictures that are cut and mirrored, nothing else; set {'; '.join(needed)}"
        )


@lru_cache(maxsize=4096)
def _size(path: str, fps: float | None) -> tuple[int, int]:
    info = video.probe(path, fps=fps)
    return info.height_px, info.width_px
