"""Masks: every token once, exact counts, no favoured place or time, weights where asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.errors import UsageError
from twlv.pretrain.objective.draws import generators, subset
from twlv.pretrain.objective.masks import LONG_RANGE, SHORT_RANGE, Either, Mask, MultiBlock, Random, Tube, draw

ALL: tuple[Mask, ...] = (Tube(), Random(), SHORT_RANGE, LONG_RANGE, Either(), Either(of=(Tube(), LONG_RANGE)))


def _names(count: int) -> list[str]:
    return [f"clip {number}" for number in range(count)]


@given(
    mask=st.sampled_from(ALL),
    grid=st.tuples(st.integers(1, 4), st.integers(2, 7), st.integers(2, 7)),
    share=st.floats(0.02, 0.98),
    weighted=st.booleans(),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=60, deadline=None)
def test_every_token_is_seen_or_masked_once_and_the_count_is_exact(mask, grid, share, weighted, seed) -> None:
    places = grid[1] * grid[2]
    visible = grid[0] * min(places - 1, max(1, round(share * places)))
    weight = np.random.default_rng(seed).random((3, grid[0] * places)) if weighted else None
    found = draw(mask, grid, visible, generators(seed, 0, _names(3), "mask"), weight)
    assert found.visible.shape == (3, visible)
    for seen, hidden in zip(found.visible.tolist(), found.masked.tolist(), strict=True):
        assert sorted(seen + hidden) == list(range(grid[0] * places))
        assert seen == sorted(seen)
        assert hidden == sorted(hidden)


@pytest.mark.parametrize("mask", [Tube(), Random(), MultiBlock(blocks=3, scale=0.3), SHORT_RANGE, LONG_RANGE])
def test_no_step_and_no_mirrored_place_is_favoured(mask: Mask) -> None:
    grid, clips = (4, 6, 6), 600
    found = draw(mask, grid, 24, generators(1, 0, _names(clips), "mask"))
    often = np.bincount(found.visible.flatten().numpy(), minlength=144).reshape(grid) / clips
    share, spread = 24 / 144, (24 / 144 * 120 / 144 / clips) ** 0.5
    assert np.abs(often.mean(axis=(1, 2)) - share).max() < 3 * spread  # cutting at the first indices fails here
    top, left = often[:, :3].mean(), often[:, :, :3].mean()
    assert top == pytest.approx(share, abs=0.012)
    assert left == pytest.approx(share, abs=0.012)
    if isinstance(mask, Tube | Random):
        assert np.abs(often - share).max() < 5 * spread


def test_a_tube_shows_the_same_places_at_all_times() -> None:
    found = draw(Tube(), (3, 4, 4), 12, generators(0, 0, _names(5), "mask"))
    places = found.visible.reshape(5, 3, 4).numpy() - 16 * np.arange(3)[None, :, None]
    assert (places == places[:, :1]).all()


def test_what_the_blocks_hide_is_not_seen_while_enough_is_left() -> None:
    mask = MultiBlock(blocks=1, scale=0.25, aspect=(1.0, 1.0))
    found = draw(mask, (2, 8, 8), 90, generators(0, 0, _names(40), "mask"))
    for hidden in found.masked.tolist():
        steps = np.isin(np.arange(128), hidden).reshape(2, 8, 8)
        always = steps.all(axis=0)
        assert any(
            always[top : top + 4, left : left + 4].all() for top in range(5) for left in range(5)
        )  # a block of a quarter of the picture, through all of time


def test_weights_draw_the_visible() -> None:
    weight = np.ones((400, 32))
    weight[:, :8] = 9.0
    numbers = generators(0, 0, _names(400), "mask")
    found = draw(Random(), (2, 4, 4), 1, numbers, weight).visible.flatten().numpy()
    assert (found < 8).mean() == pytest.approx(72 / 96, abs=0.07)
    tube = draw(Tube(), (2, 4, 4), 2, generators(0, 0, _names(400), "mask"), weight).visible[:, 0].numpy()
    assert (tube < 8).mean() == pytest.approx(40 / 48, abs=0.07)  # 8 places of weight 5 on average, 8 of 1


def test_draws_depend_on_the_name_alone() -> None:
    alone = draw(SHORT_RANGE, (2, 6, 6), 10, generators(3, 5, ["b"], "mask"))
    among = draw(SHORT_RANGE, (2, 6, 6), 10, generators(3, 5, ["a", "b", "c"], "mask"))
    assert (alone.visible[0] == among.visible[1]).all()
    for other in (
        generators(3, 6, ["b"], "mask"),
        generators(4, 5, ["b"], "mask"),
        generators(3, 5, ["b"], "x"),
    ):
        assert (draw(SHORT_RANGE, (2, 6, 6), 10, other).visible != alone.visible).any()


def test_a_subset_is_part_of_its_row() -> None:
    masks = draw(Random(), (2, 4, 4), 8, generators(0, 0, _names(4), "mask"))
    found = subset(masks.masked, 0.25, generators(0, 0, _names(4), "queries"))
    assert found.shape == (4, 6)
    for part, whole in zip(found.tolist(), masks.masked.tolist(), strict=True):
        assert len(set(part)) == 6
        assert set(part) <= set(whole)


@pytest.mark.parametrize(("mask", "visible"), [(Random(), 0), (Random(), 32), (Tube(), 7)])
def test_impossible_counts_are_refused(mask: Mask, visible: int) -> None:
    with pytest.raises(UsageError, match=r"visible|multiple"):
        draw(mask, (2, 4, 4), visible, generators(0, 0, ["a"], "mask"))
