"""The procedural stream as a source, and clips kept in memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from twlv.errors import UsageError
from twlv.pretrain.data import ClipForm, Failed, Pool, Read, Synthetic
from twlv.video.synthetic import flow, pretrain_batch, pretrain_scenes

FORM = ClipForm(num_frames=4, size_px=15, crops=2, flow_every_px=3)


def test_clips_are_those_of_the_stream() -> None:
    reads = Synthetic(form=FORM, level=3).read([5, 2], seed=9)
    for turn, read in zip((5, 2), reads, strict=True):
        expected = pretrain_batch(9, turn, level=3, batch=2, num_frames=4, size_px=15)
        assert torch.equal(torch.stack([item.frames for item in read.items]), expected)


def test_displacements_are_exact_at_the_middle_of_each_cell() -> None:
    (read,) = Synthetic(form=FORM).read([7], seed=9)
    scenes = pretrain_scenes(9, 7, batch=2, num_frames=4)
    for item, scene in zip(read.items, scenes, strict=True):
        whole = flow(scene, 4, 15)
        assert item.displacement is not None
        assert item.displacement.shape == FORM.flow_shape == (3, 2, 5, 5)
        torch.testing.assert_close(item.displacement, whole[..., 1::3, 1::3], rtol=0, atol=1e-5)
    assert any(item.displacement.abs().max() > 0.1 for item in read.items if item.displacement is not None)


def test_no_displacement_is_made_unless_asked() -> None:
    source = Synthetic(form=ClipForm(num_frames=2, size_px=8))
    ((item,),) = [read.items for read in source.read([0], seed=0)]
    assert (item.displacement, source.gives_flow) == (None, False)
    assert not Synthetic(form=ClipForm(num_frames=1, size_px=8, flow_every_px=2)).gives_flow


def test_levels_that_there_are_not_are_refused() -> None:
    with pytest.raises(UsageError, match="levels"):
        Synthetic(form=FORM, level=6)


def shown(reads: list[Read]) -> list[str]:
    return [item.item_id for read in reads for item in read.items]


def test_a_pool_reads_each_turn_once_and_shows_all_in_every_pass(make: Any) -> None:
    source = make.Counting()
    pool = Pool(source=source, size=20)
    passes = [shown(pool.read(range(20 * k, 20 * k + 20), seed=3)) for k in range(3)]
    assert sorted(source.asked) == list(range(20))
    assert all(sorted(one) == sorted(passes[0]) for one in passes)
    assert len(set(map(tuple, passes))) == 3
    assert len(set(passes[0])) == 20


def test_a_pool_is_the_same_in_whatever_order_it_fills(make: Any) -> None:
    one, other = (Pool(source=Synthetic(form=FORM), size=6, flip=0.5) for _ in range(2))
    forwards = {turn: one.read([turn], seed=1)[0] for turn in range(12)}
    for turn in (11, 3, 7, 0):
        (read,) = other.read([turn], seed=1)
        for item, expected in zip(read.items, forwards[turn].items, strict=True):
            assert torch.equal(item.frames, expected.frames)


def test_a_pool_mirrors_what_it_shows_and_not_what_it_keeps() -> None:
    plain, coin = (Pool(source=Synthetic(form=FORM), size=1, flip=flip) for flip in (0.0, 0.5))
    (kept,) = plain.read([0], seed=0)
    original, mirrored = kept.items[0], kept.items[0].mirrored()
    seen = [coin.read([turn], seed=0)[0].items[0] for turn in range(40)]
    flipped = [torch.equal(item.frames, mirrored.frames) for item in seen]
    assert 8 < sum(flipped) < 32
    for item, turned in zip(seen, flipped, strict=True):
        expected = mirrored if turned else original
        assert torch.equal(item.frames, expected.frames)
        assert item.displacement is not None
        assert expected.displacement is not None
        assert torch.equal(item.displacement, expected.displacement)


def test_failures_of_a_pool_are_told_once(make: Any) -> None:
    class Failing(make.Counting):  # type: ignore[misc, name-defined]
        def read(self, turns: Any, *, seed: int) -> list[Read]:
            bad = Failed(source="counting", item_id="bad", reason="corrupt")
            return [Read(items=read.items, failed=(bad,)) for read in super().read(turns, seed=seed)]

    pool = Pool(source=Failing(), size=3)
    told = [len(read.failed) for k in range(4) for read in pool.read(range(3 * k, 3 * k + 3), seed=0)]
    assert told == [1] * 3 + [0] * 9


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 1, "flip": 2.0}])
def test_pools_that_cannot_be_meant_are_refused(make: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Pool(source=make.Counting(), **wrong)
