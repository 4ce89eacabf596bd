"""A backbone's appearance and motion: records of the comparison, and the mean over data sets with its interval.

The interval of a mean over M sets goes from ``mean - sqrt(sum (v - low)²) / M`` to ``mean + sqrt(sum (high
- v)²) / M``, from the value v and ci95 (low, high) of each (Zou and Donner, Statistics in Medicine 27,
2008). It assumes that the errors of different sets are independent, and like every ci95 here it covers the
choice of test videos only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from twlv.types import Score

KINDS = ("appearance", "motion")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One score that went into a mean: its data set, coverage and source (a file, or the report's table)."""

    dataset: str
    score: Score
    coverage: float = 1.0
    contaminated: bool = False
    chance: float | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean over the sets of one kind. ``ci95`` is None if one of the parts has none."""

    value: float
    ci95: tuple[float, float] | None
    parts: tuple[Part, ...]

    @property
    def coverage(self) -> float:
        """The least coverage of the parts."""
        return min(part.coverage for part in self.parts)

    @property
    def contaminated(self) -> bool:
        """Whether the backbone was pretrained on any of the sets."""
        return any(part.contaminated for part in self.parts)

    @property
    def chance(self) -> float | None:
        """The mean of guessing, where the number of classes of every set is known."""
        known = [part.chance for part in self.parts if part.chance is not None]
        return sum(known) / len(known) if len(known) == len(self.parts) else None


@dataclass(frozen=True, kw_only=True)
class Ability:
    """One backbone. Without a mean of either kind it ``lacks`` sets, and has no point.

    ``direction`` holds its motion-direction scores, which are no accuracies and in no mean. ``untrained``:
    random weights, so that its numbers are no result.
    """

    backbone: str
    appearance: Mean | None
    motion: Mean | None
    lacks: tuple[str, ...] = ()
    direction: tuple[Part, ...] = ()
    untrained: bool = False

    @property
    def has_point(self) -> bool:
        """Whether it has both coordinates."""
        return self.appearance is not None and self.motion is not None


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """One picture: a score (``knn/top1``) with its settings, the sets of either kind, and the backbones.

    ``left_out`` names sets that are not compared because not every backbone with a point has them.
    """

    score: str
    unit: str
    settings: str
    appearance_sets: tuple[str, ...]
    motion_sets: tuple[str, ...]
    backbones: tuple[Ability, ...]
    left_out: tuple[str, ...] = ()

    @property
    def points(self) -> tuple[Ability, ...]:
        """The backbones with both coordinates."""
        return tuple(ability for ability in self.backbones if ability.has_point)


def mean_of(parts: Sequence[Part]) -> Mean:
    """The mean of one or more parts, with its interval (formula above)."""
    count = len(parts)
    value = sum(part.score.value for part in parts) / count
    intervals = [(part.score.value, *part.score.ci95) for part in parts if part.score.ci95 is not None]
    if len(intervals) < count:
        return Mean(value=value, ci95=None, parts=tuple(parts))
    below = math.sqrt(sum((v - low) ** 2 for v, low, _ in intervals)) / count
    above = math.sqrt(sum((high - v) ** 2 for v, _, high in intervals)) / count
    return Mean(value=value, ci95=(value - below, value + above), parts=tuple(parts))
