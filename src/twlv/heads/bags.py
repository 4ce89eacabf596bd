"""Tokens in bags: what a pooler reads at once, and how a training loop asks for them.

Axis letters: n videos, m visits of a batch, b bags of a part, N tokens of a bag, D width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from twlv.types import FloatArray, IntArray

_PART = 2**26  # numbers of tokens in one part: 256 MB in float32


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Bags of equal length: ``tokens`` (b, N, D) of the visits ``index`` (b,) of a batch."""

    index: IntArray
    tokens: torch.Tensor


class Bags(Protocol):
    """The bags of tokens of n videos, numbered from 0."""

    @property
    def counts(self) -> IntArray:
        """Number of bags of each video, (n,)."""

    @property
    def dim(self) -> int:
        """Width of a token."""

    def visit(self, videos: IntArray, bags: IntArray, *, epoch: int | None = None) -> Iterator[FloatArray]:
        """Bag ``bags[i]`` of video ``videos[i]``, one (N, D) after the other.

        ``epoch`` asks for the features of that epoch of training, where these change; None for those that a
        video is judged by.
        """


def batches(
    bags: Bags, videos: IntArray, which: IntArray, size: int, *, epoch: int | None, device: torch.device
) -> Iterator[tuple[slice, Iterator[Part]]]:
    """Batches of ``size`` visits in order, each as its parts of 256 MB, or of one bag if that is larger.

    The parts of a batch must be used up before the next batch is asked for, and the tokens of a part lie where
    those of the one before lay.
    """
    visits = bags.visit(videos, which, epoch=epoch)
    stack = _Stack(device)
    for start in range(0, len(videos), size):
        batch = slice(start, min(start + size, len(videos)))
        yield batch, _parts(visits, batch.stop - batch.start, stack)


def _parts(visits: Iterator[FloatArray], count: int, stack: _Stack) -> Iterator[Part]:
    """Neighbouring visits of equal length together."""
    held: list[FloatArray] = []
    first = 0
    for position in range(count):
        bag = next(visits)
        if held and (bag.shape != held[0].shape or (len(held) + 1) * bag.size > _PART):
            yield stack(held, first)
            held, first = [], position
        held.append(bag)
    if held:
        yield stack(held, first)


class _Stack:
    """Puts bags into one array that is used again, so that no memory is asked for in every step."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._buffer = torch.empty(0)

    def __call__(self, held: Sequence[FloatArray], first: int) -> Part:
        shape = (len(held), *held[0].shape)
        count = math.prod(shape)
        if len(self._buffer) < count:
            self._buffer = torch.empty(count)
        tokens = self._buffer[:count].view(shape)
        np.stack(held, out=tokens.numpy())
        return Part(index=np.arange(first, first + len(held)), tokens=tokens.to(self._device))
