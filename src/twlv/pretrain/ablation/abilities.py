"""What a backbone is able to tell, from the rendered probe clips and from real ones.

Axes: n clips, T frames, C colours, S side, T' steps in time, D width.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from twlv.backbones.resolve import load
from twlv.contracts import Backbone
from twlv.pretrain.ablation.probes import Clips, ProbeSizes, Split, moving, ordered
from twlv.pretrain.ablation.readout import Labelled, read_out
from twlv.pretrain.ablation.real import RealSet, real_clips
from twlv.types import DoubleArray, IntArray

CHANCE = {"appearance": 1 / 16, "direction": 1 / 8, "reversal": 1 / 2, "order": 1 / 2}
"""All are read from the mean of all tokens, but the order of two events from the mean of each step in time, one
after the other: a mean over time has lost it. (``gradient_flow.fixed`` tells it at 16 x 64 px always by
steps, and .54 to .58 of the time by the mean.)"""
_FORWARD = 4
"""Directions 0 to 3 (right to down-left) count as forward; played backward they are 4 to 7."""


def abilities(folder: Path, sizes: ProbeSizes) -> dict[str, Any]:
    """Scores by split (``selection``, ``reported``), ability, and ``ridge`` or ``knn``."""
    backbone = load(str(folder), device="cpu")
    fit = _labelled(backbone, "fit", sizes)
    found: dict[str, Any] = {}
    for split in ("selection", "reported"):
        scored = _labelled(backbone, split, sizes)
        found[split] = {name: read_out(fit[name], scored[name]) for name in CHANCE}
    return found


def real_abilities(folder: Path, sets: tuple[RealSet, ...]) -> dict[str, Any]:
    """``read_out`` on the split ``val`` of each real set, fitted on ``train``, with the chance of guessing."""
    backbone = load(str(folder), device="cpu")
    form = (backbone.card.num_frames, backbone.card.image_size_px)
    found: dict[str, Any] = {}
    for chosen in sets:
        fit, scored = (real_clips(chosen, split, *form) for split in ("train", "val"))
        rows = [
            Labelled(features=_mean(_features(backbone, part.frames)), labels=part.labels, clips=part.groups)
            for part in (fit, scored)
        ]
        found[chosen.name] = {**read_out(*rows), "chance": 1 / (int(fit.labels.max()) + 1)}
    return found


def _labelled(backbone: Backbone, split: Split, sizes: ProbeSizes) -> dict[str, Labelled]:
    form = (backbone.card.num_frames, backbone.card.image_size_px)
    clips, events = moving(split, sizes, *form), ordered(split, sizes, *form)
    features = _mean(_features(backbone, clips.frames))
    found = {name: _rows(features, labels) for name, labels in clips.labels.items()}
    found["reversal"] = _reversal(backbone, clips, features)
    steps = _features(backbone, events.frames)
    found["order"] = _rows(steps.reshape(len(steps), -1), events.labels["order"])
    return found


def _reversal(backbone: Backbone, clips: Clips, features: DoubleArray) -> Labelled:
    """Every clip that goes forward, as it is (0), and the same frames in the opposite order (1)."""
    chosen = np.flatnonzero(clips.labels["direction"] < _FORWARD)
    backward = _mean(_features(backbone, clips.frames[torch.from_numpy(chosen)].flip(1)))
    return Labelled(
        features=np.concatenate([features[chosen], backward]),
        labels=np.repeat([0, 1], len(chosen)),
        clips=np.tile(chosen, 2),
    )


def _rows(features: DoubleArray, labels: IntArray) -> Labelled:
    return Labelled(features=features, labels=labels, clips=np.arange(len(labels)))


def _mean(steps: DoubleArray) -> DoubleArray:
    """The mean of all tokens (n, D)."""
    mean: DoubleArray = steps.mean(axis=1)
    return mean


@torch.no_grad()
def _features(backbone: Backbone, frames: torch.Tensor) -> DoubleArray:
    """The mean over the places of every step, (n, T', D)."""
    mean, std = (torch.tensor(part)[:, None, None] for part in (backbone.card.mean, backbone.card.std))
    parts = []
    for start in range(0, len(frames), 64):
        chunk = frames[start : start + 64]
        patches = backbone.encode((chunk.float() / 255 - mean) / std).patches
        parts.append(patches.mean(dim=(2, 3)).double().numpy())
    return np.concatenate(parts)
