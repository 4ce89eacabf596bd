"""Dynamics: what a frozen video model makes of the whole clip (MVD, SALT's second stage).

Axes: B clips, T' H' W' token grid, N tokens, D width of the teacher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from twlv.pretrain.objective.distances import ByDistance, Distance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.frozen import (
    FrozenTeacher,
    instance_norm,
    layer_norm,
    teacher,
    to_grid,
)
from twlv.pretrain.objective.targets.target import Context


@dataclass(frozen=True, kw_only=True)
class VideoTeacher:
    """Tokens of a video backbone, by name or folder, on the full clip.

    ``blocks``: the mean of the outputs of so many last blocks (our own architecture only); None: its last
    tokens. ``layer_norm`` normalises each token of the mean, without weights. Not computed for images.
    """

    teacher: str
    blocks: int | None = 4
    layer_norm: bool = True
    metric: Distance = "smooth_l1"
    name: str = "video_teacher"
    on_images: bool = False
    pooled: bool = False

    def open(self, context: Context) -> OpenVideoTeacher:
        """Loads the teacher."""
        return OpenVideoTeacher(self, teacher(self.teacher, context.device))


class OpenVideoTeacher(ByDistance):
    """Values (B, N, D)."""

    is_network = True

    def __init__(self, settings: VideoTeacher, network: FrozenTeacher) -> None:
        self.settings, self.network, self.metric = settings, network, settings.metric
        self.num_values = network.width

    def prepare(self, seen: Seen) -> TargetValues:
        """Runs the teacher on the clip; its grid is resized to the student's."""
        if self.settings.blocks is None:
            features = self.network.tokens(seen.frames)[0]
        else:
            features = mean_of_blocks(self.network.blocks(seen.frames, self.settings.blocks))
        features = to_grid(features.float(), seen.grid)
        if self.settings.layer_norm:
            features = layer_norm(features)
        return TargetValues(values=features.flatten(1, 3))


def mean_of_blocks(
    blocks: list[torch.Tensor], norm: Literal["none", "instance", "layer"] = "none"
) -> torch.Tensor:
    """The mean of outputs (B, ..., D), each normalised before if so asked (data2vec: instance)."""
    how = {"none": lambda x: x, "instance": instance_norm, "layer": layer_norm}[norm]
    return torch.stack([how(block.float()) for block in blocks]).mean(dim=0)
