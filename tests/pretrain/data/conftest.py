"""Small files whose frames tell which they are, and a source that only counts."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from twlv.errors import VideoError
from twlv.pretrain.data.drawing import Draw
from twlv.pretrain.data.source import ClipForm, Failed, Item, Read
from twlv.video import write_video

TINY = ClipForm(num_frames=2, size_px=8, strides=(1, 2))


class Numbers:
    """Entries whose clips are filled with their own number; those of ``broken`` cannot be read."""

    def __init__(self, count: int, broken: Sequence[int] = ()) -> None:
        self.count, self.broken = count, frozenset(broken)
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        return f"entry{index}"

    def clips(self, index: int, draw: Draw) -> list[torch.Tensor]:
        self.asked.append(index)
        if index in self.broken:
            raise VideoError(f"/somewhere/entry{index}", "corrupt", "nothing but noise")
        form = draw.form
        clip = torch.full((form.num_frames, 3, form.size_px, form.size_px), index, dtype=torch.uint8)
        return [clip] * form.crops


class Counting:
    """A source whose clip of turn n says n, and that remembers what it was asked for."""

    chunk = 4
    gives_flow = False
    refused: tuple[Failed, ...] = ()

    def __init__(self, name: str = "counting", form: ClipForm = TINY) -> None:
        self.name, self.form = name, form
        self.asked: list[int] = []

    def read(self, turns: Sequence[int], *, seed: int) -> list[Read]:
        self.asked += turns
        return [Read(items=tuple(self.item(turn, crop) for crop in range(self.form.crops))) for turn in turns]

    def item(self, turn: int, crop: int) -> Item:
        form = self.form
        frames = torch.full((form.num_frames, 3, form.size_px, form.size_px), turn % 256, dtype=torch.uint8)
        return Item(item_id=f"{self.name}/@{turn}.{crop}", frames=frames)


def ramp(height: int, width: int) -> np.ndarray:
    """A picture (3, H, W): red says how far right a pixel is, green how far down."""
    x = np.broadcast_to((np.arange(width) + 0.5) / width, (height, width))
    y = np.broadcast_to(((np.arange(height) + 0.5) / height)[:, None], (height, width))
    return np.stack([255 * x, 255 * y, np.full((height, width), 128.0)]).round().astype(np.uint8)


def mp4(path: Path, *, count: int = 12, level: int = 0) -> Path:
    """A video of flat grey frames: frame k has the brightness ``level + 4 k``."""
    frames = np.zeros((count, 3, 24, 32), dtype=np.uint8)
    frames += (level + 4 * np.arange(count, dtype=np.uint8))[:, None, None, None]
    return write_video(path, frames, 8.0)


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture.transpose(1, 2, 0)).save(buffer, "png")
    return buffer.getvalue()


def write_tar(path: Path, members: Mapping[str, bytes], tar_format: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=tar_format) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four videos of different brightness."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(4):
        mp4(folder / f"v{number}.mp4", level=50 * number)
    return folder


class Make:
    """The helpers of this file."""

    tiny = TINY
    Numbers = Numbers
    Counting = Counting
    ramp: Callable[..., np.ndarray] = staticmethod(ramp)
    mp4: Callable[..., Path] = staticmethod(mp4)
    png: Callable[..., bytes] = staticmethod(png)
    write_tar: Callable[..., Path] = staticmethod(write_tar)


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make
