"""Outputs of the network to segments, in steps, before overlapping ones are suppressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from twlv.heads.actionformer.network import LevelOutput


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """What is kept: probability above ``least``, at most ``per_level`` a level, length over ``shortest`` steps.

    ``shortest`` is 0.05 for THUMOS14 and 0.001 for ActivityNet.
    """

    least: float = 0.001
    per_level: int = 2000
    shortest: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """Segments of one video: ``segments`` (n, 2) in steps, ``scores`` and ``labels`` (n,); level by level."""

    segments: Tensor
    scores: Tensor
    labels: Tensor


@torch.no_grad()
def decode(
    levels: Sequence[LevelOutput], points: Tensor, *, settings: DecodeSettings, video: int = 0
) -> Candidates:
    """The candidates of one video of the batch; of each level the surest first, not sorted over levels."""
    found = []
    first = 0
    for level in levels:
        own = points[first : first + level.mask.shape[1]]
        first += len(own)
        found.append(_of_level(level.logits[video], level.offsets[video], level.mask[video], own, settings))
    segments, scores, labels = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Candidates(segments=segments, scores=scores, labels=labels)


def _of_level(
    logits: Tensor, offsets: Tensor, mask: Tensor, points: Tensor, settings: DecodeSettings
) -> tuple[Tensor, Tensor, Tensor]:
    p = (logits.sigmoid() * mask[:, None]).flatten()
    kept = (p > settings.least).nonzero()[:, 0]
    scores, order = p[kept].sort(descending=True, stable=True)
    kept, scores = kept[order[: settings.per_level]], scores[: settings.per_level]
    place = torch.div(kept, logits.shape[1], rounding_mode="floor")
    ends = points[place, 0, None] + offsets[place] * points[place, 3, None] * offsets.new_tensor([-1.0, 1.0])
    long = ends[:, 1] - ends[:, 0] > settings.shortest
    return ends[long], scores[long], (kept % logits.shape[1])[long]
