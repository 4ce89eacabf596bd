"""Random numbers of one clip: from (seed, epoch, video, view), whatever was read before or beside it."""

from __future__ import annotations

import hashlib
import zlib

import numpy as np

from twlv.errors import UsageError


def clip_random(
    seed: int, epoch: int, video_id: str, view: int = 0, *, purpose: str = ""
) -> np.random.Generator:
    """The generator of one clip, or of one ``purpose`` (crop, time, ...) of it.

    Each purpose has its own, so switching the flip on does not move the crop. Raises UsageError for a number
    below 0.
    """
    if min(seed, epoch, view) < 0:
        raise UsageError(f"seed, epoch and view are whole numbers from 0 up, got {seed}, {epoch}, {view}")
    name = hashlib.sha256(video_id.encode()).digest()
    words = [int.from_bytes(name[start : start + 4], "little") for start in range(0, 16, 4)]
    return np.random.default_rng([seed, epoch, view, zlib.crc32(purpose.encode()), *words])
