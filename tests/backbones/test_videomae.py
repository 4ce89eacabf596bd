"""VideoMAE of transformers, its weights in our ViT: the same tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import VideoMAEConfig, VideoMAEForVideoClassification, VideoMAEModel

from twlv.backbones.own import KIND
from twlv.backbones.videomae import convert, vit_json
from twlv.errors import WeightsError
from twlv.nn.strict import load_strictly

Frames = Callable[..., torch.Tensor]

# S and B as they are wide, with fewer layers and a smaller clip; and the whole depth of a narrow one.
SHAPES = [
    {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 12, "num_attention_heads": 3},
    {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 2, "num_attention_heads": 6},
    {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 2, "num_attention_heads": 12},
    {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2, "tubelet_size": 1, "patch_size": 8},
    {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2, "hidden_act": "gelu_pytorch_tanh"},
    {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2, "qv_bias": False},
]


def _jittered(model: torch.nn.Module) -> torch.nn.Module:
    """Biases and norms are 0 and 1 when new, which would hide that one is dropped."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.02)
    return model.eval()


def _ours(state: Any, shape: dict[str, Any], depth: int) -> Any:
    parts = KIND.assemble(shape)
    load_strictly(parts.module, convert(state, depth=depth), source="test")
    return parts


@pytest.mark.parametrize("shape", SHAPES)
@torch.inference_mode()
def test_the_same_tokens(shape: dict[str, Any], frames: Frames) -> None:
    config = VideoMAEConfig(image_size=64, num_frames=8, use_mean_pooling=False, **shape)
    theirs = _jittered(VideoMAEModel(config))
    ours = _ours(theirs.state_dict(), vit_json(config.to_diff_dict()), config.num_hidden_layers)
    clip = frames(2, 8, 3, 64, 64)
    expected = theirs(clip).last_hidden_state
    patches, pooled = ours.run(ours.module, clip)
    assert pooled is None
    assert (patches.flatten(1, 3) - expected).abs().max() < 1e-5


@torch.inference_mode()
def test_long_clips_too(frames: Frames) -> None:
    """512 tokens: past the length from which attention is cut into chunks."""
    config = VideoMAEConfig(
        image_size=64, num_frames=16, use_mean_pooling=False, **(SHAPES[0] | {"patch_size": 8})
    )
    theirs = _jittered(VideoMAEModel(config))
    ours = _ours(theirs.state_dict(), vit_json(config.to_diff_dict()), 12)
    clip = frames(1, 16, 3, 64, 64)
    patches, _ = ours.run(ours.module, clip)
    assert (patches.flatten(1, 3) - theirs(clip).last_hidden_state).abs().max() < 1e-5


@torch.inference_mode()
def test_a_finetuned_checkpoint_keeps_its_pooled_norm(frames: Frames) -> None:
    """Its classifier on our pooled vector gives its own logits."""
    config = VideoMAEConfig(image_size=32, num_frames=4, num_labels=7, **SHAPES[0])
    theirs = _jittered(VideoMAEForVideoClassification(config))
    state = {name: tensor for name, tensor in theirs.state_dict().items() if not name.startswith("classifier.")}
    ours = _ours(state, vit_json(config.to_diff_dict(), fc_norm=True), 12)
    clip = frames()
    _, pooled = ours.run(ours.module, clip)
    torch.testing.assert_close(theirs.classifier(pooled), theirs(clip).logits, rtol=1e-4, atol=1e-5)


def test_both_namings_of_the_biases() -> None:
    config = VideoMAEConfig(image_size=32, num_frames=4, use_mean_pooling=False, **SHAPES[0])
    new = dict(_jittered(VideoMAEModel(config)).state_dict())
    old = {
        f"videomae.{name}".replace("query.bias", "q_bias").replace("value.bias", "v_bias"): tensor
        for name, tensor in new.items()
    }
    assert any(name.endswith("q_bias") for name in old)
    one, two = convert(new, depth=12), convert(old, depth=12)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    bias = one["blocks.0.attention.qkv.bias"]
    assert torch.equal(bias[24:48], torch.zeros(24))
    assert torch.equal(bias[:24], new["encoder.layer.0.attention.attention.query.bias"])


def test_lost_biases_and_strangers_are_errors() -> None:
    config = VideoMAEConfig(image_size=32, num_frames=4, use_mean_pooling=False, **SHAPES[0])
    state = dict(VideoMAEModel(config).state_dict())
    shape = vit_json(config.to_diff_dict())
    lost = {name: tensor for name, tensor in state.items() if not name.endswith("query.bias")}
    with pytest.raises(WeightsError, match=r"12 missing \(blocks.0.attention.qkv.bias"):
        _ours(lost, shape, 12)
    with pytest.raises(WeightsError, match=r"1 left over \(decoder.x\)"):
        _ours({**state, "decoder.x": torch.zeros(1)}, shape, 12)
    with pytest.raises(WeightsError, match=r"no tensor encoder.layer.3.output.dense.bias"):
        _ours({n: t for n, t in state.items() if n != "encoder.layer.3.output.dense.bias"}, shape, 12)
