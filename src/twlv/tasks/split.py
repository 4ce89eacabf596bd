"""A part of the training set to choose hyper-parameters on, so that the test set is never looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twlv.metrics import Labels
from twlv.types import IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Video numbers to fit on and to hold out, sorted; ``rule`` says how they were told apart."""

    fit: IntArray
    held_out: IntArray
    rule: str


def hold_out(labels: Labels, groups: Sequence[str], fraction: float, *, seed: int) -> Split:
    """Hold out about ``fraction`` of the videos (n,).

    By group where there are groups: whole groups in a random order, as long as every class keeps a video to
    fit on; a video without a group is a group of its own. Otherwise, and where no group can be spared, by
    class: each gives up its share, but never its last video. Too few videos leave ``held_out`` empty. Where
    videos have several labels (n, C), classes have no say.
    """
    if labels.ndim == 2:
        free = hold_out(np.zeros(len(labels), dtype=np.int64), groups, fraction, seed=seed)
        return replace(free, rule=free.rule.replace("by class", "at random"))
    labels = labels.astype(np.int64)
    random = np.random.default_rng(seed)
    target = max(1, round(fraction * len(labels)))
    if any(groups):
        held = _by_group(labels, groups, target, random)
        if held.any():
            return _split(held, "by group")
        return _split(_by_class(labels, target, random), "by class (no group could be spared)")
    return _split(_by_class(labels, target, random), "by class (the videos have no groups)")


def _split(held: np.ndarray[tuple[int], np.dtype[np.bool_]], rule: str) -> Split:
    return Split(fit=np.flatnonzero(~held), held_out=np.flatnonzero(held), rule=rule)


def _by_group(
    labels: IntArray, groups: Sequence[str], target: int, random: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whole groups until ``target`` videos are held out.

    A group stays if it would bring the held-out part above twice the target, or above half of the videos.
    """
    members: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group or f"\0{i}", []).append(i)
    left = np.bincount(labels)
    held = np.zeros(len(labels), dtype=bool)
    names = sorted(members)
    most = max(target, min(2 * target, len(labels) // 2))
    for position in random.permutation(len(names)):
        videos = members[names[position]]
        taken = np.bincount(labels[videos], minlength=len(left))
        spared = not np.any((taken > 0) & (taken >= left))
        if spared and held.sum() + len(videos) <= most:
            held[videos] = True
            left = left - taken
        if held.sum() >= target:
            break
    return held


def _by_class(
    labels: IntArray, target: int, random: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """``target`` videos at equal steps through a list that is sorted by class and shuffled within it."""
    order = random.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    step = len(labels) / target
    picked = order[(np.arange(target) * step + step / 2).astype(np.int64)]
    held = np.zeros(len(labels), dtype=bool)
    held[picked] = True
    count, taken = np.bincount(labels), np.bincount(labels[picked], minlength=int(labels.max()) + 1)
    emptied = np.flatnonzero((count > 0) & (taken == count))
    for label in emptied:
        held[np.flatnonzero((labels == label) & held)[0]] = False
    return held
