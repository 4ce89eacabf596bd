"""Build other people's modules without moving the global random state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def without_random_state() -> Iterator[None]:
    """Within it, whatever is drawn from torch's global CPU generator is given back afterwards."""
    with torch.random.fork_rng(devices=[]):
        yield
