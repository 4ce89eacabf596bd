"""Batches by number: the same for a step whatever was read before, and by however many workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self, TypeAlias, cast

from twlv.errors import UsageError
from twlv.pretrain.batch import Batch
from twlv.pretrain.data.failures import Failures
from twlv.pretrain.data.mixture import Mixture
from twlv.pretrain.data.readers import Awaited, Readers
from twlv.pretrain.data.slots import batch_of, parts
from twlv.pretrain.data.source import Read
from twlv.threads import one_core_workers

UnderWay: TypeAlias = list[tuple[Awaited, tuple[int, ...]]]
"""Jobs of one part of a batch, and the slots that each fills."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pending:
    """A batch under way: its jobs by part, and what waits for them and puts them together."""

    parts: tuple[UnderWay, ...]
    result: Callable[[], tuple[list[Read], Batch | None]]

    def cancel(self) -> None:
        for part in self.parts:
            for awaited, _ in part:
                awaited.cancel()


class Loader:
    """Batches of ``num_clips`` clips and ``num_images`` images over all ranks together.

    Draw n of the run is slot n modulo the batch of step n / batch, and rank r of w has the r-th of w equal
    parts of it: the ranks together have the clips that one process would have. ``batch(step)`` may be asked
    for any step, so a run that goes on at step s just asks for s. ``ahead`` batches are read in advance, and
    put together by a thread of their own.

    ``failures`` counts and lists what could not be read, on this rank, in batches that were handed out; see
    ``Stored`` for what comes instead. ``waited_seconds`` is how long ``batch`` has taken in all.

    Raises:
        UsageError: numbers that do not divide, or an image mixture of clips.
    """

    def __init__(
        self,
        clips: Mixture,
        *,
        num_clips: int,
        images: Mixture | None = None,
        num_images: int = 0,
        seed: int = 0,
        world: int = 1,
        rank: int = 0,
        workers: int = 1,
        processes: bool = False,
        ahead: int = 2,
        failures: Failures | None = None,
    ) -> None:
        if not 0 <= rank < world or min(num_clips, seed, ahead) < 0 or (images is None) != (num_images == 0):
            raise UsageError(
                f"needs 0 <= rank < world, numbers from 0 up, and a mixture of images with num_images; got "
                f"rank {rank} of {world}, {num_clips} clips, {num_images} images, seed {seed}, ahead {ahead}"
            )
        self._clips, self._world, self._rank, self._workers = clips, world, rank, workers
        self._ahead = ahead if workers else 0
        self._parts = parts(clips, num_clips, images, num_images, seed=seed, world=world)
        self.failures = failures or Failures()
        sources = [source for part in self._parts for source in part.mixture.sources]
        for source in sources:
            self.failures.leave_out(source)
        self._readers = Readers(sources, workers=workers, processes=processes)
        self._assembler = one_core_workers(1, "twlv-batch") if workers else None
        self._pending: dict[int, _Pending] = {}
        self.waited_seconds = 0.0

    def batch(self, step: int) -> Batch:
        """The batch of one step (counted from 0) on this rank; the next ones are begun.

        Raises InputError when too much cannot be read, TwlvError when a worker process has died.
        """
        if step < 0:
            raise UsageError(f"steps are counted from 0, got {step}")
        started = time.perf_counter()
        wanted = range(step, step + self._ahead + 1)
        for other in [number for number in self._pending if number not in wanted]:
            self._pending.pop(other).cancel()
        for number in wanted:
            if number not in self._pending:
                self._pending[number] = self._begin(number)
        reads, found = self._pending.pop(step).result()
        self.waited_seconds += time.perf_counter() - started
        self.failures.count(reads)
        return cast(Batch, found)  # count raised if something is missing

    def close(self) -> None:
        """Stop reading."""
        for pending in self._pending.values():
            pending.cancel()
        self._pending.clear()
        self._readers.close()
        if self._assembler is not None:
            self._assembler.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _begin(self, step: int) -> _Pending:
        place = step * self._world + self._rank
        under_way = tuple(
            [(self._readers.submit(job), slots) for job, slots in part.jobs(place, self._workers)]
            for part in self._parts
        )
        assemble = partial(self._assembled, under_way)
        result = assemble if self._assembler is None else self._assembler.submit(assemble).result
        return _Pending(parts=under_way, result=result)

    def _assembled(self, under_way: tuple[UnderWay, ...]) -> tuple[list[Read], Batch | None]:
        """All reads in the order of their slots, clips first; and the batch, if all gave something."""
        reads = [_in_order(part) for part in under_way]
        every = [read for part in reads for read in part]
        if not all(read.items for read in every):
            return every, None
        return every, batch_of(self._clips, reads[0], reads[1] if len(reads) > 1 else [])


def _in_order(part: UnderWay) -> list[Read]:
    by_slot: dict[int, Read] = {}
    for awaited, slots in part:
        by_slot.update(zip(slots, awaited.result(), strict=True))
    return [by_slot[slot] for slot in range(len(by_slot))]
