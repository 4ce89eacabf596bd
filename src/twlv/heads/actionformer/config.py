"""Settings of an ActionFormer head, for both data sets of the report and for the original release.

Zhang, Wu and Li, "ActionFormer: Localizing Moments of Actions with Transformers", ECCV 2022. Lengths and ranges
are in steps of the embeddings (of the resized ones for ActivityNet), not in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twlv.errors import UsageError

RANGES = ((0.0, 4.0), (4.0, 8.0), (8.0, 16.0), (16.0, 32.0), (32.0, 64.0), (64.0, 10000.0))


@dataclass(frozen=True, kw_only=True)
class ActionFormerConfig:
    """Shape of the network.

    ``input_width`` of an embedding; more than one: the input is split there and each part projected to
    ``projected`` (one width a part). ``windows`` of attention, in steps, one a level, odd; -1 is the whole
    sequence. ``ranges``: which distances to an end a level answers for, both ends included. ``first_level``
    leaves out levels below. ``positions`` adds a table of sines (original release, ActivityNet).
    ``drop_path`` 0 keeps the scales of the residual branches, which the reference then drops.
    """

    input_width: tuple[int, ...]
    num_classes: int
    width: int = 256
    num_heads: int = 4
    num_stem: int = 2
    projected: tuple[int, ...] = ()
    windows: tuple[int, ...] = (19, 19, 19, 19, 19, 19)
    ranges: tuple[tuple[float, float], ...] = RANGES
    max_length: int = 2304
    first_level: int = 0
    neck: Literal["identity", "convolution"] = "identity"
    positions: bool = False
    drop_path: float = 0.1
    prior: float = 0.01

    def __post_init__(self) -> None:
        if len(self.ranges) != self.num_levels - self.first_level:
            raise UsageError(
                f"{self.num_levels - self.first_level} levels need as many ranges, got {self.ranges}"
            )
        if any(window != -1 and window % 2 == 0 for window in self.windows):
            raise UsageError(f"windows are odd, or -1 for the whole sequence, got {self.windows}")
        if len(self.input_width) != max(len(self.projected), 1):
            raise UsageError(f"{len(self.input_width)} parts of the input need as many projected widths")
        if self.max_length % self.multiple:
            raise UsageError(f"max_length must be a multiple of {self.multiple}, got {self.max_length}")

    @property
    def num_levels(self) -> int:
        """Levels of the pyramid; each has half the steps of the one before."""
        return len(self.windows)

    @property
    def multiple(self) -> int:
        """Sequences are padded to a multiple of this, so that every level has whole windows."""
        pairs = enumerate(self.windows)
        return max(int(2**level) * (2 * (window // 2) if window > 1 else 1) for level, window in pairs)


def thumos14(*, input_width: int, num_classes: int) -> ActionFormerConfig:
    """The report authors' THUMOS14 setting: 20 classes alone, 1 with an external classifier."""
    return ActionFormerConfig(input_width=(input_width,), num_classes=num_classes)


def activitynet(*, input_width: int, num_classes: int) -> ActionFormerConfig:
    """The report authors' ActivityNet setting: 200 classes alone, 1 with an external classifier."""
    windows = (7, 7, 7, 7, 7, -1)
    return ActionFormerConfig(
        input_width=(input_width,), num_classes=num_classes, windows=windows, max_length=192
    )


def original_thumos14(*, input_width: int = 2048) -> ActionFormerConfig:
    """The original release on I3D features: twice as wide."""
    return ActionFormerConfig(input_width=(input_width,), num_classes=20, width=512)


def original_activitynet(*, input_width: int = 512) -> ActionFormerConfig:
    """The original release on TSP features: one class, and positions."""
    windows = (7, 7, 7, 7, 7, -1)
    return ActionFormerConfig(
        input_width=(input_width,), num_classes=1, windows=windows, max_length=192, positions=True
    )
