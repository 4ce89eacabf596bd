"""The student's own past as a teacher (V-JEPA, data2vec).

Axes: B rows, T frames, N tokens, D width.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from twlv.nn.vit import VideoTransformer
from twlv.pretrain.objective.distances import Distance, best_constant, distance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.frozen import layer_norm
from twlv.pretrain.objective.targets.target import Context
from twlv.pretrain.objective.targets.video_teacher import mean_of_blocks


@dataclass(frozen=True, kw_only=True)
class EmaTeacher:
    """Tokens of a moving average of the encoder, which sees the whole clip.

    ``momentum`` goes linearly from its first to its second value over the run (V-JEPA: 0.998 to 1). ``blocks``:
    the mean of so many last blocks, each normalised by ``block_norm`` before (data2vec: instance), or None for
    the output after the final norm. ``layer_norm`` normalises the result, without weights.
    """

    momentum: tuple[float, float] = (0.998, 1.0)
    blocks: int | None = None
    block_norm: Literal["none", "instance", "layer"] = "none"
    layer_norm: bool = True
    metric: Distance = "l1"
    name: str = "ema_teacher"
    on_images: bool = True
    pooled: bool = False

    def open(self, context: Context) -> OpenEmaTeacher:
        """A copy of the encoder as it is now."""
        return OpenEmaTeacher(self, context)

    def momentum_at(self, step: int, total_steps: int) -> float:
        """At a step from 0; the last step of a run has the second value exactly."""
        first, last = self.momentum
        return last if total_steps <= 1 else first + (last - first) * min(1.0, step / (total_steps - 1))


class OpenEmaTeacher(nn.Module):
    """Values (B, N, D). Part of the objective's state; always in evaluation mode, never given gradients."""

    groups = 1
    is_network = True

    def __init__(self, settings: EmaTeacher, context: Context) -> None:
        super().__init__()
        self.settings, self.num_values = settings, context.encoder.config.width
        self.network: VideoTransformer = copy.deepcopy(context.encoder).eval().requires_grad_(False)
        self._scale = (context.mean, context.std)

    def train(self, mode: bool = True) -> OpenEmaTeacher:
        """Stays in evaluation mode."""
        return super().train(False)

    @torch.no_grad()
    def follow(self, encoder: nn.Module, step: int, total_steps: int) -> None:
        """One step of the moving average."""
        momentum = self.settings.momentum_at(step, total_steps)
        for mine, theirs in zip(self.network.parameters(), encoder.parameters(), strict=True):
            mine.lerp_(theirs.detach().to(mine), 1 - momentum)

    @torch.no_grad()
    def prepare(self, seen: Seen) -> TargetValues:
        """Runs the average on all tokens."""
        mean, std = (seen.frames.new_tensor(part)[:, None, None] for part in self._scale)
        tokens, _ = self.network.embed((seen.frames - mean) / std)
        depth, blocks = self.network.config.depth, self.settings.blocks
        keep = range(depth - (blocks or 0) + 1, depth + 1)
        features, kept = self.network.encode_blocks(tokens, keep=keep)
        if blocks is not None:
            features = mean_of_blocks([kept[number] for number in keep], self.settings.block_norm)
        return TargetValues(
            values=layer_norm(features.float()) if self.settings.layer_norm else features.float()
        )

    def loss(self, predicted: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """(B, Q, 1)."""
        return distance(self.settings.metric, predicted.float(), values)[..., None]

    def constant(self, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """(1,)."""
        return best_constant(self.settings.metric, values[:, None], weight)
