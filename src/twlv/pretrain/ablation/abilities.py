"""The four abilities of a backbone, from the rendered probe clips.

Axes: n clips, T frames, C colours, S side, D width.
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
from twlv.types import DoubleArray, IntArray

CHANCE = {"appearance": 1 / 16, "direction": 1 / 8, "reversal": 1 / 2, "order": 1 / 2}
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


def _labelled(backbone: Backbone, split: Split, sizes: ProbeSizes) -> dict[str, Labelled]:
    form = (backbone.card.num_frames, backbone.card.image_size_px)
    clips, events = moving(split, sizes, *form), ordered(split, sizes, *form)
    features = _features(backbone, clips.frames)
    found = {name: _rows(features, labels) for name, labels in clips.labels.items()}
    found["reversal"] = _reversal(backbone, clips, features)
    found["order"] = _rows(_features(backbone, events.frames), events.labels["order"])
    return found


def _reversal(backbone: Backbone, clips: Clips, features: DoubleArray) -> Labelled:
    """Every clip that goes forward, as it is (0), and the same frames in the opposite order (1)."""
    chosen = np.flatnonzero(clips.labels["direction"] < _FORWARD)
    backward = _features(backbone, clips.frames[torch.from_numpy(chosen)].flip(1))
    return Labelled(
        features=np.concatenate([features[chosen], backward]),
        labels=np.repeat([0, 1], len(chosen)),
        clips=np.tile(chosen, 2),
    )


def _rows(features: DoubleArray, labels: IntArray) -> Labelled:
    return Labelled(features=features, labels=labels, clips=np.arange(len(labels)))


@torch.no_grad()
def _features(backbone: Backbone, frames: torch.Tensor) -> DoubleArray:
    """The mean of all tokens of every clip, (n, D)."""
    mean, std = (torch.tensor(part)[:, None, None] for part in (backbone.card.mean, backbone.card.std))
    parts = []
    for start in range(0, len(frames), 64):
        chunk = frames[start : start + 64]
        patches = backbone.encode((chunk.float() / 255 - mean) / std).patches
        parts.append(patches.flatten(1, -2).mean(dim=1).double().numpy())
    return np.concatenate(parts)
