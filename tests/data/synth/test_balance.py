from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twlv.data.synth import balance, settings_for
from twlv.data.synth.clips import factors_of, turning_shows
from twlv.video.synthetic import Factors, draw


@given(first=st.integers(1, 9), second=st.integers(1, 9), count=st.integers(1, 200))
def test_pairs_are_balanced_within_one_at_any_length(first: int, second: int, count: int) -> None:
    pairs = [balance.pair(number, first, second) for number in range(count)]
    for column, size in zip(zip(*pairs, strict=True), (first, second), strict=True):
        found = Counter(column)
        counts = [found[value] for value in range(size)]
        assert sum(counts) == count
        assert max(counts) - min(counts) <= 1


@given(first=st.integers(1, 9), second=st.integers(1, 9))
def test_every_pair_occurs_once_in_a_whole_block(first: int, second: int) -> None:
    pairs = [balance.pair(number, first, second) for number in range(first * second)]
    assert sorted(pairs) == sorted(product(range(first), range(second)))


@pytest.mark.parametrize("change", [lambda factors: factors, turning_shows], ids=["all", "not plain"])
@pytest.mark.parametrize("difficulty", ["easy", "default", "hard"])
def test_validation_has_looks_of_its_own_made_of_parts_that_training_shows(
    difficulty: str, change: Callable[[Factors], Factors]
) -> None:
    factors = change(factors_of(settings_for("boxes", difficulty=difficulty)))
    train, val = (balance.looks_of(factors, split, "unseen") for split in balance.SPLITS)
    everything = set(product(factors.shapes, factors.textures))
    assert set(train).isdisjoint(val)
    assert set(train) | set(val) == everything
    for part in (0, 1):
        assert len({look[part] for look in val}) >= 2
        assert {look[part] for look in val} <= {look[part] for look in train}
    assert set(balance.looks_of(factors, "val", "any")) == everything


def test_every_look_has_three_hues_in_training_and_one_in_validation() -> None:
    for shape, texture in product(range(6), range(5)):
        train, val = (balance.hues_of(shape, texture, split, "unseen") for split in balance.SPLITS)
        assert (len(train), len(val)) == (3, 1)
        assert set(train).isdisjoint(val)
        assert len(balance.hues_of(shape, texture, "train", "any")) == 4


@given(index=st.integers(0, 500), hue=st.integers(0, balance.HUES - 1))
def test_a_hue_is_what_was_asked_for_and_nothing_else_changes(index: int, hue: int) -> None:
    before = draw(0, index)
    after = balance.with_hue(before, hue)
    assert balance.hue_of(after.subject.look) == hue
    assert after.subject.path == before.subject.path
    assert [m for m in after.movers if m.role != "subject"] == [m for m in before.movers if m.role != "subject"]
    for old, new in zip(before.subject.look.colours, after.subject.look.colours, strict=True):
        assert max(new) == pytest.approx(max(old))
        assert min(new) == pytest.approx(min(old))


def test_no_two_videos_share_a_number_of_the_generator() -> None:
    numbers = [balance.index_of(number, split) for split in balance.SPLITS for number in range(50)]
    assert len(set(numbers)) == 100
