"""The loss of one use on clips or on images.

Axes: B clips or images, R rows, V visible tokens, Q tokens that are judged, D width, K values, G groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from twlv.pretrain.objective.config import Use
from twlv.pretrain.objective.distances import weighted_mean
from twlv.pretrain.objective.draws import generators, subset
from twlv.pretrain.objective.gradient import Gate, gated
from twlv.pretrain.objective.heads import Head
from twlv.pretrain.objective.predictor import channel_range
from twlv.pretrain.objective.records import TargetValues
from twlv.pretrain.objective.rows import Rows, Tapped
from twlv.pretrain.objective.targets.target import OpenTarget

_CONSTANT_TOKENS = 64
"""Tokens per row that the constant predictor is fitted to: enough for its mean, and cheap."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """What a use reads: features (R, n, D) of tokens ``places`` (R, n), numbers within the row's grid."""

    features: torch.Tensor
    places: torch.Tensor


def read_visible(use: Use, rows: Rows, tokens: Tapped) -> Read:
    """The encoder's visible tokens, at the block and of the channels that the use reads."""
    source = tokens[use.reads.block]
    start, end = channel_range(use.reads, source.shape[-1])
    return Read(features=source[..., start:end], places=rows.visible)


def measure(
    use: Use,
    rows: Rows,
    read: Read,
    *,
    head: Head,
    target: OpenTarget,
    values: TargetValues,
    gate: Gate,
    seed: int,
    step: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss, and that of the best constant predictor; both the mean over the groups."""
    read = _chosen(use, rows, read, seed=seed, step=step)
    predicted = head(gated(read.features, gate))
    places = read.places[:, :1] * 0 if use.target.pooled else read.places
    wanted, weight = _wanted(use, rows, places, values, target.groups)
    with torch.autocast(device_type=wanted.device.type, enabled=False):
        loss = weighted_mean(target.loss(predicted.float(), wanted), weight).mean()
        with torch.no_grad():
            every = max(1, places.shape[1] // _CONSTANT_TOKENS)
            few, sure = wanted[:, ::every].flatten(0, 1), weight[:, ::every].flatten(0, 1)
            constant = target.constant(few, sure).mean()
    return loss, constant


def _mask_numbers(use: Use, rows: Rows) -> list[int]:
    """The masks that a use reads; images have one mask, which every use reads."""
    return list(range(len(rows.masks))) if use.masks is None or rows.seen.is_image else sorted(use.masks)


def _chosen(use: Use, rows: Rows, read: Read, *, seed: int, step: int) -> Read:
    """The rows of the use's masks, and the share of tokens that it reads."""
    numbers, clips = _mask_numbers(use, rows), len(rows.ids)
    features, places = read.features, read.places
    if len(numbers) < len(rows.masks):
        kept = torch.cat([torch.arange(n * clips, (n + 1) * clips) for n in numbers]).to(places.device)
        features, places = features[kept], places[kept]
    if use.token_share < 1:
        order = torch.arange(places.shape[1], device=places.device).expand(clips, -1)
        picked = [
            subset(order, use.token_share, generators(seed, step, rows.ids, f"share/{use.label}/{n}"))
            for n in numbers
        ]
        chosen = torch.cat(picked)
        features = features.gather(1, chosen[..., None].expand(-1, -1, features.shape[-1]))
        places = places.gather(1, chosen)
    return Read(features=features, places=places)


def _wanted(
    use: Use, rows: Rows, places: torch.Tensor, values: TargetValues, groups: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Values (R', Q, K) and weights (R', Q, G): those of a clip serve all its masks."""
    found = [values.at(part, groups) for part in torch.split(places, len(rows.ids))]
    return torch.cat([value for value, _ in found]), torch.cat([weight for _, weight in found])
