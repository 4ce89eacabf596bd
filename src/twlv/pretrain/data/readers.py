"""Where clips are read: in the calling thread, in threads, or in processes. What is read is the same."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from twlv.errors import UsageError
from twlv.pretrain.data.source import Item, Read, Source
from twlv.types import FloatArray


@dataclass(frozen=True, kw_only=True)
class Job:
    """Turns of one source (its number among all) that are read together."""

    source: int
    turns: tuple[int, ...]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """What a job will give: ``result`` waits for it, ``cancel`` drops it if it has not begun."""

    result: Callable[[], list[Read]]
    cancel: Callable[[], object] = bool


class Readers:
    """``workers`` threads, or processes, that read jobs; 0: the calling thread does.

    Threads start at once and share a pool in memory; Python code in them takes turns. Processes do not, but
    each loads the program again and keeps its own copy of every pool; scripts that use them need the usual
    ``if __name__ == "__main__"``. Every worker computes on one core. Raises UsageError.
    """

    def __init__(self, sources: Sequence[Source], *, workers: int, processes: bool) -> None:
        if workers < 0 or (processes and not workers):
            raise UsageError(f"workers are 0 or more, and 1 or more processes, got {workers}")
        self._sources = tuple(sources)
        self._processes = processes
        self._pool = _start(self._sources, workers, processes) if workers else None

    def submit(self, job: Job) -> Awaited:
        """Have a job read; without workers it is read when it is asked for."""
        if self._pool is None:
            return Awaited(result=partial(_read, self._sources, job))
        if not self._processes:
            future = self._pool.submit(_read, self._sources, job)
            return Awaited(result=future.result, cancel=future.cancel)
        packed = self._pool.submit(_read_packed, job)
        return Awaited(result=lambda: _unpacked(packed.result()), cancel=packed.cancel)

    def close(self) -> None:
        """Stop the workers; what was submitted and not begun is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _read(sources: Sequence[Source], job: Job) -> list[Read]:
    return sources[job.source].read(job.turns, seed=job.seed)


def _start(sources: tuple[Source, ...], workers: int, processes: bool) -> Executor:
    if processes:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, mp_context=spawn, initializer=_begin, initargs=(sources,))
    pool = ThreadPoolExecutor(workers, "twlv-data", initializer=torch.set_num_threads, initargs=(1,))
    together = threading.Barrier(workers + 1)
    for _ in range(workers):
        pool.submit(together.wait)
    together.wait()
    torch.set_num_threads(torch.get_num_threads())  # of threads that start later, and of this one, as before
    return pool


# ---------------------------------------------------------------- in a process of its own

_OWN: list[Source] = []


def _begin(sources: Sequence[Source]) -> None:
    """Set a worker process up: one core, no interruption by the keyboard, no life after its parent's."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _OWN[:] = sources
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_packed(job: Job) -> list[tuple[Read, list[Any]]]:
    """What was read, with the tensors as arrays beside it: torch would send each as an open file."""
    packed = []
    for read in _read(_OWN, job):
        arrays = [
            (
                item.item_id,
                item.frames.numpy(),
                None if item.displacement is None else item.displacement.numpy(),
            )
            for item in read.items
        ]
        packed.append((replace(read, items=()), arrays))
    return packed


def _array(moved: torch.Tensor | None) -> FloatArray | None:
    return None if moved is None else moved.numpy()


def _unpacked(packed: list[tuple[Read, list[Any]]]) -> list[Read]:
    found = []
    for read, arrays in packed:
        items = (
            Item(
                item_id=name,
                frames=torch.from_numpy(frames),
                displacement=None if moved is None else torch.from_numpy(moved),
            )
            for name, frames, moved in arrays
        )
        found.append(replace(read, items=tuple(items)))
    return found
