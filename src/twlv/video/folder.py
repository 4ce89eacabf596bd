"""A folder of numbered pictures with a declared rate is a video like any other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from twlv.errors import UsageError, VideoError
from twlv.files import PICTURE_SUFFIXES
from twlv.types import VideoInfo
from twlv.video.matching import Picture, Pictures

CODEC = "frames"


def probe(path: str, fps: float) -> VideoInfo:
    """Measure a folder: its pictures in natural order (2 before 10), one every 1/fps seconds."""
    if not 0 < fps < float("inf"):
        raise UsageError(f"{path}: fps must be a positive number, got {fps}")
    files = _files(path)
    if not files:
        known = ", ".join(sorted(PICTURE_SUFFIXES))
        raise VideoError(path, "no_frames", f"a folder without pictures ({known})")
    try:
        with Image.open(files[0]) as image:
            width, height = image.size
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise VideoError(path, "corrupt", f"{files[0].name}: {error}") from None
    return VideoInfo(
        path=path,
        duration_seconds=len(files) / fps,
        average_fps=float(fps),
        num_frames=len(files),
        height_px=height,
        width_px=width,
        codec=CODEC,
        pts_seconds=np.arange(len(files)) / fps,
    )


def pictures(info: VideoInfo, wanted: Sequence[int]) -> Pictures:
    """The wanted frames (sorted indices), RGB. Raises VideoError if the folder has changed or is damaged."""
    files = _files(info.path)
    if len(files) != info.num_frames:
        seen = f"{len(files)} pictures, there were {info.num_frames} when it was probed"
        raise VideoError(info.path, "truncated", seen)
    for index in wanted:
        yield Picture(wanted=index, shown=index, load=partial(_load, info.path, files[index]))


def _load(path: str, file: Path) -> torch.Tensor:
    """One picture as uint8 (C, H, W), RGB; alpha is dropped."""
    try:
        with Image.open(file) as image:
            opaque = image.convert("RGBA") if "transparency" in image.info else image
            pixels = np.array(opaque.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise VideoError(path, "corrupt", f"{file.name}: {error}") from None
    return torch.from_numpy(pixels).permute(2, 0, 1)


def _files(path: str) -> list[Path]:
    try:
        found = [file for file in Path(path).iterdir() if file.suffix.lower() in PICTURE_SUFFIXES]
    except OSError as error:
        raise VideoError(path, "not_found", (error.strerror or "no such folder").lower()) from None
    return sorted((file for file in found if not file.name.startswith(".")), key=_natural)


def _natural(file: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.findall(r"\d+|\D+", file.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts], file.name
