"""A target that works each clip out once and keeps the answer, for pools of clips that come back unchanged.

Axes: B clips, T frames, C colours, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b

import torch

from twlv.errors import UsageError
from twlv.pretrain.objective.records import Seen, TargetValues
from twlv.pretrain.objective.targets.target import Context, OpenTarget, Target


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """``of``, with the values of at most ``most`` clips kept in memory, found again by their pixels.

    For targets that say the same of a clip at every step: no EMA teacher, and no crops or mirrors. The
    runs of a process share what they keep.
    """

    of: Target
    most: int = 4096

    def __post_init__(self) -> None:
        if self.most < 1:
            raise UsageError(f"most is 1 or more clips, got {self.most}")

    @property
    def name(self) -> str:
        """That of the target."""
        return self.of.name

    @property
    def on_images(self) -> bool:
        """Whether the target can be had of images."""
        return self.of.on_images

    @property
    def pooled(self) -> bool:
        """Whether the target is of whole clips."""
        return self.of.pooled

    @property
    def teacher(self) -> str:
        """The target's teacher, "" without one: cards name it."""
        return str(getattr(self.of, "teacher", ""))

    def open(self, context: Context) -> OpenRemembered:
        """Opens the target."""
        return OpenRemembered(self.of.open(context), memory(self, context.patch))


@dataclass(kw_only=True, eq=False)
class Memory:
    """Values and weights by the hash of a clip's pixels, at most ``most``; ``slots`` serve every clip."""

    most: int
    kept: dict[bytes, tuple[torch.Tensor, torch.Tensor | None]] = field(default_factory=dict)
    slots: torch.Tensor | None = None


@lru_cache(maxsize=4)
def memory(target: Remembered, patch: tuple[int, int, int]) -> Memory:
    """That of a target's settings and the student's tubelets, kept for the life of the process."""
    return Memory(most=target.most)


class OpenRemembered:
    """Answers of the target at work, by the pixels of the clip."""

    def __init__(self, opened: OpenTarget, memory: Memory) -> None:
        self.opened, self.memory = opened, memory
        self.num_values, self.groups, self.is_network = opened.num_values, opened.groups, opened.is_network

    def prepare(self, seen: Seen) -> TargetValues:
        """Asks the target for the clips that are new, all together."""
        keys, kept = [_key(frames) for frames in seen.frames], self.memory.kept
        first = {key: row for row, key in enumerate(keys) if key not in kept}
        fresh = self._ask(seen, first) if first else {}
        rows = [kept[key] if key in kept else fresh[key] for key in keys]
        weights = [weight for _, weight in rows if weight is not None]
        return TargetValues(
            values=torch.stack([values for values, _ in rows]),
            weight=torch.stack(weights) if weights else None,
            slots=self.memory.slots,
        )

    def loss(self, predicted: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """That of the target."""
        return self.opened.loss(predicted, values)

    def constant(self, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """That of the target."""
        return self.opened.constant(values, weight)

    def _ask(
        self, seen: Seen, first: dict[bytes, int]
    ) -> dict[bytes, tuple[torch.Tensor, torch.Tensor | None]]:
        rows = list(first.values())
        moved = None if seen.displacement is None else seen.displacement[rows]
        found = self.opened.prepare(replace(seen, frames=seen.frames[rows], displacement=moved))
        self.memory.slots = found.slots
        news = {
            key: (found.values[n].clone(), None if found.weight is None else found.weight[n].clone())
            for n, key in enumerate(first)
        }
        for key in list(news)[: self.memory.most - len(self.memory.kept)]:
            self.memory.kept[key] = news[key]
        return news


def _key(frames: torch.Tensor) -> bytes:
    """Of a clip (T, C, H, W) in [0, 1], which was uint8 before."""
    pixels = (frames * 255).round().byte().cpu().contiguous().numpy()
    return blake2b(pixels.tobytes(), digest_size=16).digest()
