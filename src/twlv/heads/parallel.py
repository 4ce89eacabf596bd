"""Work of numpy on several cores: its loops over arrays run beside one another in threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Part = TypeVar("Part")
Found = TypeVar("Found")


def num_workers() -> int:
    """How many threads to use: as many as torch does (``OMP_NUM_THREADS``), at most 8."""
    return min(torch.get_num_threads(), os.cpu_count() or 1, 8)


def in_threads(work: Callable[[Part], Found], parts: Iterable[Part]) -> list[Found]:
    """``work`` of each part, in the order of the parts; an exception of one is raised here."""
    with ThreadPoolExecutor(num_workers()) as pool:
        return list(pool.map(work, parts))
