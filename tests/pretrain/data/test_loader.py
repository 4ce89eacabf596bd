"""Batches by number: whatever was read before, by whomever, on however many ranks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from twlv.errors import InputError, TwlvError, UsageError
from twlv.pretrain.batch import Batch
from twlv.pretrain.data import (
    ClipForm,
    DataSettings,
    Failures,
    Loader,
    Mixture,
    Read,
    SourceSettings,
    Stored,
    Synthetic,
    open_loader,
)
from twlv.pretrain.data.readers import Job
from twlv.pretrain.data.readers import _answer as answer

FORM = ClipForm(num_frames=3, size_px=12, strides=(1, 2), flow_every_px=4)


def settings(videos: Path, **more: Any) -> DataSettings:
    return DataSettings(
        clips=(
            SourceSettings(kind="videos", name="real", path=str(videos), weight=0.6),
            SourceSettings(kind="synthetic", name="drawn", weight=0.4),
        ),
        images=(SourceSettings(kind="synthetic", name="drawn"),),
        num_clips=8,
        num_images=4,
        form=FORM,
        **more,
    )


def same(a: Batch, b: Batch) -> bool:
    assert a.images is not None
    assert b.images is not None
    assert a.displacement is not None
    assert b.displacement is not None
    return (
        a.ids == b.ids
        and a.image_ids == b.image_ids
        and torch.equal(a.frames, b.frames)
        and torch.equal(a.images, b.images)
        and torch.equal(a.displacement.nan_to_num(99), b.displacement.nan_to_num(99))
    )


@pytest.fixture(scope="module")
def expected(videos: Path) -> list[Batch]:
    """Steps 0 to 3, in the calling thread."""
    with open_loader(settings(videos, workers=0), seed=7) as loader:
        return [loader.batch(step) for step in range(4)]


def test_a_batch_has_what_was_asked_for(expected: list[Batch]) -> None:
    (first, *others) = expected
    assert first.frames.shape == (8, 3, 3, 12, 12)
    assert first.images is not None
    assert first.images.shape == (4, 3, 12, 12)
    assert first.displacement is not None
    assert first.displacement.shape == (8, 2, 2, 3, 3)
    names = [name for batch in expected for name in (*batch.ids, *batch.image_ids)]
    assert len(set(first.ids)) == 8
    assert {name.split("/")[0] for name in names} == {"real", "drawn"}
    assert not any(same(first, other) for other in others)


def test_a_displacement_is_known_of_drawn_clips_only(expected: list[Batch]) -> None:
    for batch in expected:
        assert batch.displacement is not None
        for name, moved in zip(batch.ids, batch.displacement, strict=True):
            assert moved.isnan().all() if name.startswith("real") else moved.isfinite().all()


@pytest.mark.parametrize("workers", [1, 4])
def test_threads_change_no_byte(videos: Path, expected: list[Batch], workers: int) -> None:
    threads = torch.get_num_threads()
    with open_loader(settings(videos, workers=workers), seed=7) as loader:
        assert all(same(loader.batch(step), batch) for step, batch in enumerate(expected))
    assert torch.get_num_threads() == threads


def test_processes_change_no_byte_and_their_death_is_told(videos: Path, expected: list[Batch]) -> None:
    with open_loader(settings(videos, workers=1, processes=True), seed=7) as loader:
        assert all(same(loader.batch(step), batch) for step, batch in enumerate(expected))
        (worker,) = loader._readers._processes
        worker.process.kill()
        with pytest.raises(TwlvError, match="has died"):
            loader.batch(100)


def test_a_run_goes_on_at_any_step(videos: Path, expected: list[Batch]) -> None:
    with open_loader(settings(videos, workers=2), seed=7) as loader:
        assert same(loader.batch(2), expected[2])
        assert same(loader.batch(3), expected[3])
        assert same(loader.batch(0), expected[0])
        assert same(loader.batch(0), expected[0])


def test_ranks_together_have_the_batch_of_one_process(videos: Path, expected: list[Batch]) -> None:
    parts = []
    for rank in range(2):
        with open_loader(settings(videos, workers=0), seed=7, world=2, rank=rank) as loader:
            parts.append(loader.batch(1))
    whole = expected[1]
    assert torch.equal(torch.cat([part.frames for part in parts]), whole.frames)
    assert parts[0].ids + parts[1].ids == whole.ids
    assert parts[0].image_ids + parts[1].image_ids == whole.image_ids
    assert whole.images is not None
    assert torch.equal(torch.cat([part.images for part in parts if part.images is not None]), whole.images)


def test_another_seed_is_another_run(videos: Path, expected: list[Batch]) -> None:
    with open_loader(settings(videos, workers=0), seed=8) as loader:
        assert not same(loader.batch(0), expected[0])


def test_images_are_no_stills_of_the_clips_beside_them() -> None:
    form = ClipForm(num_frames=1, size_px=16)
    mixture = Mixture(sources=(Synthetic(form=form),), weights=(1,))
    with Loader(mixture, num_clips=2, images=mixture, num_images=2, workers=0) as loader:
        batch = loader.batch(0)
    assert batch.images is not None
    assert not torch.equal(batch.frames[:, 0], batch.images)


def mixture(*sources: Any) -> Mixture:
    return Mixture(sources=sources, weights=(1.0,) * len(sources))


def test_crops_of_a_draw_stand_side_by_side(make: Any) -> None:
    source = make.Counting(form=replace(make.tiny, crops=2))
    with Loader(mixture(source), num_clips=6, workers=0) as loader:
        assert loader.batch(1).ids == tuple(f"counting/@{turn}.{crop}" for turn in (3, 4, 5) for crop in (0, 1))


def test_the_next_batches_are_read_ahead_and_no_more(make: Any) -> None:
    source = make.Counting()
    with Loader(mixture(source), num_clips=8, workers=1, ahead=2) as loader:
        loader.batch(0)
    assert set(source.asked) <= set(range(24))
    source.asked.clear()
    with Loader(mixture(source), num_clips=8, workers=1, ahead=1) as loader:
        loader.batch(5)
        loader.batch(6)
        loader.batch(7)
    assert sorted(source.asked)[: 3 * 8] == list(range(40, 64))
    assert len(source.asked) == len(set(source.asked)) <= 4 * 8


class Slow:
    """A source that waits for leave, and knows how many wait beside it."""

    name, chunk, gives_flow, refused = "slow", 1, False, ()

    def __init__(self, make: Any) -> None:
        self.form, self._make, self.together = make.tiny, make, threading.Barrier(4, timeout=20)

    def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
        self.together.wait()
        return self._make.Counting("slow").read(turns, seed=seed)  # type: ignore[no-any-return]


def test_workers_read_at_the_same_time(make: Any) -> None:
    with Loader(mixture(Slow(make)), num_clips=4, workers=4, ahead=0) as loader:
        assert len(loader.batch(0).ids) == 4
    assert loader.waited_seconds > 0


class Faulty:
    """A source with an error of its own."""

    name, chunk, gives_flow, refused = "faulty", 1, False, ()

    def __init__(self, make: Any) -> None:
        self.form = make.tiny

    def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
        raise InputError("the disk is gone")


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_of_a_source_reaches_the_caller(make: Any, workers: int) -> None:
    with (
        Loader(mixture(Faulty(make)), num_clips=4, workers=workers) as loader,
        pytest.raises(InputError, match="the disk is gone"),
    ):
        loader.batch(0)


def test_what_goes_wrong_in_a_process_is_sent_as_words(make: Any) -> None:
    """An error is not pickled: some of ours would not survive it."""

    class Broken(Faulty):
        def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
            raise ZeroDivisionError("a mistake")

    job = Job(source=0, turns=(0,), seed=0)
    assert answer([Faulty(make)], job) == ("input", "the disk is gone")
    kind, words = answer([Broken(make)], job)
    assert (kind, "ZeroDivisionError: a mistake" in words) == ("error", True)


def test_failures_do_not_depend_on_workers(tmp_path: Path, make: Any) -> None:
    for number in range(3):
        make.mp4(tmp_path / f"v{number}.mp4", level=60 * number)
    (tmp_path / "broken.mp4").write_bytes(b"not a video at all" * 50)
    (tmp_path / "empty.mp4").touch()
    found = []
    for workers in (0, 3):
        given = replace(settings(tmp_path, workers=workers), max_failed_share=0.9)
        with open_loader(given, seed=1) as loader:
            ids = [loader.batch(step).ids for step in range(5)]
            found.append((ids, loader.failures.seen, loader.failures.draws))
    assert found[0] == found[1]
    assert {(one.item_id, one.reason.split(":")[0]) for one in found[0][1]} == {
        ("broken.mp4", "not_a_video"),
        ("empty.mp4", "empty"),
    }
    assert not any("broken" in name or "empty" in name for ids in found[0][0] for name in ids)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rank": 1},
        {"rank": -1},
        {"world": 3},
        {"num_clips": 5, "world": 2},
        {"seed": -1},
        {"num_images": 2},
        {"workers": -1},
        {"workers": 0, "processes": True},
    ],
)
def test_numbers_that_do_not_fit_are_refused(make: Any, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"num_clips": 4, "workers": 0, **wrong}
    with pytest.raises(UsageError):
        Loader(mixture(make.Counting()), **given)
    with pytest.raises(UsageError, match="1 frame"):
        Loader(mixture(make.Counting()), num_clips=1, images=mixture(make.Counting()), num_images=1, workers=0)
    with (
        Loader(mixture(make.Counting()), num_clips=1, workers=0) as loader,
        pytest.raises(UsageError, match="from 0"),
    ):
        loader.batch(-1)


def test_failures_of_batches_that_are_not_asked_for_are_not_counted(make: Any) -> None:
    source = Stored(name="n", entries=make.Numbers(6, broken=(1,)), form=make.tiny)
    with Loader(mixture(source), num_clips=6, workers=2, ahead=3) as loader:
        loader.batch(0)
        assert loader.failures.draws == 6 + loader.failures.failed
        first = loader.failures.failed
        loader.batch(9)
    assert loader.failures.draws == 12 + loader.failures.failed
    assert first >= 1


def test_a_loader_keeps_the_failures_it_is_given(make: Any) -> None:
    failures = Failures()
    with Loader(mixture(make.Counting()), num_clips=4, workers=0, failures=failures) as loader:
        loader.batch(0)
    assert (loader.failures is failures, failures.draws) == (True, 4)
    assert failures.summary() == "0 of 4 draws failed"
