"""The recipes of linear probing, with every value that they set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from twlv.errors import UsageError
from twlv.types import Json

if TYPE_CHECKING:
    from twlv.heads import LinearRecipe

Recipe = Literal["grid", "authors", "table4"]
Optimizer = Literal["adamw", "sgd"]

# Of the grid, on standardised features; SGD's weight decay is part of the gradient, AdamW's is not.
_GRID_RATES: dict[Optimizer, tuple[float, ...]] = {
    "sgd": (1e-3, 5e-3, 2e-2, 1e-1, 5e-1),  # from sets of 200 videos to those of 20,000
    "adamw": (1e-4, 3e-4, 1e-3, 3e-3, 1e-2),
}
_GRID_DECAYS: dict[Optimizer, tuple[float, ...]] = {
    "sgd": (0.0, 1e-3, 1e-2, 1e-1),
    "adamw": (0.0, 0.1, 1.0, 10.0),
}
CONSTANTS: Mapping[Optimizer, Mapping[str, Json]] = {
    "sgd": {"momentum": 0.9},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
}
"""What ``heads.optimizers`` has built in, for the record of a run."""


@dataclass(frozen=True, kw_only=True)
class ProbeRecipe:
    """How a probe is trained, nothing left open. The fields are those of ``LinearProbe``, and ``init``."""

    optimizer: Optimizer
    learning_rates: tuple[float, ...]
    weight_decays: tuple[float, ...]
    epochs: int
    min_steps: int
    warmup_epochs: int
    standardise: bool
    init: Literal["zeros", "uniform"]

    @property
    def points(self) -> tuple[tuple[float, float], ...]:
        """Every (learning rate, weight decay) that is tried, in order."""
        return tuple((rate, decay) for rate in self.learning_rates for decay in self.weight_decays)

    def training(
        self, points: Sequence[tuple[float, float]], num_videos: int, *, batch_size: int, drop_last: bool
    ) -> LinearRecipe:
        """How heads with these hyper-parameters are trained on ``num_videos``.

        Raises:
            UsageError: ``drop_last`` leaves no batch.
        """
        from twlv.heads import LinearRecipe

        whole, rest = divmod(num_videos, batch_size)
        if drop_last and not whole:
            raise UsageError(
                f"drop_last leaves nothing to train on: {num_videos} videos are less than a batch of "
                f"{batch_size}; set drop_last=false or a smaller batch_size"
            )
        return LinearRecipe(
            learning_rates=tuple(rate for rate, _ in points),
            weight_decays=tuple(decay for _, decay in points),
            optimizer=self.optimizer,
            init=self.init,
            epochs=max(self.epochs, math.ceil(self.min_steps / (whole + (rest > 0)))),
            warmup_epochs=self.warmup_epochs,
            batch_size=batch_size,
            drop_last=drop_last,
        )


def recipe_of(name: Recipe, optimizer: Optimizer | None) -> ProbeRecipe:
    """The values of a recipe; where ``optimizer`` is None, its own."""
    if name == "authors":
        return ProbeRecipe(
            optimizer=optimizer or "adamw",
            learning_rates=(1e-3,),
            weight_decays=(0.0,),
            epochs=150,
            min_steps=0,
            warmup_epochs=10,
            standardise=False,
            init="uniform",
        )
    if name == "table4":
        return ProbeRecipe(
            optimizer=optimizer or "sgd",
            learning_rates=(0.1,),
            weight_decays=(0.0,),
            epochs=150,
            min_steps=0,
            warmup_epochs=10,
            standardise=True,
            init="zeros",
        )
    chosen = optimizer or "sgd"
    return ProbeRecipe(
        optimizer=chosen,
        learning_rates=_GRID_RATES[chosen],
        weight_decays=_GRID_DECAYS[chosen],
        epochs=30,
        min_steps=300,
        warmup_epochs=0,
        standardise=True,
        init="zeros",
    )
