"""The transformer: sizes, shapes, single images, other grids, precision, and weights from a seed."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional

from twlv.errors import UsageError
from twlv.nn import SIZES, VideoTransformer, VitConfig, fast_float32, sized
from twlv.nn.patch_embed import TubeletEmbed
from twlv.nn.vit_pooling import encode_pooled

SMALL = VitConfig(width=24, depth=2, num_heads=3, mlp_width=48, num_frames=4, image_size_px=32)


def _frames(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("size", "millions"), [("t", 5.63), ("s", 21.9), ("b", 86.2), ("l", 303.9), ("h", 631.6), ("g", 1012)]
)
def test_parameter_counts(size: str, millions: float) -> None:
    with torch.device("meta"):
        network = VideoTransformer(sized(size))
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(millions * 1e6, rel=1e-3)


def test_every_size_is_a_legal_configuration() -> None:
    for size, config in SIZES.items():
        assert config.grid == (8, 16, 16) if size == "g" else config.grid == (8, 14, 14)


@torch.inference_mode()
def test_tokens_stand_at_their_tubelet() -> None:
    network = VideoTransformer(VitConfig(**{**vars(SMALL), "depth": 0, "final_norm": "none"}))
    frames = _frames(1, 4, 3, 32, 32)
    changed = frames.clone()
    changed[0, 2:4, :, 16:, :16] += 1.0  # second time step, second row, first column
    difference = (network(changed) - network(frames)).abs().sum(-1)[0]
    assert difference.shape == (2, 2, 2)
    assert difference[1, 1, 0] > 0
    assert difference.sum() == difference[1, 1, 0]


def test_tubelets_equal_a_strided_convolution() -> None:
    embed = TubeletEmbed(10, (2, 4, 8))
    torch.nn.init.uniform_(embed.weight, generator=torch.Generator().manual_seed(1))
    torch.nn.init.uniform_(embed.bias, generator=torch.Generator().manual_seed(2))
    frames = _frames(2, 4, 3, 8, 24)
    expected = functional.conv3d(frames.transpose(1, 2), embed.weight, embed.bias, stride=(2, 4, 8))
    torch.testing.assert_close(embed(frames), expected.permute(0, 2, 3, 4, 1), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_an_image_is_its_frame_repeated() -> None:
    network = VideoTransformer(SMALL)
    image = _frames(2, 1, 3, 32, 32)
    tokens = network(image)
    assert tokens.shape == (2, 1, 2, 2, 24)
    assert torch.equal(tokens, network(image.repeat(1, 2, 1, 1, 1)))


@torch.inference_mode()
def test_other_frame_counts_and_sizes() -> None:
    network = VideoTransformer(SMALL)
    assert network(_frames(1, 8, 3, 48, 64)).shape == (1, 4, 3, 4, 24)
    refusing = VideoTransformer(VitConfig(**{**vars(SMALL), "other_grids": "refuse"}))
    assert torch.equal(refusing(_frames(1, 4, 3, 32, 32)), network(_frames(1, 4, 3, 32, 32)))
    with pytest.raises(UsageError, match="refuses others"):
        refusing(_frames(1, 8, 3, 32, 32))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 3, 3, 32, 32), "3 frames cannot be cut into tubelets of 2"),
        ((1, 4, 3, 33, 32), "33 rows"),
        ((1, 4, 3, 32, 40), "40 columns"),
        ((1, 4, 4, 32, 32), r"got shape \(1, 4, 4, 32, 32\)"),
        ((4, 3, 32, 32), r"expected frames \(B, T, C=3, H, W\)"),
        ((1, 0, 3, 32, 32), "0 frames"),
    ],
)
def test_shapes_that_are_refused(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        VideoTransformer(SMALL)(torch.zeros(shape))


@pytest.mark.parametrize(
    "changes",
    [{"num_heads": 5}, {"num_frames": 3}, {"image_size_px": 40}, {"position": "x"}, {"activation": "relu"}],
)
def test_configurations_that_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        VitConfig(**{**vars(SMALL), **changes})


@torch.inference_mode()
def test_the_final_norm_is_where_it_was_asked_for() -> None:
    frames = _frames(2, 4, 3, 32, 32)
    networks = {
        place: VideoTransformer(VitConfig(**{**vars(SMALL), "final_norm": place}))
        for place in ("tokens", "pooled", "none")
    }
    raw = networks["none"](frames)
    torch.testing.assert_close(networks["tokens"](frames), functional.layer_norm(raw, (24,), eps=1e-6))
    assert torch.equal(networks["pooled"](frames), raw)
    _, pooled = encode_pooled(networks["pooled"], frames, "mean_norm")
    torch.testing.assert_close(pooled, functional.layer_norm(raw.mean((1, 2, 3)), (24,), eps=1e-6))
    assert encode_pooled(networks["tokens"], frames, "mean")[1] is None


@torch.inference_mode()
def test_a_masked_model_can_keep_a_part_of_the_tokens() -> None:
    network = VideoTransformer(SMALL)
    tokens, grid = network.embed(_frames(2, 4, 3, 32, 32))
    assert grid == (2, 2, 2)
    assert network.encode(tokens[:, [0, 3, 5]]).shape == (2, 3, 24)


def test_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    one = VideoTransformer(SMALL).state_dict()
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(2)
    again = VideoTransformer(SMALL).state_dict()
    other = VideoTransformer(SMALL, seed=1).state_dict()
    deeper = VideoTransformer(VitConfig(**{**vars(SMALL), "depth": 3})).state_dict()
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert all(torch.equal(one[name], deeper[name]) for name in one)
    assert not torch.equal(one["blocks.0.mlp.fc1.weight"], other["blocks.0.mlp.fc1.weight"])
    assert not torch.equal(one["blocks.0.mlp.fc1.weight"], one["blocks.1.mlp.fc1.weight"])
    assert all(bool(torch.isfinite(tensor).all()) for tensor in one.values())


@torch.inference_mode()
@pytest.mark.parametrize("frames", [4, 16])
def test_bfloat16_tokens_agree_with_float32(frames: int) -> None:
    """16 frames of 112 px are 392 tokens: chunked; 4 are 98: plain. Weights are jittered, norms too."""
    exact = VideoTransformer(sized("t", num_frames=frames, image_size_px=112)).eval()
    generator = torch.Generator().manual_seed(5)
    for parameter in exact.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.02)
    fast = copy.deepcopy(exact).bfloat16()
    clip = _frames(2, frames, 3, 112, 112)
    tokens, rounded = exact(clip).flatten(1, 3), fast(clip.bfloat16()).float().flatten(1, 3)
    assert functional.cosine_similarity(tokens, rounded, dim=-1).min() >= 0.999
    assert functional.cosine_similarity(tokens.mean(1), rounded.mean(1), dim=-1).min() >= 0.999


@torch.inference_mode()
def test_fast_float32_loses_nothing() -> None:
    network = VideoTransformer(sized("t", num_frames=16, image_size_px=96))
    clip = _frames(1, 16, 3, 96, 96)
    plain = network(clip)
    with fast_float32(torch.device("cpu")):
        fast = network(clip)
    torch.testing.assert_close(fast, plain, rtol=1e-4, atol=1e-5)
