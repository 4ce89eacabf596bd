"""What the loader asks of a source of clips, and what it gets.

Axis letters: T frames, C colours, S side of the square, h w grid of the displacement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from twlv.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class ClipForm:
    """The form of every clip, whatever its source.

    Attributes:
        num_frames: T; 1 for images.
        size_px: S.
        strides: Fewest and most frames from one frame of a clip to the next, drawn for each clip; a video too
            short for the draw takes the largest that fits.
        area: Part of the picture that is cut out, as a fraction of its area (VideoMAE and V-JEPA: 0.3 to 1).
        aspect: Width over height of what is cut out, log-uniform.
        crops: Clips of every decoded moment, each cut out and mirrored by a draw of its own.
        flow_every_px: Synthetic clips carry the displacement of the centre of every n by n cell (n divides
            ``size_px``); 0: none is made.
    """

    num_frames: int = 16
    size_px: int = 224
    strides: tuple[int, int] = (2, 6)
    area: tuple[float, float] = (0.3, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    crops: int = 1
    flow_every_px: int = 0

    def __post_init__(self) -> None:
        if min(self.num_frames, self.size_px, self.crops) < 1 or self.flow_every_px < 0:
            raise UsageError(f"num_frames, size_px and crops are 1 or more, flow_every_px 0 or more: {self}")
        if self.flow_every_px and self.size_px % self.flow_every_px:
            raise UsageError(f"flow_every_px {self.flow_every_px} does not divide size_px {self.size_px}")
        if not 1 <= self.strides[0] <= self.strides[1]:
            raise UsageError(f"strides are fewest and most, from 1 up, got {self.strides}")
        for name, (low, high), largest in (("area", self.area, 1.0), ("aspect", self.aspect, 100.0)):
            if not 0 < low <= high <= largest:
                raise UsageError(f"{name} is a range within (0, {largest:g}], got ({low}, {high})")

    @property
    def flow_shape(self) -> tuple[int, int, int, int]:
        """(T - 1, 2, h, w) of a clip's displacement."""
        side = self.size_px // self.flow_every_px
        return self.num_frames - 1, 2, side, side


@dataclass(frozen=True, kw_only=True, eq=False)
class Item:
    """One clip: ``frames`` uint8 (T, C, S, S); ``displacement`` float32 (T - 1, 2, h, w), x and y in pixels."""

    item_id: str
    frames: torch.Tensor
    displacement: torch.Tensor | None = None

    def mirrored(self) -> Item:
        """The clip seen in a mirror: what went right goes left."""
        flow = self.displacement
        if flow is not None:
            flow = flow.flip(-1) * torch.tensor([-1.0, 1.0]).view(1, 2, 1, 1)
        return Item(item_id=self.item_id, frames=self.frames.flip(-1), displacement=flow)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A draw that could not be used: whose, which, and the reason."""

    source: str
    item_id: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """What one turn gave: ``crops`` items, and the draws that failed before; no items if all of them did."""

    items: tuple[Item, ...]
    failed: tuple[Failed, ...] = ()


class Source(Protocol):
    """Clips by number. Turn n of a seed is the same clip on every machine, in any order and any process."""

    @property
    def name(self) -> str:
        """Of the source, in ids and in the list of failures."""

    @property
    def form(self) -> ClipForm:
        """What its clips are like."""

    @property
    def chunk(self) -> int:
        """How many turns are best read at once."""

    @property
    def gives_flow(self) -> bool:
        """Whether its clips carry their displacement."""

    @property
    def refused(self) -> tuple[Failed, ...]:
        """What was left out before the first draw."""

    def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
        """The clips of these turns (counted from 0), in their order."""
