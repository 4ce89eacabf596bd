"""Records of the network and its training from a recipe; training videos in steps of the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twlv.metrics.temporal_segments import RULES, Segments, counted
from twlv.tasks.localization_recipes import LocalizationRecipe
from twlv.tasks.long_videos import LongVideo, LongVideos

if TYPE_CHECKING:
    from twlv.heads.actionformer.detect import DetectSettings
    from twlv.heads.actionformer.fit import FitRecipe, LabelledVideo
    from twlv.tasks.temporal_localization import TemporalLocalization


def fit_recipe(settings: LocalizationRecipe, *, width: int, num_classes: int) -> FitRecipe:
    """The training of a network on embeddings of this width."""
    from twlv.heads.actionformer.config import RANGES, ActionFormerConfig
    from twlv.heads.actionformer.fit import FitRecipe
    from twlv.heads.actionformer.losses import LossSettings

    levels = len(settings.windows)
    network = ActionFormerConfig(
        input_width=(width,),
        num_classes=num_classes,
        width=settings.width,
        windows=settings.windows,
        max_length=settings.max_length,
        positions=settings.positions,
        ranges=(*RANGES[: levels - 1], (RANGES[levels - 1][0], RANGES[-1][1])),
    )
    return FitRecipe(
        network=network,
        epochs=settings.epochs + settings.warmup_epochs,
        warmup_epochs=settings.warmup_epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        mean_decay=settings.mean_decay,
        normaliser=settings.normaliser,
        loss=LossSettings(smoothing=settings.smoothing, weight=settings.end_weight),
    )


def detect_settings(
    settings: LocalizationRecipe, task: TemporalLocalization, *, external: bool
) -> DetectSettings:
    """By class where the network knows classes; else over all of them, with votes on the ends."""
    from twlv.heads.actionformer.decode import DecodeSettings
    from twlv.heads.actionformer.detect import DetectSettings
    from twlv.heads.actionformer.suppression import SuppressionSettings

    return DetectSettings(
        decode=DecodeSettings(shortest=settings.shortest),
        suppression=SuppressionSettings(
            method=task.suppression,
            sigma=settings.sigma,
            by_class=not external,
            voting=settings.voting or None if external else None,
            vote=settings.vote,
            most=settings.most,
        ),
    )


def labelled(known: LongVideos, settings: LocalizationRecipe, *, agnostic: bool) -> list[LabelledVideo]:
    """The training videos; ``agnostic``: all segments are of one class.

    Repeated segments and those without a length go, as in the report authors' code. A video of which no segment
    is left is trained on as background.
    """
    return [_labelled(video, settings, agnostic=agnostic) for video in known.videos]


def _labelled(video: LongVideo, settings: LocalizationRecipe, *, agnostic: bool) -> LabelledVideo:
    import torch

    from twlv.heads.actionformer.fit import LabelledVideo
    from twlv.heads.actionformer.grid import inside

    kept = usable(video)
    segments = video.grid.to_steps(torch.from_numpy(np.stack([kept.start, kept.end], axis=1)))
    labels = torch.from_numpy(np.zeros_like(kept.label) if agnostic else kept.label)
    if settings.resize:
        segments, labels = inside(segments, labels, length=settings.max_length)
    return LabelledVideo(video_id=video.video_id, length=video.grid.length, segments=segments, labels=labels)


def usable(video: LongVideo) -> Segments:
    """The annotated segments that have a length and repeat no other."""
    every = Segments(
        video=np.zeros(len(video.labels), dtype=np.int64),
        label=video.labels,
        start=video.ends_seconds[:, 0],
        end=video.ends_seconds[:, 1],
    )
    return counted(every, RULES["authors"])
