"""Labelled clips of real videos for the read-out: fitted on one split, reported on another, never chosen by.

Axes: n clips, T frames, S side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from twlv.data import dataset
from twlv.errors import InputError, UsageError
from twlv.types import ClassLabel, IntArray, Sample
from twlv.video import Preprocess, read_clip


@dataclass(frozen=True, kw_only=True)
class RealSet:
    """Rows of a manifest with the splits ``train`` and ``val``; ``where`` a column and its value, or empty."""

    name: str
    manifest: Path
    where: tuple[str, str] = ("", "")

    @classmethod
    def parse(cls, words: str) -> RealSet:
        """``NAME=MANIFEST`` or ``NAME=MANIFEST@COLUMN=VALUE``. Raises UsageError."""
        name, _, rest = words.partition("=")
        manifest, _, choice = rest.partition("@")
        column, _, value = choice.partition("=")
        if not name or not manifest or (choice and not (column and value)):
            raise UsageError(f"a real set is NAME=MANIFEST or NAME=MANIFEST@COLUMN=VALUE, got '{words}'")
        return cls(name=name, manifest=Path(manifest), where=(column, value))


@dataclass(frozen=True, kw_only=True, eq=False)
class RealClips:
    """``frames`` uint8 (n, T, 3, S, S), labels (n,) from 0, groups (n,) that share their luck."""

    frames: torch.Tensor
    labels: IntArray
    groups: IntArray


@lru_cache(maxsize=16)
def real_clips(chosen: RealSet, split: str, num_frames: int, size_px: int) -> RealClips:
    """One clip over the whole of each video, the middle square. Read once per process.

    Raises:
        InputError: no such samples, or one without a class; VideoError: a video that cannot be read.
    """
    column, value = chosen.where
    found = dataset(chosen.manifest, where={column: value} if column else None).split(split)
    if not found.samples:
        raise InputError(f"{chosen.manifest}: no samples of split '{split}' for {chosen.name}")
    labels = [_class(chosen, sample) for sample in found.samples]
    names = [sample.group or sample.video_id for sample in found.samples]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    frames = [_frames(sample, num_frames, size_px) for sample in found.samples]
    return RealClips(
        frames=torch.stack(frames),
        labels=np.array(labels, dtype=np.int64),
        groups=np.array([numbers[name] for name in names], dtype=np.int64),
    )


def _class(chosen: RealSet, sample: Sample) -> int:
    if not isinstance(sample.target, ClassLabel):
        raise InputError(f"{chosen.manifest}: {sample.video_id} has no class, so nothing can be read out")
    return sample.target.index


def _frames(sample: Sample, num_frames: int, size_px: int) -> torch.Tensor:
    preprocess = Preprocess(crop_px=size_px)
    return read_clip(sample.path, sample.span, num_frames, preprocess=preprocess, fps=sample.fps).frames
