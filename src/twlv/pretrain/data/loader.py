"""Batches by number: the same for a step whatever was read before, and by however many workers.

Axis letters: B clips, I images, T frames, C colours, S side of the square.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import torch

from twlv.errors import UsageError
from twlv.pretrain.batch import Batch
from twlv.pretrain.data.failures import Failures
from twlv.pretrain.data.mixture import Mixture
from twlv.pretrain.data.readers import Awaited, Job, Readers
from twlv.pretrain.data.source import Item, Read

OF_IMAGES = 1 << 32
"""Added to the seed for images, so that they are not stills of the clips beside them."""


_UnderWay: TypeAlias = list[tuple[Awaited, tuple[int, ...]]]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One of the two mixtures: ``count`` items of a rank's batch, in ``count / crops`` draws."""

    mixture: Mixture
    count: int
    seed: int
    first_source: int

    @property
    def draws(self) -> int:
        return self.count // self.mixture.form.crops

    def jobs(self, step_and_rank: int, workers: int) -> list[tuple[Job, tuple[int, ...]]]:
        """The draws of a batch by source, and for each which slots of the batch it fills."""
        by_source: dict[int, list[tuple[int, int]]] = {}
        for slot in range(self.draws):
            source, turn = self.mixture.turn(step_and_rank * self.draws + slot, seed=self.seed)
            by_source.setdefault(source, []).append((turn, slot))
        jobs = []
        for source, pairs in sorted(by_source.items()):
            size = max(1, min(self.mixture.sources[source].chunk, -(-len(pairs) // max(1, workers))))
            for start in range(0, len(pairs), size):
                turns, slots = zip(*pairs[start : start + size], strict=True)
                jobs.append((Job(source=self.first_source + source, turns=turns, seed=self.seed), slots))
        return jobs


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pending:
    """A batch under way: per part the futures and the slots that they fill."""

    parts: tuple[_UnderWay, ...]

    def cancel(self) -> None:
        for part in self.parts:
            for awaited, _ in part:
                awaited.cancel()


class Loader:
    """Batches of ``num_clips`` clips and ``num_images`` images over all ranks together.

    Draw n of the run is slot n modulo the batch of step n / batch, and rank r of w has the r-th of w equal
    parts of it: the ranks together have the clips that one process would have. ``batch(step)`` may be asked
    for any step, so a run that goes on at step s just asks for s. ``ahead`` batches are read in advance.

    ``failures`` counts and lists what could not be read, on this rank; see ``Stored`` for what comes instead.

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
        self._world, self._rank, self._workers = world, rank, workers
        self._ahead = ahead if workers else 0
        self._parts = _parts(clips, num_clips, images, num_images, seed=seed, world=world)
        self.failures = failures or Failures()
        sources = [source for part in self._parts for source in part.mixture.sources]
        for source in sources:
            self.failures.leave_out(source)
        self._readers = Readers(sources, workers=workers, processes=processes)
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
        found = self._finished(self._pending.pop(step))
        self.waited_seconds += time.perf_counter() - started
        return found

    def close(self) -> None:
        """Stop reading."""
        for pending in self._pending.values():
            pending.cancel()
        self._pending.clear()
        self._readers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _begin(self, step: int) -> _Pending:
        number = step * self._world + self._rank
        return _Pending(
            parts=tuple(
                [(self._readers.submit(job), slots) for job, slots in part.jobs(number, self._workers)]
                for part in self._parts
            )
        )

    def _finished(self, pending: _Pending) -> Batch:
        items = [
            self._items(part, under_way) for part, under_way in zip(self._parts, pending.parts, strict=True)
        ]
        clips, images = items[0], items[1] if len(items) > 1 else []
        form = self._parts[0].mixture.form
        shape = (0, form.num_frames, 3, form.size_px, form.size_px)
        return Batch(
            frames=torch.stack([item.frames for item in clips])
            if clips
            else torch.empty(shape, dtype=torch.uint8),
            images=torch.cat([item.frames for item in images]) if images else None,
            displacement=_displacement(self._parts[0].mixture, clips),
            ids=tuple(item.item_id for item in clips),
            image_ids=tuple(item.item_id for item in images),
        )

    def _items(self, part: _Part, under_way: Sequence[tuple[Awaited, tuple[int, ...]]]) -> list[Item]:
        """All items of one part in the order of their slots; failures are counted in that order, too."""
        by_slot: dict[int, Read] = {}
        for awaited, slots in under_way:
            by_slot.update(zip(slots, awaited.result(), strict=True))
        reads = [by_slot[slot] for slot in range(part.draws)]
        self.failures.count(reads)
        return [item for read in reads for item in read.items]


def _parts(
    clips: Mixture, num_clips: int, images: Mixture | None, num_images: int, *, seed: int, world: int
) -> tuple[_Part, ...]:
    parts = [_Part(mixture=clips, count=num_clips // world, seed=seed, first_source=0)]
    if images is not None:
        if images.form.num_frames != 1:
            raise UsageError(f"images are clips of 1 frame, got a form of {images.form.num_frames}")
        count, after = num_images // world, len(clips.sources)
        parts.append(_Part(mixture=images, count=count, seed=seed + OF_IMAGES, first_source=after))
    for what, number, part in zip(("clips", "images"), (num_clips, num_images), parts, strict=False):
        if number % (world * part.mixture.form.crops):
            crops = part.mixture.form.crops
            raise UsageError(
                f"{number} {what} a step are no multiple of {world} ranks x {crops} crops of a draw"
            )
    return tuple(parts)


def _frames(mixture: Mixture, clips: Sequence[Item]) -> torch.Tensor:
    form = mixture.form
    if not clips:
        return torch.empty(0, form.num_frames, 3, form.size_px, form.size_px, dtype=torch.uint8)
    return torch.stack([item.frames for item in clips])


def _displacement(mixture: Mixture, clips: Sequence[Item]) -> torch.Tensor | None:
    """Displacements (B, T - 1, 2, h, w), NaN for clips without; None where no source gives any."""
    if not mixture.gives_flow:
        return None
    shape = mixture.form.flow_shape
    found = torch.full((len(clips), *shape), torch.nan)
    for row, item in enumerate(clips):
        if item.displacement is not None:
            found[row] = item.displacement
    return found
