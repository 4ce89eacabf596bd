"""Read ahead: threads fill bounded queues while the caller consumes their streams in order.

Threads, because decoding and resizing release the interpreter lock; bounded, because one hour of clips does
not fit in memory. The order of what comes out depends on the jobs alone, never on timing.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from twlv.errors import UsageError
from twlv.threads import same_threads, stay_on_one_core

Job = TypeVar("Job")
Item = TypeVar("Item")


@dataclass(frozen=True)
class _End:
    """The last thing in a stream: the error that ended it, or None."""

    error: BaseException | None


@dataclass
class _Stream(Generic[Item]):
    """One job's items on their way from a reader to the consumer."""

    items: queue.Queue[Item | _End]
    abandoned: threading.Event = field(default_factory=threading.Event)

    def put(self, item: Item | _End) -> bool:
        """Wait for room; False if nobody wants the item any more."""
        while not self.abandoned.is_set():
            try:
                self.items.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[Item]:
        while True:
            item = self.items.get()
            if not isinstance(item, _End):
                yield item
            elif item.error is None:
                return
            else:
                raise item.error


def prefetch(
    jobs: Sequence[Job],
    read: Callable[[Job], Iterable[Item]],
    *,
    workers: int = 1,
    depth: int = 2,
) -> Generator[tuple[Job, Iterator[Item]], None, None]:
    """Yield every job with the iterator of what ``read`` gives for it, in the order of ``jobs``.

    ``workers`` jobs are read at once, at most ``2 * workers`` are open or waiting, and each holds at most
    ``depth`` items, so memory is bounded by ``2 * workers * depth`` items whatever the length of a job. An
    error inside ``read`` is raised by that job's own iterator; the other jobs go on. Each worker computes on
    one core. ``workers=0`` reads in the calling thread. Closing the generator stops the threads. Raises
    UsageError for fewer than 0.
    """
    if workers < 0:
        raise UsageError(f"workers must be 0 or more (0: no threads), got {workers}")
    if workers == 0:
        return ((job, iter(read(job))) for job in jobs)
    return _read_ahead(jobs, read, workers, depth)


def _read_ahead(
    jobs: Sequence[Job],
    read: Callable[[Job], Iterable[Item]],
    workers: int,
    depth: int,
) -> Generator[tuple[Job, Iterator[Item]], None, None]:
    unread: queue.Queue[tuple[_Stream[Item], Job] | None] = queue.Queue()
    ahead: deque[tuple[Job, _Stream[Item]]] = deque()

    def open_next(count: int) -> None:
        for job in itertools.islice(remaining, count):
            stream: _Stream[Item] = _Stream(queue.Queue(maxsize=depth))
            ahead.append((job, stream))
            unread.put((stream, job))

    def work() -> None:
        stay_on_one_core()
        started.wait()
        while (taken := unread.get()) is not None:
            stream, job = taken
            if not stream.abandoned.is_set():
                _fill(stream, read, job)

    started = threading.Barrier(workers + 1)
    remaining = iter(jobs)
    open_next(2 * workers)
    threads = [threading.Thread(target=work, name=f"twlv-read-{n}", daemon=True) for n in range(workers)]
    with same_threads():
        for thread in threads:
            thread.start()
        started.wait()
    try:
        while ahead:
            job, stream = ahead[0]
            yield job, iter(stream)
            stream.abandoned.set()  # a consumer that left early frees the reader
            ahead.popleft()
            open_next(1)
    finally:
        for _, stream in ahead:
            stream.abandoned.set()
        for _ in threads:
            unread.put(None)
        for thread in threads:
            thread.join()


def _fill(stream: _Stream[Item], read: Callable[[Job], Iterable[Item]], job: Job) -> None:
    """Read one job to its end; whatever goes wrong travels to the consumer."""
    error: BaseException | None = None
    try:
        for item in read(job):
            if not stream.put(item):
                return
    except BaseException as caught:  # noqa: BLE001 - re-raised in the consumer's thread
        error = caught
    stream.put(_End(error))
