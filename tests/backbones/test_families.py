"""Each adapter against the library's own output on the same weights, and the traps of each family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    Aimv2VisionModel,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
    Dinov2Model,
    Dinov2WithRegistersModel,
    DINOv3ViTModel,
    Siglip2VisionModel,
    SiglipVisionModel,
    TimesformerModel,
    VideoPrismVisionModel,
    VivitModel,
    VJEPA2Model,
    XCLIPModel,
)
from transformers.activations import QuickGELUActivation

from twlv.backbones import hf
from twlv.backbones.check import check_backbone
from twlv.backbones.parts import KINDS, kind_of
from twlv.backbones.table import TABLE
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
    "dinov2_registers": (Dinov2WithRegistersModel, "Dinov2WithRegistersConfig", {}),
    "dinov3": (DINOv3ViTModel, "DINOv3ViTConfig", {}),
    "aimv2": (Aimv2VisionModel, "Aimv2VisionConfig", {}),
    "siglip2": (Siglip2VisionModel, "Siglip2VisionConfig", {}),
    "videoprism": (VideoPrismVisionModel, "VideoPrismVisionConfig", {}),
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


FIRST = {"clip": 1, "siglip": 0, "dinov2": 1, "dinov2_registers": 5, "dinov3": 3, "aimv2": 0}
"""Tokens of a frame before its patches: the class token and registers."""


@pytest.mark.parametrize("kind", FIRST)
@torch.no_grad()
def test_image_encoders_are_the_mean_of_their_own_embedding(
    kind: str, small: SmallBackbone, frames: Frames
) -> None:
    backbone, clip = small(kind), frames()
    seen = _theirs(kind, backbone)(clip.flatten(0, 1))
    tokens = backbone.encode(clip)
    torch.testing.assert_close(tokens.cls, seen.pooler_output.reshape(2, 4, -1).mean(1), rtol=1e-4, atol=1e-5)
    patches = seen.last_hidden_state[:, FIRST[kind] :]
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


@torch.no_grad()
def test_siglip2_naflex_is_given_patches_by_rows(small: SmallBackbone, frames: Frames) -> None:
    """As its processor cuts them: patches row by row, pixels of a patch row by row, colours last."""
    backbone, clip = small("siglip2"), frames(1, 2, 3, 32, 48)
    cut = []
    for image in clip[0]:
        rows = [image[:, y : y + 16, x : x + 16] for y in (0, 16) for x in (0, 16, 32)]
        cut.append(torch.stack([patch.permute(1, 2, 0).flatten() for patch in rows]))
    arguments = {
        "pixel_values": torch.stack(cut),
        "pixel_attention_mask": torch.ones(2, 6, dtype=torch.long),
        "spatial_shapes": torch.tensor([[2, 3], [2, 3]]),
    }
    seen = _theirs("siglip2", backbone)(**arguments)
    tokens = backbone.encode(clip)
    torch.testing.assert_close(tokens.patches.reshape(2, 6, -1), seen.last_hidden_state, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(tokens.cls, seen.pooler_output.mean(0, keepdim=True), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_videoprism_tokens_are_in_order_of_time(small: SmallBackbone, frames: Frames) -> None:
    backbone, clip = small("videoprism"), frames()
    seen = _theirs("videoprism", backbone)(pixel_values_videos=clip).last_hidden_state
    torch.testing.assert_close(backbone.encode(clip).patches.flatten(1, 3), seen, rtol=1e-4, atol=1e-5)
    by_frame = small("videoprism", num_temporal_layers=0)
    changed = clip.clone()
    changed[:, 2] += torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(9))
    moved = (by_frame.encode(changed).patches - by_frame.encode(clip).patches).abs().amax((0, 2, 3, 4))
    assert moved[2] > 1e-2
    assert moved[[0, 1, 3]].max() < 1e-5
    with pytest.raises(UsageError, match="takes clips of 4 frames and does not interpolate; got 8"):
        backbone.encode(frames(1, 8, 3, 32, 32))


@torch.no_grad()
def test_xclip_keeps_the_clips_of_a_batch_apart(small: SmallBackbone, frames: Frames) -> None:
    """Its tower stacks frames on the batch axis; its vector is the video embedding of the whole model."""
    backbone, clip = small("xclip"), frames()
    config = hf.config_of(
        "XCLIPConfig",
        {
            "vision_config": SMALL["xclip"]["vision"],
            "projection_dim": 8,
            "text_config": {"num_hidden_layers": 0},
        },
    )
    model = XCLIPModel(config).eval()
    missing, unexpected = model.load_state_dict(dict(backbone.weights), strict=False)
    assert not unexpected
    assert not [name for name in missing if name.startswith(("vision_model.", "visual_projection.", "mit."))]
    tokens = backbone.encode(clip)
    video = model.get_video_features(clip)
    expected = video if isinstance(video, torch.Tensor) else video.pooler_output
    torch.testing.assert_close(tokens.cls, expected, rtol=1e-4, atol=1e-5)
    tower = model.vision_model
    stacked = tower(clip.flatten(0, 1)).last_hidden_state
    assert stacked.shape == (8, 5, 24)
    patches = model.visual_projection(tower.post_layernorm(stacked[:, 1:])).reshape(2, 4, 2, 2, 8)
    torch.testing.assert_close(tokens.patches, patches, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_without_its_frame_transformer_xclip_is_blind_to_order(small: SmallBackbone, frames: Frames) -> None:
    backbone, clip = small("xclip"), frames()
    there, back = backbone.encode(clip), backbone.encode(clip.flip(1))
    torch.testing.assert_close(
        there.patches.mean((1, 2, 3)), back.patches.mean((1, 2, 3)), rtol=1e-4, atol=1e-5
    )
    assert (there.cls - back.cls).norm() / there.cls.norm() > 1e-3  # type: ignore[operator, union-attr]


def test_clip_and_dfn_have_the_quick_gelu() -> None:
    """DFN's and OpenAI's weights were trained with x * sigmoid(1.702 x); the usual GELU runs with them too."""
    for name in ("clip_vit_b16.openai", "clip_vit_l14.openai", "dfn_vit_h14.dfn5b", "dfn_vit_h14_378.dfn5b"):
        entry = TABLE[name]
        assert entry.card.details["activation"] == "quick_gelu"
        with torch.device("meta"):
            module: Any = kind_of(entry.kind).assemble(entry.config).module
        activations = {type(layer.mlp.activation_fn) for layer in module.vision_model.encoder.layers}
        assert activations == {QuickGELUActivation}
