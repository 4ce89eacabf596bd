"""Batches of training videos as tensors, in parts of one padded length, with what the network should say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from twlv.heads.actionformer.assignment import assign
from twlv.heads.actionformer.config import ActionFormerConfig
from twlv.heads.actionformer.network import pad, tight_length
from twlv.heads.actionformer.points import points_of

Item: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""Embeddings (T, D), segments (N, 2) in steps, labels (N,)."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Videos of a batch that are padded to one length, with what the network should say of them."""

    x: Tensor
    mask: Tensor
    classes: Tensor
    offsets: Tensor
    positives: int


def parts_of(
    batch: Sequence[Item], network: ActionFormerConfig, *, centre: float | None, whole: bool
) -> list[Part]:
    """The parts of a batch, one for each padded length; ``whole``: all in one."""
    lengths = [tight_length(len(rows), network) for rows, _, _ in batch]
    groups = [list(batch)] if whole else [
        [item for item, length in zip(batch, lengths, strict=True) if length == one]
        for one in dict.fromkeys(lengths)
    ]  # fmt: skip
    return [_part(group, network, centre) for group in groups]


def _part(group: list[Item], network: ActionFormerConfig, centre: float | None) -> Part:
    x, mask = pad([rows for rows, _, _ in group], network, training=True, tight=True)
    strides = [2**level for level in range(network.first_level, network.num_levels)]
    points = points_of(network, [-(-x.shape[1] // stride) for stride in strides])
    targets = [
        assign(points, segments, labels, num_classes=network.num_classes, centre=centre)
        for _, segments, labels in group
    ]
    classes, offsets = (torch.stack(each) for each in zip(*targets, strict=True))
    valid = torch.cat([mask[:, ::stride] for stride in strides], dim=1)
    positives = int(((classes.sum(-1) > 0) & valid).sum())
    return Part(x=x, mask=mask, classes=classes, offsets=offsets, positives=positives)
