"""Table lines of further image encoders: DINOv2, DINOv3, AIMv2. Plain literals, no torch."""

from __future__ import annotations

from twlv.backbones.entries_image import image_lines
from twlv.backbones.entries_own import IMAGENET_MEAN, IMAGENET_STD
from twlv.backbones.entries_video import Weights
from twlv.backbones.entry import Entry
from twlv.types import Json

DINOV2 = "DINOv2: Learning Robust Visual Features without Supervision, arXiv 2304.07193"
REGISTERS = "Vision Transformers Need Registers, arXiv 2309.16588"
DINOV3 = "DINOv3, arXiv 2508.10104"
AIMV2 = "Multimodal Autoregressive Pre-training of Large Vision Encoders, arXiv 2411.14402"

_L: dict[str, Json] = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16}


def _dinov2(arch: str, hub: str, dim: int, params: int, config: dict[str, Json]) -> tuple[Entry, ...]:
    registers = "registers" in hub
    return image_lines(
        arch,
        "dinov2_registers" if registers else "dinov2",
        dim=dim,
        params=params,
        patch_px=14,
        config={"image_size": 518, "patch_size": 14, **config},
        details={"activation": "gelu", "tokens": "last hidden state", "flexible_size": True},
        weights=Weights(
            "lvd142m",
            f"facebook/{hub}",
            ("lvd142m",),
            "Apache-2.0",
            True,
            "DINOv2, self-supervised image encoder" + (", with registers" if registers else ""),
            authors_pool="cls",
        ),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        citation=REGISTERS if registers else DINOV2,
        interpolation="bicubic",
        resize_px=256,
    )


def _dinov3(letter: str, dim: int, params: int, config: dict[str, Json]) -> tuple[Entry, ...]:
    return image_lines(
        f"dinov3_vit_{letter}",
        "dinov3",
        dim=dim,
        params=params,
        patch_px=16,
        config={"num_register_tokens": 4, **config},
        details={
            "activation": "gelu",
            "tokens": "last hidden state",
            "position": "rope_2d",
            "flexible_size": True,
        },
        weights=Weights(
            "lvd1689m",
            f"facebook/dinov3-vit{letter}16-pretrain-lvd1689m",
            ("lvd1689m",),
            "DINOv3 licence (access by a form)",
            None,
            "DINOv3, self-supervised image encoder",
            authors_pool="cls",
        ),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        citation=DINOV3,
        resize_mode="stretch",
    )


_AIMV2 = image_lines(
    "aimv2_vit_l14",
    "aimv2",
    dim=1024,
    params=312_345_600,
    patch_px=14,
    config={},
    details={"activation": "silu", "norm": "rms_norm", "tokens": "last hidden state"},
    weights=Weights(
        "pretrain",
        "apple/aimv2-large-patch14-224",
        ("dfn2b", "coyo", "hqitp"),
        "apple-amlr (research only)",
        False,
        "AIMv2, image encoder trained to predict pixels and words",
        authors_pool="attention",
    ),
    mean=(0.48145466, 0.4578275, 0.40821073),
    std=(0.26862954, 0.26130258, 0.27577711),
    citation=AIMV2,
    interpolation="bicubic",
    pool="attention",
)

ENTRIES = (
    *_dinov2("dinov2_b", "dinov2-base", 768, 86_580_480, {}),
    *_dinov2("dinov2_l", "dinov2-large", 1024, 304_368_640, _L),
    *_dinov2("dinov2_reg_b", "dinov2-with-registers-base", 768, 86_583_552, {}),
    *_dinov2("dinov2_reg_l", "dinov2-with-registers-large", 1024, 304_372_736, _L),
    *_dinov3("s", 384, 21_596_544, {}),
    *_dinov3("b", 768, 85_660_416, {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}),
    *_dinov3("l", 1024, 303_129_600, {"intermediate_size": 4096, **_L}),
    *_AIMV2,
)
