"""Where the content of a token goes: a distribution over displacements, by matching or from the exact truth.

The displacement is absolute, with one scale for all: subtracting a token's own mean motion would take from the
target what tells one direction from another.

Axes: B clips, T frames, h w low-resolution pixels, N tokens, G gaps, O = (2R+1)^2 offsets, row by row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from twlv.errors import UsageError
from twlv.pretrain.objective.distances import ByDistance
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.exact import exact_offsets
from twlv.pretrain.objective.targets.luminance import luminance
from twlv.pretrain.objective.targets.matching import match
from twlv.pretrain.objective.targets.target import Context


@dataclass(frozen=True, kw_only=True)
class Displacement:
    """Cross entropy against a distribution over the offsets of at most ``radius`` low-resolution pixels.

    From the first frame of a tubelet to those ``gaps`` frames later. ``source`` ``matching``: soft block
    matching of the luminance at 1 / ``downsample``, window = token; a token counts by its confidence, 1 minus
    the entropy over its maximum (0 where it is flat). ``exact``: the truth that came with the batch, weight 1.
    ``best``: the truth where there is one, else matching. Ours, as are the numbers.
    """

    source: Literal["matching", "exact", "best"] = "matching"
    gaps: tuple[int, ...] = (1, 2)
    radius: int = 4
    downsample: int = 2
    temperature: float = 0.15
    name: str = "displacement"
    on_images: bool = False
    pooled: bool = False

    def open(self, context: Context) -> OpenDisplacement:
        """Nothing to load. Raises UsageError if patches cannot be downsampled so."""
        if any(side % self.downsample for side in context.patch[1:]):
            raise UsageError(f"patches of {context.patch[1:]} px are no multiples of {self.downsample}")
        return OpenDisplacement(self)


class OpenDisplacement(ByDistance):
    """Values (B, N, G*O): offset (dy, dx) is number (dy + R) * (2R + 1) + dx + R."""

    metric = "cross_entropy"

    def __init__(self, settings: Displacement) -> None:
        self.settings = settings
        self.groups = len(settings.gaps)
        self.num_values = self.groups * (2 * settings.radius + 1) ** 2

    def prepare(self, seen: Seen) -> TargetValues:
        """Tokens whose later frame lies beyond the clip have weight 0."""
        source, known = self.settings.source, _known(seen)
        if source == "exact" or (source == "best" and known.all()):
            shares, weight = self._exact(seen)
        elif source == "matching" or not known.any():
            shares, weight = self._matched(seen)
        else:
            there = known[:, None, None]
            (exact, sure), (matched, trust) = self._exact(seen), self._matched(seen)
            shares, weight = torch.where(there, exact, matched), torch.where(there, sure, trust)
        return TargetValues(values=shares, weight=weight)

    def _matched(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor]:
        settings = self.settings
        grey = luminance(seen.frames, settings.downsample)
        first = grey[:, :: seen.patch[0]]
        found = []
        for gap in settings.gaps:
            later = grey[:, gap :: seen.patch[0]]
            count = min(first.shape[1], later.shape[1])
            pair = (first[:, :count], later[:, :count])
            offsets = match(*pair, seen.grid[1:], settings.radius, settings.temperature)
            found.append(_pad_steps(offsets, seen.grid[0]))
        shares = torch.stack(found, dim=2)
        entropy = -torch.xlogy(shares, shares).sum(dim=-1) / math.log(shares.shape[-1])
        weight = (1 - entropy).clamp_min(0) * (shares.sum(dim=-1) > 0)
        return shares.flatten(2), weight

    def _exact(self, seen: Seen) -> tuple[torch.Tensor, torch.Tensor]:
        settings = self.settings
        if seen.displacement is None:
            nothing = seen.frames.new_zeros(len(seen.frames), seen.num_tokens, self.num_values)
            return nothing, nothing[..., : self.groups]
        found = [
            _pad_steps(exact_offsets(seen, gap, settings.radius, settings.downsample), seen.grid[0])
            for gap in settings.gaps
        ]
        shares = torch.stack(found, dim=2)
        return shares.flatten(2), (shares.sum(dim=-1) > 0).to(shares)


def _known(seen: Seen) -> torch.Tensor:
    """(B,) whether a clip came with its truth."""
    if seen.displacement is None:
        return torch.zeros(len(seen.frames), dtype=torch.bool, device=seen.frames.device)
    return seen.displacement[:, 0, 0, 0, 0].isfinite()


def _pad_steps(offsets: torch.Tensor, steps: int) -> torch.Tensor:
    """(B, N, O) of (B, s, P, O) with s <= T' steps; the missing ones are 0."""
    b, found, places, count = offsets.shape
    if found < steps:
        offsets = torch.cat([offsets, offsets.new_zeros(b, steps - found, places, count)], dim=1)
    return offsets.flatten(1, 2)
