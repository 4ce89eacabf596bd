from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.embedding.prefetch import prefetch


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 6), max_size=12), st.integers(0, 4), st.integers(1, 3))
def test_order_is_that_of_the_jobs_for_any_number_of_workers(jobs: list[int], workers: int, depth: int) -> None:
    seen = [(job, list(items)) for job, items in prefetch(jobs, range, workers=workers, depth=depth)]
    assert seen == [(job, list(range(job))) for job in jobs]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_an_error_stays_with_its_job(workers: int) -> None:
    def read(job: int) -> Iterator[int]:
        yield job
        if job == 1:
            raise ValueError("job one")

    seen: list[object] = []
    for job, items in prefetch([0, 1, 2], read, workers=workers):
        try:
            seen.append(list(items))
        except ValueError as error:
            seen.append((job, str(error)))
    assert seen == [[0], (1, "job one"), [2]]


def test_memory_is_bounded_by_workers_and_depth() -> None:
    lock = threading.Lock()
    produced = [0]

    def read(_: int) -> Iterator[int]:
        for n in range(1000):
            with lock:
                produced[0] += 1
            yield n

    stream = prefetch(list(range(50)), read, workers=2, depth=3)
    _, items = next(stream)
    next(items)
    time.sleep(0.2)  # readers run as far ahead as they may
    # at most 4 open jobs, each 3 queued items and one in the reader's hand, plus the one consumed
    assert produced[0] <= 4 * 4 + 1
    stream.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("twlv-read")]


def test_a_consumer_that_leaves_a_job_early_does_not_stall_the_others() -> None:
    seen = [next(items) for _, items in prefetch([5, 6, 7], range, workers=1, depth=1)]
    assert seen == [0, 0, 0]
