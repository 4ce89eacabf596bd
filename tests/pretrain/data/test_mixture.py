"""Which source fills which draw."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from twlv.errors import UsageError
from twlv.pretrain.data.mixture import BLOCK, Mixture, shares


def test_every_block_has_each_source_by_its_weight(make: Any) -> None:
    mixture = Mixture(sources=tuple(make.Counting(name) for name in "abc"), weights=(5, 3, 2))
    for block in range(2):
        drawn = Counter(mixture.turn(block * BLOCK + k, seed=4)[0] for k in range(BLOCK))
        assert drawn == {0: 5000, 1: 3000, 2: 2000}


def test_a_source_takes_its_turns_one_after_the_other(make: Any) -> None:
    mixture = Mixture(sources=tuple(make.Counting(name) for name in "ab"), weights=(0.7, 0.3))
    turns: dict[int, list[int]] = {0: [], 1: []}
    for number in range(2 * BLOCK):
        source, turn = mixture.turn(number, seed=0)
        turns[source].append(turn)
    assert turns == {0: list(range(14_000)), 1: list(range(6_000))}


def test_the_order_is_mixed_and_follows_the_seed(make: Any) -> None:
    mixture = Mixture(sources=tuple(make.Counting(name) for name in "ab"), weights=(1, 1))
    first, again, other, later = (
        [mixture.turn(start + k, seed=seed)[0] for k in range(400)]
        for start, seed in ((0, 1), (0, 1), (0, 2), (BLOCK, 1))
    )
    assert first == again
    assert len({tuple(order) for order in (first, other, later)}) == 3
    assert 140 < sum(first) < 260
    runs = 1 + sum(a != b for a, b in pairwise(first))
    assert 140 < runs < 260


def test_shares_are_exact_where_they_can_be() -> None:
    assert shares((1, 1, 1)) == (3334, 3333, 3333)
    assert shares((0.35, 0.30, 0.35)) == (3500, 3000, 3500)
    assert sum(shares((3.1, 0.017, 9, 1))) == BLOCK


@pytest.mark.parametrize("weights", [(1.0,), (1, 0), (1, -1), (1, float("nan")), (1, float("inf")), (1, 1e-9)])
def test_weights_that_cannot_be_meant_are_refused(make: Any, weights: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="weight"):
        Mixture(sources=(make.Counting("a"), make.Counting("b")), weights=weights)


def test_sources_have_names_of_their_own_and_one_form(make: Any) -> None:
    with pytest.raises(UsageError, match="names"):
        Mixture(sources=(make.Counting("a"), make.Counting("a")), weights=(1, 1))
    with pytest.raises(UsageError, match="form"):
        Mixture(sources=(make.Counting("a"), make.Counting("b", replace(make.tiny, size_px=9))), weights=(1, 1))
