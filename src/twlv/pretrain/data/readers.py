"""Where clips are read: in the calling thread, in threads, or in processes. What is read is the same."""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

import torch

from twlv.errors import InputError, TwlvError, UsageError
from twlv.pretrain.data.source import Item, Read, Source
from twlv.threads import one_core_workers, stay_on_one_core
from twlv.types import FloatArray

Packed: TypeAlias = list[tuple[Read, list[Any]]]


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

    Threads share a pool in memory; Python code in them takes turns. Processes do not, but each loads the
    program again and keeps its own copy of every list and pool; scripts that use them need the usual
    ``if __name__ == "__main__"``. Every worker computes on one core. Raises UsageError.
    """

    def __init__(self, sources: Sequence[Source], *, workers: int, processes: bool) -> None:
        if workers < 0 or (processes and not workers):
            raise UsageError(f"workers are 0 or more, and 1 or more processes, got {workers}")
        self._sources = tuple(sources)
        self._processes = [_Process(self._sources) for _ in range(workers if processes else 0)]
        self._free: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._processes:
            self._free.put(process)
        self._threads = one_core_workers(workers, "twlv-data") if workers else None

    def submit(self, job: Job) -> Awaited:
        """Have a job read; without workers it is read when it is asked for."""
        if self._threads is None:
            return Awaited(result=partial(_read, self._sources, job))
        work = partial(self._elsewhere, job) if self._processes else partial(_read, self._sources, job)
        future = self._threads.submit(work)
        return Awaited(result=future.result, cancel=future.cancel)

    def close(self) -> None:
        """Stop the workers; what was submitted and not begun is dropped."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.close()

    def _elsewhere(self, job: Job) -> list[Read]:
        """In the next free process. There are as many as threads, so one is free."""
        process = self._free.get()
        try:
            return process.read(job)
        finally:
            self._free.put(process)


def _read(sources: Sequence[Source], job: Job) -> list[Read]:
    return sources[job.source].read(job.turns, seed=job.seed)


# ---------------------------------------------------------------- processes


class _Process:
    """A process and the only pipe to it: when one side dies, even within a clip, the other sees it."""

    def __init__(self, sources: Sequence[Source]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=_serve, args=(theirs, sources), daemon=True, name="twlv-data")
        self.process.start()
        theirs.close()

    def read(self, job: Job) -> list[Read]:
        """What the process read. Raises TwlvError if it died."""
        try:
            self._pipe.send(job)
            kind, answer = self._pipe.recv()
        except (EOFError, OSError):
            self.process.join(timeout=5)
            code = self.process.exitcode
            raise TwlvError(
                f"a process that reads clips has died (exit code {code}; -9: killed, perhaps for memory); "
                "take fewer workers, or threads"
            ) from None
        if kind == "input":
            raise InputError(answer)
        if kind == "error":
            raise TwlvError(f"a process that reads clips failed:\n{answer}")
        return _unpacked(answer)

    def close(self) -> None:
        """Let it end, or end it."""
        self._pipe.close()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _serve(pipe: Connection, sources: Sequence[Source]) -> None:
    """Answer jobs until the parent is gone, on one core; the keyboard's interruption is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stay_on_one_core()
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(_answer(sources, pipe.recv()))


def _answer(sources: Sequence[Source], job: Job) -> tuple[str, Packed | str]:
    try:
        return "read", [_packed(read) for read in _read(sources, job)]
    except InputError as error:
        return "input", str(error)
    except Exception:  # noqa: BLE001 - raised again in the parent
        return "error", traceback.format_exc()


def _packed(read: Read) -> tuple[Read, list[Any]]:
    """The tensors as arrays beside it: torch would send each as an open file."""
    arrays = [(item.item_id, item.frames.numpy(), _array(item.displacement)) for item in read.items]
    return replace(read, items=()), arrays


def _array(moved: torch.Tensor | None) -> FloatArray | None:
    return None if moved is None else moved.numpy()


def _unpacked(packed: Packed) -> list[Read]:
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
