"""What masked training asks of the transformer: cut pixels, kept blocks, packed rows, drop path."""

from __future__ import annotations

import pytest
import torch

from twlv.errors import UsageError
from twlv.nn import VideoTransformer, VitConfig
from twlv.nn.attention import Packing

SMALL = VitConfig(width=24, depth=3, num_heads=3, mlp_width=48, num_frames=4, image_size_px=32)


def _normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_cut_and_projected_pixels_are_the_convolution() -> None:
    embed = VideoTransformer(SMALL).patch_embed
    frames = _normal(2, 4, 3, 32, 32)
    expected = torch.nn.functional.conv3d(
        frames.transpose(1, 2), embed.weight, embed.bias, stride=SMALL.patch
    ).permute(0, 2, 3, 4, 1)
    assert torch.allclose(embed.project(embed.cut(frames)), expected, atol=1e-5)
    picture = frames[:, :1]
    still = embed(picture.expand(-1, 2, -1, -1, -1))
    assert embed.cut(picture).shape == (2, 1, 2, 2, 3 * 16 * 16)
    assert torch.allclose(embed.project(embed.cut(picture)), still, atol=1e-6)
    with pytest.raises(UsageError, match="30 rows"):
        embed.cut(frames[..., :30, :])


@torch.no_grad()
def test_packed_rows_are_sequences_by_themselves() -> None:
    network = VideoTransformer(SMALL)
    clips, images = _normal(2, 11, 24), _normal(4, 5, 24, seed=1)
    packed = torch.cat([clips, torch.cat([images.reshape(2, 10, 24), torch.full((2, 1, 24), 9.0)], dim=1)])
    found, kept = network.encode_blocks(packed, keep=(2,), packing=Packing(whole=2, per_row=2, length=5))
    assert torch.allclose(found[:2], network.encode(clips), atol=1e-5)
    assert torch.allclose(found[2:, :10].reshape(4, 5, 24), network.encode(images), atol=1e-5)
    assert kept[2].shape == (4, 11, 24)
    alone = network.encode_blocks(packed[2:], packing=Packing(whole=0, per_row=2, length=5))[0]
    assert torch.allclose(alone, found[2:], atol=1e-5)


@torch.no_grad()
def test_kept_blocks_are_what_the_blocks_give() -> None:
    network = VideoTransformer(SMALL)
    tokens = _normal(2, 7, 24)
    last, kept = network.encode_blocks(tokens, keep=(1, 3))
    assert set(kept) == {1, 3}
    assert torch.equal(kept[1], network.blocks[0](tokens))
    assert torch.equal(network.norm(kept[3]), last)


@torch.no_grad()
def test_a_dropped_branch_adds_nothing() -> None:
    network = VideoTransformer(SMALL)
    tokens = _normal(2, 7, 24)
    branches = torch.ones(3, 2, 2, 1, 1)
    assert torch.equal(network.encode_blocks(tokens, branches=branches)[0], network.encode(tokens))
    branches[:, :, 0] = 0
    found = network.encode_blocks(tokens, branches=branches)[0]
    assert torch.equal(found[0], network.norm(tokens[0]))
    assert torch.equal(found[1], network.encode(tokens)[1])
