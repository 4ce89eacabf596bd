"""How far a similarity computed in a fast number format can be from the true one.

A computed similarity s' of a true s obeys ``|s' - s| <= absolute + relative |s'|``.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from twlv.heads.parallel import in_threads
from twlv.nn.precision import has_bfloat16_instructions
from twlv.types import FloatArray


def filter_formats(device: torch.device) -> tuple[torch.dtype, ...]:
    """Formats from coarse to fine, those that the device is fast in; the last is float64."""
    if device.type == "cpu" and has_bfloat16_instructions():
        return torch.bfloat16, torch.float32, torch.float64
    return torch.float32, torch.float64


class Bound:
    """The error of one format on the rows of one bank (vectors from ``to_unit``).

    Float64 is exact on such vectors. A float32 sum of D products is off by at most D + 2 rounding units of
    the sum of their magnitudes, which is at most 1 (Higham, Accuracy and Stability of Numerical Algorithms,
    section 3.1); twice that is taken. In bfloat16 both vectors are rounded, which moves a similarity by no
    more than the length of what was rounded away (Cauchy-Schwarz); the sum is held in float32 and rounded
    once at the end.
    """

    def __init__(self, dtype: torch.dtype, bank: FloatArray) -> None:
        self.dtype = dtype
        self.exact = dtype == torch.float64
        self.relative = 1.01 * 2.0**-8 if dtype == torch.bfloat16 else 0.0
        self._sum = 0.0 if self.exact else (bank.shape[1] + 2) * 2.0**-23 + 1e-7
        self._bank_loss = _rounding_loss(bank) if dtype == torch.bfloat16 else 0.0

    def absolute(self, queries: FloatArray) -> float:
        """The bound for a block of queries."""
        if self.dtype != torch.bfloat16:
            return self._sum
        loss = _rounding_loss(queries)
        return self._sum + loss * (1 + self._bank_loss) + self._bank_loss


def _rounding_loss(rows: FloatArray, block: int = 256) -> float:
    """The largest length of what rounding to bfloat16 takes away from a row."""
    blocks = (rows[start : start + block] for start in range(0, len(rows), block))
    return 1.0001 * max(in_threads(_block_loss, blocks), default=0.0) + 1e-9


def _block_loss(rows: FloatArray) -> float:
    """To nearest, ties to even: the upper 16 bits of a float32 after adding just under half their unit."""
    bits = rows.view(np.uint32)
    kept = (bits + (np.uint32(0x7FFF) + ((bits >> 16) & np.uint32(1)))) & np.uint32(0xFFFF0000)
    lost = rows - kept.view(np.float32)
    return math.sqrt(float(np.square(lost, out=lost).sum(axis=1).max()))
