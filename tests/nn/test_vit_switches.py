"""The switches of the transformer, each against its formula in a few plain lines; and its poolings."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch.nn import functional

from twlv.errors import UsageError
from twlv.nn.mean_query_pool import MeanQueryPool
from twlv.nn.position import flat_table, interpolate_table
from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.nn.vit_pooling import encode_pooled, possible_pools

PLAIN = VitConfig(width=24, depth=2, num_heads=3, mlp_width=48, num_frames=4, image_size_px=32)
FOUR = dataclasses.replace(
    PLAIN,
    norm="rms_norm",
    qk_norm=True,
    layer_scale=True,
    class_token=True,
    position="learned",
    image_positions="learned",
    final_norm="none",
    qkv_bias=False,
    activation="gelu_tanh",
    pool_head="attention",
    pool_width=8,
    pool_num_heads=4,
)


def _network(config: VitConfig) -> VideoTransformer:
    """Random weights, and everything that starts at 0 or 1 moved, so that leaving it out shows."""
    network = VideoTransformer(config).eval()
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.2)
    return network


def _frames(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _rms(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt() * weight


@torch.inference_mode()
def test_a_block_with_all_switches_is_its_formula() -> None:
    network = _network(FOUR)
    block, w = network.blocks[0], dict(network.blocks[0].named_parameters())
    x = _frames(2, 5, 24)
    q, k, v = functional.linear(_rms(x, w["norm1.weight"]), w["attention.qkv.weight"]).chunk(3, dim=-1)
    q, k = _rms(q, w["attention.q_norm.weight"]), _rms(k, w["attention.k_norm.weight"])
    heads = [part.reshape(2, 5, 3, 8).transpose(1, 2) for part in (q, k, v)]
    read = (heads[0] @ heads[1].transpose(-1, -2) / 8**0.5).softmax(-1) @ heads[2]
    read = functional.linear(
        read.transpose(1, 2).flatten(2), w["attention.proj.weight"], w["attention.proj.bias"]
    )
    x1 = x + read * w["scale1.gamma"]
    hidden = functional.linear(_rms(x1, w["norm2.weight"]), w["mlp.fc1.weight"], w["mlp.fc1.bias"])
    thought = functional.linear(
        functional.gelu(hidden, approximate="tanh"), w["mlp.fc2.weight"], w["mlp.fc2.bias"]
    )
    torch.testing.assert_close(block(x), x1 + thought * w["scale2.gamma"], rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_class_token_and_learned_positions() -> None:
    network = _network(FOUR)
    clip, image = _frames(1, 4, 3, 32, 32), _frames(1, 1, 3, 32, 32)
    tokens, grid = network.embed(clip)
    assert (grid, tokens.shape) == ((2, 2, 2), (1, 9, 24))
    torch.testing.assert_close(tokens[0, 0], network.class_token + network.class_position)
    torch.testing.assert_close(
        tokens[0, 1:], network.patch_embed(clip).flatten(1, 3)[0] + network.position_table
    )
    longer, _ = network.embed(clip.repeat(1, 2, 1, 1, 1))
    table = interpolate_table(network.position_table, (2, 2, 2), (4, 2, 2))
    torch.testing.assert_close(longer[0, 1:], network.patch_embed(clip).flatten(1, 3)[0].repeat(2, 1) + table)
    pictures, _ = network.embed(image)
    torch.testing.assert_close(pictures[0, 0], network.class_token + network.image_class_position)
    own = network.patch_embed(image.repeat(1, 2, 1, 1, 1)).flatten(1, 3)[0] + network.image_position_table
    torch.testing.assert_close(pictures[0, 1:], own)


@torch.inference_mode()
def test_an_image_may_have_the_positions_of_the_first_step() -> None:
    network = _network(dataclasses.replace(PLAIN, position="sincos_flat", image_positions="first_step"))
    table = network.positions((1, 2, 2), image=True)
    torch.testing.assert_close(table, flat_table((2, 2, 2), 24)[:4].float())
    assert not torch.allclose(network.positions((1, 2, 2)), table)


@torch.inference_mode()
def test_the_attention_pool_is_its_formula() -> None:
    pool = MeanQueryPool(12, 3, 5)
    generator = torch.Generator().manual_seed(1)
    for parameter in pool.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    w, x = dict(pool.named_parameters()), _frames(2, 7, 12)

    def part(name: str, source: torch.Tensor) -> torch.Tensor:
        normed = functional.layer_norm(source, (12,), w[f"norm_{name}.weight"], w[f"norm_{name}.bias"], 1e-5)
        return functional.linear(normed, w[f"{name}.weight"], w[f"{name}.bias"])

    q, k, v = part("q", x.mean(1, keepdim=True)), part("k", x), part("v", x)
    read = torch.cat(
        [
            (q[..., head] @ k[..., head].transpose(1, 2) / 2).softmax(-1) @ v[..., head]
            for head in (slice(0, 4), slice(4, 8), slice(8, 12))
        ],
        dim=-1,
    )
    expected = functional.linear(read[:, 0], w["proj.weight"], w["proj.bias"])
    torch.testing.assert_close(pool(x), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(pool.each(x[:, :1])[:, 0], pool(x[:, :1]), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_poolings_are_what_they_say_and_differ() -> None:
    frames = _frames(2, 4, 3, 32, 32)
    network = _network(FOUR)
    assert possible_pools(FOUR) == ("mean", "cls", "attention")
    sequence = network.encode(network.embed(frames)[0])
    patches, nothing = encode_pooled(network, frames, "mean")
    assert nothing is None
    torch.testing.assert_close(patches.flatten(1, 3), sequence[:, 1:])
    torch.testing.assert_close(encode_pooled(network, frames, "cls")[1], sequence[:, 0])
    each, vector = encode_pooled(network, frames, "attention")
    assert each.shape == (2, 2, 2, 2, 8)
    torch.testing.assert_close(vector, network.pool_attention(sequence))

    plain = _network(PLAIN)
    raw = _network(dataclasses.replace(PLAIN, final_norm="none"))(frames).mean((1, 2, 3))
    normed, vector = encode_pooled(plain, frames, "mean_norm")
    torch.testing.assert_close(vector, plain.norm(raw), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(vector, normed.mean((1, 2, 3)), rtol=1e-2)
    headed = _network(dataclasses.replace(PLAIN, pool_head="norm"))
    normed, vector = encode_pooled(headed, frames, "mean_norm")
    torch.testing.assert_close(vector, headed.pool_norm(normed.mean((1, 2, 3))))
    with pytest.raises(UsageError, match="can be pooled by mean, mean_norm, not by cls"):
        encode_pooled(plain, frames, "cls")


def test_the_usual_network_has_no_weights_more() -> None:
    names = set(VideoTransformer(PLAIN).state_dict())
    assert len(names) == 2 + 2 * 12 + 2
    assert {name.split(".")[0] for name in names} == {"patch_embed", "blocks", "norm"}
    more = set(VideoTransformer(FOUR).state_dict()) - names
    assert {name for name in more if name.startswith("blocks.1")} == {
        "blocks.1.attention.q_norm.weight",
        "blocks.1.attention.k_norm.weight",
        "blocks.1.scale1.gamma",
        "blocks.1.scale2.gamma",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"position": "learned", "other_grids": "extrapolate"}, "cannot be counted on"),
        ({"image_positions": "learned"}, "needs position 'learned'"),
        ({"position": "learned", "image_positions": "first_step"}, "not learned"),
        ({"position": "sincos_quarter", "width": 24}, "width that 16 divides"),
        ({"pool_head": "attention"}, "it needs both"),
        ({"pool_width": 8}, "it needs both"),
        ({"pool_head": "attention", "pool_width": 8, "pool_num_heads": 5}, "not a multiple of pool_num_heads"),
        ({"norm": "batch_norm"}, "not one of layer_norm, rms_norm"),
    ],
)
def test_settings_that_contradict_one_another(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        VitConfig(**{**vars(PLAIN), **changes})


@torch.inference_mode()
def test_bfloat16_with_all_switches_agrees_with_float32() -> None:
    network = VideoTransformer(dataclasses.replace(FOUR, width=48, mlp_width=96)).eval()
    frames = _frames(2, 4, 3, 32, 32)
    exact = network(frames).flatten(1, 3)
    rounded = network.bfloat16()(frames.bfloat16()).float().flatten(1, 3)
    assert functional.cosine_similarity(exact, rounded, dim=-1).min() >= 0.999
