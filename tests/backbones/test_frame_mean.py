"""A clip from an image encoder: the mean over frames, exactly blind to their order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twlv.backbones.frame_mean import content_order, frame_mean

from .conftest import SmallBackbone

Frames = Callable[..., torch.Tensor]


def _rank_dependent(module: torch.nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """An encoder whose rounding depends on the place in the batch, as real kernels' does."""
    noise = 1 + torch.arange(len(images))[:, None] * 1e-7
    pooled = images.mean(dim=(2, 3)) * noise
    return pooled[:, None, None, :], pooled


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**20), time=st.integers(1, 9), batch=st.integers(1, 3))
def test_any_order_gives_the_same_bits(seed: int, time: int, batch: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    clip = torch.randn(batch, time, 3, 4, 4, generator=generator)
    order = torch.randperm(time, generator=generator)
    run = frame_mean(_rank_dependent)
    patches, pooled = run(torch.nn.Identity(), clip)
    other_patches, other = run(torch.nn.Identity(), clip[:, order])
    assert torch.equal(pooled, other)
    assert torch.equal(patches[:, order], other_patches)
    torch.testing.assert_close(pooled, clip.mean(dim=(1, 3, 4)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(patches[:, :, 0, 0], clip.mean(dim=(3, 4)), rtol=1e-4, atol=1e-5)


def test_the_order_follows_from_the_bits_of_a_frame() -> None:
    clip = torch.randn(2, 6, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    clip[:, 3] = clip[:, 1]
    clip[:, 5] = clip[:, 1]
    clip[:, 5, 0, 0, 0] += 1e-6  # the last bits count too
    order = content_order(clip)
    ordered = clip[torch.arange(2)[:, None], order]
    turned = clip.flip(1)
    assert torch.equal(ordered, turned[torch.arange(2)[:, None], content_order(turned)])
    assert (order.sort(dim=1).values == torch.arange(6)).all()


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2"])
def test_real_encoders_are_exactly_blind_to_order(kind: str, small: SmallBackbone, frames: Frames) -> None:
    backbone, clip = small(kind), frames(3, 7, 3, 32, 32)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(1))
    for turned in (clip.flip(1), clip[:, order]):
        assert torch.equal(backbone.encode(turned).cls, backbone.encode(clip).cls)
