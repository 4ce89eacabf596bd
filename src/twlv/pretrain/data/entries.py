"""Files of videos and of images: what each of them gives for a draw.

Axis letters: T frames, C colours, H W pixels, S side of the square.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image

from twlv.errors import InputError, VideoError
from twlv.pretrain.data.drawing import Draw
from twlv.types import Sample, Span
from twlv.video import probe, read_clips

LARGEST_PICTURE_PIXELS = 64_000_000
"""A picture that says it is larger is not decoded: 64 million pixels are 192 MB."""


class Entries(Protocol):
    """A list of things on disk that give clips."""

    def __len__(self) -> int: ...

    def name(self, index: int) -> str:
        """The id of an entry."""

    def clips(self, index: int, draw: Draw) -> list[torch.Tensor]:
        """The crops of one entry, each uint8 (T, C, S, S). Raises InputError."""


@dataclass(frozen=True)
class Videos:
    """Video files, folders of frames, or spans of either."""

    samples: Sequence[Sample]

    def __len__(self) -> int:
        return len(self.samples)

    def name(self, index: int) -> str:
        """The video's id."""
        return self.samples[index].video_id

    def clips(self, index: int, draw: Draw) -> list[torch.Tensor]:
        """A random moment of one video. Raises VideoError."""
        sample = self.samples[index]
        return video_clips(sample.path, draw, span=sample.span, fps=sample.fps)


@dataclass(frozen=True)
class Pictures:
    """Image files below ``folder``, by their paths relative to it."""

    folder: Path
    files: Sequence[str]

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        """The path below the folder."""
        return self.files[index]

    def clips(self, index: int, draw: Draw) -> list[torch.Tensor]:
        """Crops of one image, each a clip of one frame. Raises VideoError."""
        path = self.folder / self.files[index]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise VideoError(str(path), "not_found", (error.strerror or "no such file").lower()) from None
        return picture_clips(content, str(path), draw)


def video_clips(
    path: str | os.PathLike[str], draw: Draw, *, span: Span | None = None, fps: float | None = None
) -> list[torch.Tensor]:
    """All crops of one random moment of a video: decoded once. Raises VideoError."""
    info = probe(path, fps=fps)
    crops = draw.crops(info.height_px, info.width_px)
    return [clip.frames for clip in read_clips(info, [draw.moment(info, span)], crops)]


def picture_clips(content: bytes, name: str, draw: Draw) -> list[torch.Tensor]:
    """All crops of one image file, each uint8 (1, C, S, S). Raises VideoError."""
    picture = _decoded(content, name)
    height, width = picture.shape[-2:]
    try:
        return list(draw.crops(height, width).resize(picture)[:, None])
    except ValueError as error:
        raise VideoError(name, "unsupported", str(error)) from None


def _decoded(content: bytes, name: str) -> torch.Tensor:
    """Pixels uint8 (C, H, W), RGB; alpha is dropped."""
    if not content:
        raise VideoError(name, "empty", "0 bytes")
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if width * height > LARGEST_PICTURE_PIXELS:
                raise VideoError(name, "unsupported", f"{width} x {height} pixels are more than are decoded")
            pixels = np.array(image.convert("RGB"))
    except InputError:
        raise
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise VideoError(name, "corrupt", str(error) or type(error).__name__) from None
    return torch.from_numpy(pixels).permute(2, 0, 1)
