"""Random numbers of a step that follow from seed, step and the sample's own name, and from nothing else.

So masks do not depend on the process, the micro-batch or the order in which samples come, and a resumed run
needs no state of a generator. Axes: B rows, n tokens to choose from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch


def generators(seed: int, step: int, ids: Sequence[str], purpose: str) -> list[np.random.Generator]:
    """One generator per sample; those of different purposes share no numbers."""
    return [np.random.Generator(np.random.PCG64(_key(seed, step, name, purpose))) for name in ids]


def subset(indices: torch.Tensor, share: float, numbers: Sequence[np.random.Generator]) -> torch.Tensor:
    """A random share of each row of indices (B, n), in rising place; at least one."""
    total = indices.shape[1]
    count = max(1, round(share * total))
    if count >= total:
        return indices
    chosen = np.stack([np.sort(np.argpartition(g.random(total), count - 1)[:count]) for g in numbers])
    return indices.gather(1, torch.from_numpy(chosen).to(indices.device))


def permutations(length: int, numbers: Sequence[np.random.Generator]) -> torch.Tensor:
    """A permutation of ``length`` per generator, (B, length) int64."""
    return torch.from_numpy(np.stack([g.permutation(length) for g in numbers]))


def drop_path(rate: float, depth: int, numbers: Sequence[np.random.Generator]) -> torch.Tensor:
    """Factors of the branches, (depth, 2, B): 0, or 1 / (1 - its rate), which rises linearly to ``rate``."""
    rates = np.linspace(0, rate, depth) if depth > 1 else np.array([rate])
    kept = np.stack([g.random((depth, 2)) for g in numbers], axis=-1) >= rates[:, None, None]
    return torch.from_numpy((kept / (1 - rates)[:, None, None]).astype(np.float32))


def _key(seed: int, step: int, name: str, purpose: str) -> int:
    digest = hashlib.sha256(f"{seed}/{step}/{purpose}/{name}".encode()).digest()
    return int.from_bytes(digest[:16], "little")
