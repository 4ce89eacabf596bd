"""Few-shot subsets: k training videos of every class, drawn by a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twlv.errors import UsageError
from twlv.types import ClassLabel, Dataset, Sample


def few_shot(data: Dataset, shots: int, *, seed: int = 0, split: str = "train") -> Dataset:
    """The data set with at most ``shots`` videos of each class in ``split``; other splits stay whole.

    Of each class exactly ``shots`` are drawn among the videos that are on disk, or all where it has fewer (a
    note says how many classes do). Groups are taken whole where that fits: one larger than what is still wanted
    is only cut when no other is left. The draw follows from the seed, the class and the video ids alone, not
    from the order of the samples. The card's ``selection`` names it, so results of different draws do not share
    a column.

    Raises:
        UsageError: fewer than one shot, no such split, or a video of it without exactly one class.
    """
    if shots < 1 or seed < 0:
        raise UsageError(f"shots start at 1 and the seed at 0, got {shots} and {seed}")
    if split not in data.splits:
        seen = ", ".join(f"'{name}'" for name in data.splits)
        raise UsageError(f"{data.card.name} has no split '{split}' to draw {shots} shots from; it has {seen}")
    by_class: dict[int, list[Sample]] = {}
    for sample in data.samples:
        if sample.split == split and sample.video_id not in data.missing:
            by_class.setdefault(_label(sample), []).append(sample)
    kept = {
        sample.video_id for label, members in by_class.items() for sample in _drawn(members, shots, seed, label)
    }
    few = sum(len(members) < shots for members in by_class.values())
    said = (f"{few} classes have fewer than {shots} training videos",) if few else ()
    drawn = f"{shots} shots of {split}, seed {seed}"
    return Dataset(
        card=replace(data.card, selection="; ".join(part for part in (data.card.selection, drawn) if part)),
        samples=tuple(s for s in data.samples if s.split != split or s.video_id in kept),
        missing=data.missing & {s.video_id for s in data.samples if s.split != split},
        notes=(*data.notes, *said),
    )


def _label(sample: Sample) -> int:
    if not isinstance(sample.target, ClassLabel):
        raise UsageError(f"video '{sample.video_id}' has not exactly one class; shots are drawn by class")
    return sample.target.index


def _drawn(members: Sequence[Sample], shots: int, seed: int, label: int) -> list[Sample]:
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in sorted(members, key=lambda s: _order(s.video_id, seed)):
        name = ("group", sample.group) if sample.group else ("video", sample.video_id)
        groups.setdefault(name, []).append(sample)
    names = sorted(groups)
    random = np.random.default_rng([seed, label])
    kept: list[Sample] = []
    too_large: list[list[Sample]] = []
    for position in random.permutation(len(names)):
        group = groups[names[position]]
        if len(group) <= shots - len(kept):
            kept += group
        else:
            too_large.append(group)
    for group in sorted(too_large, key=len)[:1]:
        kept += group[: shots - len(kept)]
    return kept


def _order(video_id: str, seed: int) -> bytes:
    """A place for a video within its group that depends on nothing else."""
    return hashlib.sha256(f"{seed} {video_id}".encode()).digest()
