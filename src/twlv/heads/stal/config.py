"""Settings of the query decoder.

Given by the report (Table 8): six layers, width 256, MLP 2048, a box head of three layers, dropout and drop
path 0.1. Known of STAR: queries factorised into a spatial and a temporal table, factorised self- and
cross-attention, one box and one class vector for each (time, query), queries that stand for people. Everything
else is inferred: heads, norms and activation from DETR (8, after the branch, ReLU), positions, the number of
queries (TubeR has 15 for AVA; no key frame of AVA's validation set has more than 12 people), losses after every
layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twlv.errors import UsageError

Cross = Literal["factorised", "full"]
Times = Literal["all", "key"]
Positions = Literal["sine", "learned"]
Norm = Literal["after", "before"]


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """Shape of the network for token grids (T', H', W') of width ``input_width``.

    Attributes:
        grid: T', H', W' of the tokens of one clip.
        num_queries: S, the most people that can be found.
        cross: ``factorised``: a query reads the tokens of its own time. ``full``: those of all times.
        times: ``all``: a query at each of the T' times. ``key``: at the key frame alone; its cross-attention is
            always full, and there is no attention over time.
        norm: Where the layer norms stand: ``after`` the residual sum (DETR), or ``before`` each branch.
        positions: Of the tokens in the picture: ``sine`` (DETR) or a ``learned`` table. The time of a token has
            a learned vector in either case.
        value_positions: Add positions to the values too. A frozen encoder has no later layer that would write
            them into the tokens, as DETR's encoder does.
        memory_norm: Layer norm after the projection: scales of frozen tokens differ by backbone.
        prior: Probability of every class that an untrained decoder gives.
    """

    input_width: int
    num_classes: int
    grid: tuple[int, int, int]
    num_queries: int = 64
    num_layers: int = 6
    width: int = 256
    num_heads: int = 8
    mlp_width: int = 2048
    box_layers: int = 3
    dropout: float = 0.1
    drop_path: float = 0.1
    cross: Cross = "factorised"
    times: Times = "all"
    norm: Norm = "after"
    positions: Positions = "sine"
    value_positions: bool = True
    memory_norm: bool = True
    prior: float = 0.01

    def __post_init__(self) -> None:
        counts = (self.input_width, self.num_classes, self.num_queries, self.num_layers, self.box_layers)
        if min(*counts, self.mlp_width, *self.grid) < 1:
            raise UsageError(f"widths, counts and the grid of a decoder start at 1, got {self}")
        if self.width % (4 * self.num_heads):
            raise UsageError(
                f"width must be a multiple of 4 x num_heads = {4 * self.num_heads}, got {self.width}"
            )
        for name, value in (("dropout", self.dropout), ("drop_path", self.drop_path)):
            if not 0 <= value < 1:
                raise UsageError(f"{name} is a probability below 1, got {value}")
        if not 0 < self.prior < 1:
            raise UsageError(f"prior is a probability between 0 and 1, got {self.prior}")

    @property
    def num_times(self) -> int:
        """How many times have queries."""
        return self.grid[0] if self.times == "all" else 1

    @property
    def key_step(self) -> int:
        """The output that answers for the key frame: frame T // 2 of a clip lies in token T' // 2."""
        return self.num_times // 2
