"""Small encoders, clips and teachers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from twlv.contracts import Tokens
from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.pretrain.batch import Batch
from twlv.pretrain.objective.targets import frozen
from twlv.types import BackboneCard

GREY = (0.5, 0.5, 0.5)


class TinyTeacher:
    """A random convolution per frame (image), or a small transformer (video), with a card."""

    def __init__(self, modality: str, size_px: int = 32) -> None:
        self.card = BackboneCard(
            name=f"tiny.{modality}", dim=20, num_params=0, num_frames=4, image_size_px=size_px,
            patch=(1, 16, 16), mean=GREY, std=GREY, weights="", weights_sha256="", licence="",
            flexible_frames=True, modality="image" if modality == "image" else "video",
        )  # fmt: skip
        self.calls = 0
        config = VitConfig(
            width=20, depth=2, num_heads=2, mlp_width=24, patch=(2, 16, 16), num_frames=4, image_size_px=size_px
        )
        self.network = VideoTransformer(config, seed=5).eval().requires_grad_(False)

    def encode(self, frames: torch.Tensor) -> Tokens:
        self.calls += 1
        with torch.no_grad():
            if self.card.modality == "video":
                patches = self.network(frames)
            else:
                single = [self.network(frame[:, None])[:, 0] for frame in frames.unbind(1)]
                patches = torch.stack(single, dim=1)
        return Tokens(patches=patches, cls=patches.mean(dim=(1, 2, 3)) * 2)


@pytest.fixture
def teachers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, TinyTeacher]]:
    """Teachers by the names ``image`` and ``video``."""
    found = {name: TinyTeacher(name) for name in ("image", "video")}
    frozen.teacher.cache_clear()
    monkeypatch.setattr(frozen, "load", lambda name, **_: found[name])
    yield found
    frozen.teacher.cache_clear()


@pytest.fixture
def encoder() -> VitConfig:
    """2 x 4 x 4 tokens of 2 x 8 x 8 pixels."""
    return VitConfig(
        width=24, depth=3, num_heads=2, mlp_width=32, patch=(2, 8, 8), num_frames=4, image_size_px=32
    )


@pytest.fixture
def batch() -> Batch:
    """2 clips and 3 images of smooth noise."""
    generator = torch.Generator().manual_seed(3)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)

    return Batch(
        frames=noise(2, 4, 3, 32, 32), images=noise(3, 3, 32, 32), ids=("a", "b"), image_ids=("x", "y", "z")
    )
