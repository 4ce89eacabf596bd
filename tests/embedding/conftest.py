"""Small real video files and a backbone that is quick to reason about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from twlv import video
from twlv.contracts import Tokens
from twlv.types import BackboneCard, ClassLabel, Dataset, DatasetCard, Sample


class GridColours:
    """A backbone whose tokens are the mean colours of a 2 x 2 grid of every frame: D = 3."""

    def __init__(self, num_frames: int = 4, *, flexible: bool = False) -> None:
        self.card = BackboneCard(
            name="grid_colours.none",
            dim=3,
            num_params=0,
            num_frames=num_frames,
            image_size_px=32,
            patch=(1, 16, 16),
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            weights="none",
            weights_sha256="0" * 64,
            licence="Apache-2.0",
            flexible_frames=flexible,
        )
        self.batches: list[int] = []

    def encode(self, frames: torch.Tensor) -> Tokens:
        self.batches.append(len(frames))
        grid = frames.unflatten(-1, (2, 16)).unflatten(-3, (2, 16)).mean(dim=(-3, -1))
        return Tokens(patches=grid.permute(0, 1, 3, 4, 2).contiguous())


@pytest.fixture
def backbone() -> GridColours:
    return GridColours()


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six videos of flat colour (class red or blue, 1 to 3 s at 8 fps), one broken, one without video."""
    folder = tmp_path_factory.mktemp("videos")
    rng = np.random.default_rng(0)
    for n in range(6):
        frames = np.zeros((8 * (1 + n % 3), 3, 32, 48), dtype=np.uint8)
        frames[:, 0 if n % 2 else 2] = 120 + 20 * n
        frames[:, 1] = rng.integers(0, 30, frames[:, 1].shape)
        video.write_video(folder / f"v{n}.mp4", frames, fps=8.0)
    (folder / "broken.mp4").write_bytes(b"not a video at all" * 100)
    (folder / "empty.mp4").write_bytes(b"")
    return folder


@pytest.fixture
def make_dataset(videos: Path) -> Callable[..., Dataset]:
    def make(*, extra: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> Dataset:
        names = (*(f"v{n}" for n in range(6)), *extra, *missing)
        samples = tuple(
            Sample(
                video_id=name,
                path=str(videos / f"{name}.mp4"),
                split="train" if n < 4 else "val",
                target=ClassLabel(index=n % 2),
                group=name,
            )
            for n, name in enumerate(names)
        )
        card = DatasetCard(name="colours", classes=("blue", "red"), annotation_sha256="f" * 64)
        return Dataset(card=card, samples=samples, missing=frozenset(missing))

    return make
