"""A shuffled order of any length, of which each place is computed by itself."""

from __future__ import annotations

import hashlib

_ROUNDS = 6


def place_of(turn: int, size: int, *, seed: int, name: str) -> int:
    """Which of ``size`` things a source shows at its ``turn``: every pass shows each once, in a new order."""
    number, position = divmod(turn, size)
    return shuffled(position, size, key=f"{seed} {number} {name}".encode())


def shuffled(position: int, size: int, *, key: bytes) -> int:
    """Where ``position`` goes in the permutation of ``range(size)`` that ``key`` names.

    A Feistel network over the next power of four, walked until it lands inside (Black and Rogaway 2002,
    cycle-walking): nothing of the size of the data is kept or shuffled.
    """
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    place = position
    while True:
        left, right = place >> half, place & mask
        for number in range(_ROUNDS):
            left, right = right, left ^ (_scrambled(right, number, key) & mask)
        place = left << half | right
        if place < size:
            return place


def _scrambled(value: int, number: int, key: bytes) -> int:
    digest = hashlib.blake2b(value.to_bytes(8, "little") + bytes([number]), key=key[:64], digest_size=8)
    return int.from_bytes(digest.digest(), "little")
