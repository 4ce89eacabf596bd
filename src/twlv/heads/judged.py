"""What heads answer, held against the truth: one class a video, or several.

Axis letters: n videos, G heads, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from twlv.metrics import Labels, truth_rank
from twlv.types import DoubleArray, IntArray

_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Of n videos under G heads, (n, G) each: rank of the true class, predicted class, -log probability."""

    rank: IntArray
    predicted: IntArray
    loss: DoubleArray

    def only(self, head: int) -> Judged:
        """The answers of one head."""
        own = slice(head, head + 1)
        return Judged(rank=self.rank[:, own], predicted=self.predicted[:, own], loss=self.loss[:, own])


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedSeveral:
    """Of n videos that have several labels: the probability ``scores`` (n, G, C) of each class by itself, and
    the ``loss`` (n, G), binary cross-entropy summed over classes."""

    scores: DoubleArray
    loss: DoubleArray

    def only(self, head: int) -> JudgedSeveral:
        """The answers of one head."""
        own = slice(head, head + 1)
        return JudgedSeveral(scores=self.scores[:, own], loss=self.loss[:, own])


AnyJudged: TypeAlias = Judged | JudgedSeveral


def probabilities_of(logits: torch.Tensor, *, several: bool) -> DoubleArray:
    """Softmax over the last axis, or each logit's sigmoid where videos have ``several`` labels; float64."""
    wide = logits.double()
    found: DoubleArray = (wide.sigmoid() if several else wide.softmax(dim=-1)).cpu().numpy()
    return found


def judged(probability: DoubleArray, labels: Labels) -> AnyJudged:
    """Probabilities (n, G, C) against labels: (n,) of one class each, or (n, C) of several."""
    num_videos, num_heads, num_classes = probability.shape
    if labels.ndim == 2:
        has = np.broadcast_to(labels[:, None].astype(bool), probability.shape)
        own = np.where(has, probability, 1 - probability)
        return JudgedSeveral(scores=probability, loss=-np.log(np.maximum(own, _TINY)).sum(axis=-1))
    truth = labels.astype(np.int64).repeat(num_heads)
    flat = probability.reshape(-1, num_classes)
    own = flat[np.arange(len(truth)), truth].reshape(num_videos, num_heads)
    return Judged(
        rank=truth_rank(flat, truth).reshape(num_videos, num_heads),
        predicted=probability.argmax(axis=-1),
        loss=-np.log(np.maximum(own, _TINY)),
    )


def joined(parts: Sequence[AnyJudged]) -> AnyJudged:
    """The same of all videos, from parts of them."""
    loss = np.concatenate([part.loss for part in parts])
    several = [part.scores for part in parts if isinstance(part, JudgedSeveral)]
    if several:
        return JudgedSeveral(scores=np.concatenate(several), loss=loss)
    single = [part for part in parts if isinstance(part, Judged)]
    return Judged(
        rank=np.concatenate([part.rank for part in single]),
        predicted=np.concatenate([part.predicted for part in single]),
        loss=loss,
    )
