"""Linear classifiers on frozen features, many at once: G heads of C classes are one matrix (D, G C).

Axis letters: R rows, n videos, D width, G heads, C classes, K = G C columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from twlv.heads.judged import AnyJudged, joined, judged, probabilities_of
from twlv.metrics import Labels
from twlv.types import DoubleArray, IntArray

_BLOCK = 4_000_000  # class scores in float64 that are held at once while predicting


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where the rows of n videos stand: video i has ``counts[i]`` of them from ``starts[i]`` on."""

    starts: IntArray
    counts: IntArray

    def __len__(self) -> int:
        return len(self.starts)

    def index(self, videos: slice) -> IntArray:
        """Row numbers of these videos, one video after another."""
        starts, counts = self.starts[videos], self.counts[videos]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        index: IntArray = np.repeat(starts, counts) + within
        return index


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearHeads:
    """Trained heads: ``weight`` (D, K), ``bias`` (K,); the losses (G,) are means over an epoch."""

    weight: torch.Tensor
    bias: torch.Tensor
    num_classes: int
    first_loss: DoubleArray
    last_loss: DoubleArray

    @property
    def finite(self) -> list[bool]:
        """Whether each head has only finite weights, (G,)."""
        flags = torch.isfinite(self.weight).all(dim=0) & torch.isfinite(self.bias)
        return [bool(flag) for flag in flags.view(-1, self.num_classes).all(dim=1)]

    def only(self, heads: IntArray) -> LinearHeads:
        """The heads of these numbers (H,), in this order."""
        chosen = torch.from_numpy(heads).to(self.bias.device)
        weight = self.weight.view(len(self.weight), -1, self.num_classes)[:, chosen]
        return LinearHeads(
            weight=weight.flatten(1),
            bias=self.bias.view(-1, self.num_classes)[chosen].flatten(),
            num_classes=self.num_classes,
            first_loss=self.first_loss[heads],
            last_loss=self.last_loss[heads],
        )

    def probabilities(self, rows: torch.Tensor, counts: IntArray, *, several: bool = False) -> DoubleArray:
        """Class probabilities (n, G, C) of videos: the mean over a video's rows of their softmax, in float64.

        ``rows`` (R, D) are those of all videos one after another, ``counts`` (n,) how many each has.
        ``several`` labels a video: the sigmoid of each class. Logits are never averaged.
        """
        logits = torch.addmm(self.bias, rows, self.weight).view(len(rows), -1, self.num_classes)
        each = probabilities_of(logits, several=several)
        if (counts == 1).all():
            return each
        mean: DoubleArray = np.add.reduceat(each, np.cumsum(counts) - counts, axis=0) / counts[:, None, None]
        return mean

    def judge(self, rows: torch.Tensor, places: Places, labels: Labels) -> AnyJudged:
        """The answers for every video under every head, against its label or labels.

        ``rows`` (R, D) holds the videos at ``places``; a block of videos at a time.
        """
        block = max(1, _BLOCK // (len(self.bias) * int(places.counts.max())))
        parts = []
        for start in range(0, len(labels), block):
            part = slice(start, start + block)
            index = torch.from_numpy(places.index(part)).to(rows.device)
            probability = self.probabilities(rows[index], places.counts[part], several=labels.ndim == 2)
            parts.append(judged(probability, labels[part]))
        return joined(parts)
