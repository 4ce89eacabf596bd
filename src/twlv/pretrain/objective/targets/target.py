"""What every target is: a frozen record of settings that opens into something that computes values.

Axes: B rows, N tokens, Q queried tokens, K values per token, G groups with a weight of their own, D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch

from twlv.nn.position import Grid
from twlv.nn.vit import VideoTransformer
from twlv.pretrain.objective.records import Seen, TargetValues


@dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """What a target may ask when it is opened: the student, how its pixels are normalised, and the device."""

    encoder: VideoTransformer
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    device: torch.device

    @property
    def patch(self) -> tuple[int, int, int]:
        """The student's tubelet."""
        return self.encoder.config.patch

    @property
    def grid(self) -> Grid:
        """The student's token grid."""
        return self.encoder.config.grid


class OpenTarget(Protocol):
    """A target at work. ``num_values`` K is the width of the head that predicts it, ``groups`` G how many of
    them have a weight of their own.

    One that is also an ``nn.Module`` (an EMA teacher) becomes part of the objective's state; frozen teachers
    are not, so that checkpoints do not carry them.
    """

    @property
    def num_values(self) -> int:
        """K, what a head predicts per token."""

    @property
    def groups(self) -> int:
        """G."""

    @property
    def is_network(self) -> bool:
        """Whether its values come from a network, which may run in the precision of the training; what is
        computed from pixels is in float32 always.
        """

    def prepare(self, seen: Seen) -> TargetValues:
        """Values for every token, without gradients; called once per clip, whatever the number of masks."""

    def loss(self, predicted: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Loss per token and group (B, Q, G) of predictions (B, Q, K) against values (B, Q, K), float32."""

    def constant(self, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """The least loss that one prediction for all tokens can have, (G,), values (n, K), weight (n, G).

        Over all processes where there are several. Dividing by it makes 1.0 mean "nothing learnt".
        """


@runtime_checkable
class Target(Protocol):
    """Settings of a target: a frozen, hashable record. Two uses of equal settings share their values."""

    @property
    def name(self) -> str:
        """A short word for logs: ``pixels``, ``displacement``, ..."""

    @property
    def on_images(self) -> bool:
        """Whether it can be computed from a single image."""

    @property
    def pooled(self) -> bool:
        """Whether its value is one vector per clip, (B, 1, K), rather than one per token."""

    def open(self, context: Context) -> OpenTarget:
        """Load what it needs (a teacher) and get ready; raises UsageError or WeightsError."""
