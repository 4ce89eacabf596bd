"""One seed for each purpose, all from the seed of the run; nothing global is seeded."""

from __future__ import annotations

import zlib

import numpy as np

from twlv.errors import UsageError


def derive(seed: int, purpose: str) -> int:
    """The 32-bit seed of ``purpose``, from the seed of the run and the purpose's name alone.

    It depends on nothing else (not on the data, nor on what was drawn before), by numpy's ``SeedSequence``.

    Raises:
        UsageError: a negative seed.
    """
    if seed < 0:
        raise UsageError(f"a seed is a whole number from 0 up, got {seed}")
    sequence = np.random.SeedSequence([seed, zlib.crc32(purpose.encode())])
    return int(sequence.generate_state(1)[0])
