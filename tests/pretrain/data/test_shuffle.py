"""Shuffled passes without a list."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from twlv.pretrain.data.shuffle import place_of, shuffled


@given(st.integers(1, 300), st.binary(min_size=1, max_size=80))
def test_it_is_a_permutation(size: int, key: bytes) -> None:
    assert sorted(shuffled(position, size, key=key) for position in range(size)) == list(range(size))


def test_large_data_needs_no_list() -> None:
    size = 10**12
    places = {shuffled(position, size, key=b"k") for position in range(1000)}
    assert len(places) == 1000
    assert size / 1000 * 200 < sum(places) / 1000 < size / 1000 * 800


def test_every_pass_shows_each_once_in_an_order_of_its_own() -> None:
    passes = [tuple(place_of(number * 50 + k, 50, seed=1, name="a") for k in range(50)) for number in range(3)]
    assert all(sorted(one) == list(range(50)) for one in passes)
    others = [
        tuple(place_of(k, 50, seed=seed, name=name) for k in range(50)) for seed, name in ((2, "a"), (1, "b"))
    ]
    assert len({*passes, *others, tuple(range(50))}) == 6


def test_every_place_and_every_order_of_two_is_as_likely() -> None:
    """Chi-square over 7 places and over 42 pairs: bounds at one in a million."""
    orders = [[shuffled(k, 7, key=b"%d" % key) for k in range(2)] for key in range(4200)]
    for seen, kinds, bound in (
        (Counter(order[0] for order in orders), 7, 40.0),
        (Counter(map(tuple, orders)), 42, 105.0),
    ):
        expected = 4200 / kinds
        assert sum((count - expected) ** 2 / expected for count in seen.values()) < bound
        assert len(seen) == kinds
