"""Threads that compute on one core each, while the caller goes on with as many as it had.

The number of threads inside an operation of torch is a setting of the thread that asks, and what a worker sets
is also what threads begin with that start later. So who starts workers of one core must put the number back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch


def stay_on_one_core() -> None:
    """In a thread or process of its own: what it computes takes one core."""
    torch.set_num_threads(1)
    torch.get_num_threads()  # a thread's first question makes the number its own: before others put it back


@contextmanager
def same_threads() -> Iterator[None]:
    """Whatever is started or set within, the caller's number of threads is afterwards what it was."""
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)  # also the number that threads begin with


@contextmanager
def one_core() -> Iterator[None]:
    """Within, the caller computes on one core: small operations would wait for their own threads."""
    with same_threads():
        stay_on_one_core()
        yield


def one_core_workers(number: int, name: str) -> ThreadPoolExecutor:
    """Workers on one core each, all started; the number of threads is the caller's own again."""
    pool = ThreadPoolExecutor(number, name, initializer=stay_on_one_core)
    together = threading.Barrier(number + 1)
    with same_threads():
        for _ in range(number):
            pool.submit(together.wait)
        together.wait()
    return pool
