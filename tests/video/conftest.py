"""Small video files made on the spot, with the number of each frame painted into it."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch

from twlv.video import write_video

ROWS, COLUMNS = 2, 6


def painted(number: int, height: int = 96, width: int = 192) -> np.ndarray:
    """A frame (3, H, W) whose 12 blocks show the bits of ``number``, black or white."""
    bits = [(number >> k) & 1 for k in range(ROWS * COLUMNS)]
    blocks = np.array(bits, dtype=np.uint8).reshape(ROWS, COLUMNS) * 219 + 16
    rows = np.arange(height) * ROWS // height
    columns = np.arange(width) * COLUMNS // width
    return np.broadcast_to(blocks[rows][:, columns], (3, height, width)).copy()


def number_of(frame: torch.Tensor) -> int:
    """The number painted into a frame (3, H, W) of any size."""
    height, width = frame.shape[-2:]
    rows = (2 * torch.arange(ROWS) + 1) * height // (2 * ROWS)
    columns = (2 * torch.arange(COLUMNS) + 1) * width // (2 * COLUMNS)
    bits = (frame.float().mean(0)[rows][:, columns] > 128).flatten().tolist()
    return sum(bit << k for k, bit in enumerate(bits))


def numbers_of(frames: torch.Tensor) -> list[int]:
    return [number_of(frame) for frame in frames]


def counter_video(
    path: Path, count: int = 60, fps: float = 30.0, *, size: tuple[int, int] = (96, 192), **how: object
) -> Path:
    """A video whose k-th frame shows k."""
    frames: Iterator[np.ndarray] = (painted(k, *size) for k in range(count))
    return write_video(path, frames, fps, **how)  # type: ignore[arg-type]


def remux(source: Path, target: Path, *, skip: Callable[[int], bool] = lambda _: False, **options: str) -> Path:
    """Copy packets (all but those that ``skip`` names, in decode order) into another container."""
    with av.open(str(source)) as read, av.open(str(target), "w", options=options) as write:
        stream = write.add_stream_from_template(read.streams.video[0])
        for number, packet in enumerate(read.demux(video=0)):
            if packet.dts is not None and not skip(number):
                packet.stream = stream
                write.mux(packet)
    return target


def rotate_tag(path: Path, quarter_turns: int) -> Path:
    """Write a display matrix into an mp4: players turn the picture counter-clockwise."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    a, b = {1: (0, -one), 2: (-one, 0), 3: (0, one)}[quarter_turns]
    matrix = [a, b, 0, -b, a, 0, 0, 0, 1 << 30]
    data[place : place + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(data)
    return path


def sound(path: Path) -> Path:
    """A file with sound and no picture."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return path


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The helpers of this file."""
    return SimpleNamespace(
        painted=painted,
        number_of=number_of,
        numbers_of=numbers_of,
        counter_video=counter_video,
        remux=remux,
        rotate_tag=rotate_tag,
        sound=sound,
    )


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 numbered frames at 30 fps, H.264 with B-frames."""
    return counter_video(tmp_path_factory.mktemp("counter") / "counter.mp4", options={"g": "12", "bf": "2"})
