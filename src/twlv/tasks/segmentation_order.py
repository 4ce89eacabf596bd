"""In which order the training videos of a split are visited."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np

Order: TypeAlias = Literal["fixed", "reshuffled", "published"]
"""``fixed``: shuffled once by the seed of the split, then the same in every epoch, as the report's code does.

``reshuffled``: anew in every epoch. ``published``: fixed, and the very order of the report's code for a seed
(1212 is its default), which depends on all splits before.
"""


def epoch_order(order: Order, count: int, seed: int) -> Callable[[int], Sequence[int]]:
    """The numbers of ``count`` videos in the order of an epoch, for the rules of one's own."""

    def visited(epoch: int) -> list[int]:
        own = [seed, epoch] if order == "reshuffled" else [seed]
        found: list[int] = np.random.default_rng(own).permutation(count).tolist()
        return found

    return visited


def published_orders(folds: Sequence[tuple[Sequence[str], Sequence[str]]], seed: int) -> list[list[str]]:
    """The training videos of every split in the order of the report's code, for sorted lists of ids.

    One generator is seeded before all splits. For the training half and then for the test half of each it
    draws a number up to 100, starts anew from that number, and shuffles the list.
    """
    generator = random.Random(seed)
    found = []
    for halves in folds:
        shuffled = []
        for half in halves:
            generator.seed(generator.randint(0, 100))
            ids = sorted(half)
            generator.shuffle(ids)
            shuffled.append(ids)
        found.append(shuffled[0])
    return found
