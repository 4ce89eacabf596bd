from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.tasks.seeds import derive
from twlv.tasks.split import hold_out


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.integers(1, 12), st.integers(0, 20))
def test_a_split_is_a_partition_that_keeps_every_class_and_cuts_no_group(seed, n, classes, num_groups) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n)
    groups = [f"g{i}" if i else "" for i in random.integers(0, num_groups + 1, n)]
    split = hold_out(labels, groups, 0.2, seed=seed)
    assert sorted([*split.fit, *split.held_out]) == list(range(n))
    assert set(labels[split.fit]) == set(labels)
    assert len(split.held_out) <= max(1, min(2 * max(1, round(0.2 * n)), n // 2))
    if split.rule == "by group":
        held = {groups[i] for i in split.held_out} - {""}
        assert not held & {groups[i] for i in split.fit}
    again = hold_out(labels, groups, 0.2, seed=seed)
    np.testing.assert_array_equal(split.held_out, again.held_out)


def test_a_small_set_keeps_half_to_fit_on() -> None:
    split = hold_out(np.zeros(3, dtype=np.int64), ["a", "a", "b"], 0.2, seed=0)
    assert len(split.held_out) == 1


def test_classes_give_up_their_share() -> None:
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    split = hold_out(labels, [""] * 160, 0.1, seed=0)
    assert np.bincount(labels[split.held_out]).tolist() == [10, 5, 1]


def test_one_group_falls_back_to_classes_and_says_so() -> None:
    split = hold_out(np.arange(40) % 2, ["only"] * 40, 0.25, seed=0)
    assert split.rule == "by class (no group could be spared)"
    assert len(split.held_out) == 10


def test_seeds_differ_by_purpose_and_by_run() -> None:
    found = {derive(seed, purpose) for seed in range(20) for purpose in ("order", "init", "split")}
    assert len(found) == 60
    assert derive(3, "order") == derive(3, "order")
