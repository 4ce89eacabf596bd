"""What passes between the parts of an objective.

Axes: B rows (clips or images), T frames, C colours, H W pixels, T' H' W' token grid, N = T'*H'*W' tokens in
time-major order, V visible, K values per token, G groups of values with a weight of their own, D width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from twlv.nn.position import Grid


@dataclass(frozen=True, kw_only=True, eq=False)
class Masks:
    """Token indices: ``visible`` (B, V) and ``masked`` (B, N - V), int64, rising; each token in exactly one."""

    visible: torch.Tensor
    masked: torch.Tensor

    def to(self, device: torch.device | str) -> Masks:
        """The same masks on another device."""
        return Masks(visible=self.visible.to(device), masked=self.masked.to(device))


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """One batch of clips, or of images, as targets see it: the very crop that the student sees.

    ``frames`` float32 (B, T, C, H, W) in [0, 1] (T = 1 for images); ``patch`` the tubelet (t, rows, columns);
    ``grid`` the token grid (1, H', W' for images); ``displacement`` as in ``Batch``, or None.
    """

    frames: torch.Tensor
    patch: tuple[int, int, int]
    grid: Grid
    is_image: bool = False
    displacement: torch.Tensor | None = None

    @property
    def num_tokens(self) -> int:
        """N."""
        return self.grid[0] * self.grid[1] * self.grid[2]


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetValues:
    """What a target wants, computed once per clip and used by every mask.

    ``values`` float32 (B, n, K): n = N, or 1 for a target of whole clips. ``weight`` (B, n, G), or None for
    ones: how far each value is to be trusted. ``slots`` int64 (N,), for a target that has values for some of
    the tokens only: the row n of each token, -1 where it has none.
    """

    values: torch.Tensor
    weight: torch.Tensor | None = None
    slots: torch.Tensor | None = None

    def at(self, tokens: torch.Tensor, groups: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Values (B, Q, K) and weights (B, Q, G) at token indices (B, Q)."""
        rows = tokens if self.slots is None else self.slots[tokens]
        known = (rows >= 0)[..., None]
        rows = rows.clamp_min(0)[..., None]
        values = self.values.gather(1, rows.expand(-1, -1, self.values.shape[-1]))
        if self.weight is None:
            return values, known.expand(-1, -1, groups).to(values)
        return values, self.weight.gather(1, rows.expand(-1, -1, groups)) * known


@dataclass(frozen=True, kw_only=True, eq=False)
class Losses:
    """One step's losses.

    ``total`` is to be differentiated. ``parts`` are detached and by name of use, each divided by the loss of
    the best constant predictor (1.0: nothing learnt), ``raw`` before that division, ``weights`` what each
    counted in ``total`` at this step. ``pooled`` (B, D) is the mean of the encoder's visible tokens (first
    mask), detached, for monitors. ``gradients`` is filled while the total is differentiated: by use, the
    length of the gradient that it sends into what it reads. ``seconds`` says what masks, targets (teachers
    among them) and the rest took, on this side of the device's queue.
    """

    total: torch.Tensor
    parts: Mapping[str, torch.Tensor]
    raw: Mapping[str, torch.Tensor]
    weights: Mapping[str, float]
    pooled: torch.Tensor
    gradients: Mapping[str, torch.Tensor]
    seconds: Mapping[str, float]
