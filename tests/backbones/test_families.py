"""Each adapter against the library's own output on the same weights, and the traps of each family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
    Dinov2Model,
    SiglipVisionModel,
    TimesformerModel,
    VivitModel,
    VJEPA2Model,
)

from twlv.backbones import hf
from twlv.backbones.check import check_backbone
from twlv.backbones.parts import KINDS
from twlv.errors import UsageError

from .conftest import SMALL, SmallBackbone

Frames = Callable[..., torch.Tensor]

THEIRS = {
    "vivit": (VivitModel, "VivitConfig", {"add_pooling_layer": False}),
    "timesformer": (TimesformerModel, "TimesformerConfig", {}),
    "clip": (CLIPVisionModel, "CLIPVisionConfig", {}),
    "clip_projected": (CLIPVisionModelWithProjection, "CLIPVisionConfig", {}),
    "siglip": (SiglipVisionModel, "SiglipVisionConfig", {}),
    "dinov2": (Dinov2Model, "Dinov2Config", {}),
}


def _theirs(kind: str, backbone: Any) -> Any:
    model_class, config_class, arguments = THEIRS[kind]
    model = model_class(hf.config_of(config_class, SMALL[kind]), **arguments)
    model.load_state_dict(backbone.weights, strict=True)
    return model.eval()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("efficientnet_lite", "gradient_flow")])
def test_every_kind_conforms(kind: str, small: SmallBackbone) -> None:
    report = check_backbone(small(kind))
    assert report.passed, str(report)


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2"])
@torch.no_grad()
def test_image_encoders_are_the_mean_of_their_own_embedding(
    kind: str, small: SmallBackbone, frames: Frames
) -> None:
    backbone, clip = small(kind), frames()
    seen = _theirs(kind, backbone)(clip.flatten(0, 1))
    tokens = backbone.encode(clip)
    torch.testing.assert_close(tokens.cls, seen.pooler_output.reshape(2, 4, -1).mean(1), rtol=1e-4, atol=1e-5)
    patches = seen.last_hidden_state if kind == "siglip" else seen.last_hidden_state[:, 1:]
    torch.testing.assert_close(tokens.patches.reshape(8, 4, -1), patches, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_projected_clip_gives_image_embeddings(small: SmallBackbone, frames: Frames) -> None:
    backbone, clip = small("clip_projected"), frames()
    model = _theirs("clip_projected", backbone)
    seen = model(clip.flatten(0, 1))
    tokens = backbone.encode(clip)
    torch.testing.assert_close(tokens.cls, seen.image_embeds.reshape(2, 4, -1).mean(1), rtol=1e-4, atol=1e-5)
    # the class token, treated as we treat the patches, is the image embedding
    again = model.visual_projection(model.vision_model.post_layernorm(seen.last_hidden_state))
    torch.testing.assert_close(again[:, 0], seen.image_embeds)
    torch.testing.assert_close(tokens.patches.reshape(8, 4, -1), again[:, 1:], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_vivit(small: SmallBackbone, frames: Frames) -> None:
    backbone, clip = small("vivit"), frames()
    seen = _theirs("vivit", backbone)(clip).last_hidden_state
    tokens = backbone.encode(clip)
    torch.testing.assert_close(tokens.cls, seen[:, 0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(tokens.patches.flatten(1, 3), seen[:, 1:], rtol=1e-4, atol=1e-5)
    with pytest.raises(UsageError, match="takes clips of 4 frames and does not interpolate; got 6"):
        backbone.encode(frames(1, 6, 3, 32, 32))


@torch.no_grad()
def test_timesformer_tokens_are_put_in_order_of_time(small: SmallBackbone, frames: Frames) -> None:
    """Before any attention over time, a token depends on its own place alone."""
    backbone, clip = small("timesformer"), frames(1, 4, 3, 32, 32)
    seen = _theirs("timesformer", backbone)(clip).last_hidden_state
    patches = backbone.encode(clip).patches
    for t in range(4):
        for place in range(4):
            expected = seen[:, 1 + place * 4 + t]
            torch.testing.assert_close(patches[:, t, place // 2, place % 2], expected, rtol=1e-4, atol=1e-5)
    flat = small("timesformer", num_hidden_layers=0)
    changed = clip.clone()
    changed[:, 2, :, :16, 16:] += 1
    moved = (flat.encode(changed).patches - flat.encode(clip).patches).abs().sum(-1)[0]
    assert moved[2, 0, 1] > 0
    assert moved.sum() == moved[2, 0, 1]


@torch.no_grad()
def test_vjepa2_equals_the_library_without_its_predictor(small: SmallBackbone, frames: Frames) -> None:
    backbone, clip = small("vjepa2"), frames()
    model = VJEPA2Model(hf.config_of("VJEPA2Config", SMALL["vjepa2"])).eval()
    model.encoder.load_state_dict(backbone.weights, strict=True)
    seen = model(clip, skip_predictor=True).last_hidden_state
    torch.testing.assert_close(backbone.encode(clip).patches.flatten(1, 3), seen, rtol=1e-4, atol=1e-5)
    assert backbone.encode(frames(1, 8, 3, 32, 32)).patches.shape == (1, 4, 2, 2, 48)
    image = frames(1, 1, 3, 32, 32)
    torch.testing.assert_close(
        backbone.encode(image).patches, backbone.encode(image.repeat(1, 2, 1, 1, 1)).patches
    )


@pytest.mark.parametrize("size", [(16, 16), (48, 48), (32, 64)])
def test_vjepa2_refuses_sizes_that_its_rotary_code_gets_wrong(
    size: tuple[int, int], small: SmallBackbone, frames: Frames
) -> None:
    with pytest.raises(UsageError, match="takes pictures of 32 x 32 px"):
        small("vjepa2").encode(frames(1, 4, 3, *size))
    with pytest.raises(UsageError, match="got 3 frames"):
        small("vjepa2").encode(frames(1, 3, 3, 32, 32))


@torch.no_grad()
def test_vjepa2_in_bfloat16_keeps_its_phases_in_float32(small: SmallBackbone, frames: Frames) -> None:
    attention = small("vjepa2", dtype="bfloat16", hidden_size=128)._module.layer[0].attention
    tokens = frames(1, 2, 256, 64)  # 64 time steps of 2 x 2, two heads
    places = attention.get_position_ids(tokens.flatten(1, 2)[:, :256])
    exact = type(attention).apply_rotary_embeddings(attention, tokens, places)
    library = type(attention).apply_rotary_embeddings(attention, tokens.bfloat16(), places)
    ours = attention.apply_rotary_embeddings(tokens.bfloat16(), places)
    assert ours.dtype == torch.bfloat16
    late = (..., slice(200, 256), slice(0, 20))  # the columns of time, at late frames
    scale = exact[late].norm()
    assert (ours.float() - exact)[late].norm() / scale < 4e-3
    assert (library.float() - exact)[late].norm() / scale > 1e-2


@torch.no_grad()
def test_vjepa2_in_bfloat16(small: SmallBackbone, frames: Frames) -> None:
    clip = frames(1, 64, 3, 32, 32)
    exact, fast = (small("vjepa2", dtype=dtype).encode(clip).patches for dtype in ("float32", "bfloat16"))
    assert torch.nn.functional.cosine_similarity(exact, fast, dim=-1).min() > 0.999
