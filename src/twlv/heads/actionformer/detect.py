"""From embeddings of a video to its detections, in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from twlv.errors import FeatureError
from twlv.heads.actionformer.decode import DecodeSettings, decode
from twlv.heads.actionformer.grid import Grid
from twlv.heads.actionformer.network import ActionFormer, pad
from twlv.heads.actionformer.points import points_of
from twlv.heads.actionformer.suppression import SuppressionSettings, suppress
from twlv.types import DoubleArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class DetectSettings:
    """What is kept of the outputs, and how overlapping segments are thinned."""

    decode: DecodeSettings = field(default_factory=DecodeSettings)
    suppression: SuppressionSettings = field(default_factory=SuppressionSettings)


@dataclass(frozen=True, kw_only=True)
class Detections:
    """Of one video, the surest first: ``ends_seconds`` (n, 2), ``scores`` and ``labels`` (n,)."""

    ends_seconds: DoubleArray
    scores: FloatArray
    labels: IntArray


@torch.no_grad()
def detect(model: ActionFormer, rows: Tensor, grid: Grid, settings: DetectSettings) -> Detections:
    """The detections of one video, from its embeddings (T, D), resized where the grid is.

    Times are cut at 0 and at the end of the video after overlapping ones are thinned.

    Raises:
        FeatureError: an output of the network is not finite, so its segments have no order.
    """
    x, mask = pad([rows], model.config, training=False, tight=True)
    device = next(model.parameters()).device
    levels = model(x.to(device), mask.to(device))
    if not all(bool(level.logits.isfinite().all() & level.offsets.isfinite().all()) for level in levels):
        raise FeatureError("outputs of the network are not finite")
    points = points_of(model.config, [level.mask.shape[1] for level in levels], device)
    found = decode(levels, points, settings=settings.decode)
    kept = suppress(
        found.segments.cpu().numpy(),
        found.scores.cpu().numpy(),
        found.labels.cpu().numpy(),
        settings.suppression,
    )
    return Detections(
        ends_seconds=grid.to_seconds(kept.segments.astype(np.float64)), scores=kept.scores, labels=kept.labels
    )
