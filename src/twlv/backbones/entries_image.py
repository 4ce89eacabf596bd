"""Table lines of image encoders, each frame by itself and the mean over frames. Plain literals, no torch."""

from __future__ import annotations

from twlv.backbones.entries_video import Weights, lines
from twlv.backbones.entry import Entry
from twlv.types import Json

_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
_HALF = (0.5, 0.5, 0.5)
_PROJECTED = "normalised and projected as the class token"
CLIP = "Learning Transferable Visual Models From Natural Language Supervision, arXiv 2103.00020"
DFN = "Data Filtering Networks, arXiv 2309.17425"
SIGLIP = "Sigmoid Loss for Language Image Pre-Training, arXiv 2303.15343"
DINOV2 = "DINOv2: Learning Robust Visual Features without Supervision, arXiv 2304.07193"


def _image(
    arch: str,
    kind: str,
    *,
    dim: int,
    params: int,
    patch_px: int,
    config: dict[str, Json],
    details: dict[str, Json],
    weights: Weights,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    citation: str,
    **preparation: object,
) -> tuple[Entry, ...]:
    card = {
        "dim": dim,
        "num_params": params,
        "num_frames": 16,
        "patch": (1, patch_px, patch_px),
        "modality": "image",
        "pool": "cls",
        "flexible_frames": True,
        "mean": mean,
        "std": std,
        "citation": citation,
        "details": {"norm": "layer_norm", "position": "learned", **details},
        **preparation,
    }
    return lines(arch, card, kind, config, (weights,))


def _clip(
    arch: str, *, dim: int, params: int, patch_px: int, config: dict[str, Json], weights: Weights, citation: str
) -> tuple[Entry, ...]:
    return _image(
        arch,
        "clip_projected",
        dim=dim,
        params=params,
        patch_px=patch_px,
        config={"patch_size": patch_px, "projection_dim": dim, **config},
        details={"activation": "quick_gelu", "tokens": _PROJECTED},
        weights=weights,
        mean=_CLIP_MEAN,
        std=_CLIP_STD,
        citation=citation,
        interpolation="bicubic",
    )


def _openai(name: str) -> Weights:
    return Weights(
        "openai", f"openai/{name}", ("wit400m",), "MIT", True, "CLIP image tower, its 'image embedding'"
    )


_CLIP = (
    *_clip(
        "clip_vit_b16",
        dim=512,
        params=86_192_640,
        patch_px=16,
        config={},
        weights=_openai("clip-vit-base-patch16"),
        citation=CLIP,
    ),
    *_clip(
        "clip_vit_l14",
        dim=768,
        params=303_966_208,
        patch_px=14,
        config={
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
        },
        weights=_openai("clip-vit-large-patch14"),
        citation=CLIP,
    ),
    *_clip(
        "dfn_vit_h14",
        dim=1024,
        params=632_076_800,
        patch_px=14,
        config={
            "hidden_size": 1280,
            "intermediate_size": 5120,
            "num_hidden_layers": 32,
            "num_attention_heads": 16,
        },
        weights=Weights(
            "dfn5b",
            "apple/DFN5B-CLIP-ViT-H-14",
            ("dfn5b",),
            "apple-sample-code-license",
            None,
            "DFN, the report's image baseline",
        ),
        citation=DFN,
    ),
)

_SIGLIP = _image(
    "siglip_b16",
    "siglip",
    dim=768,
    params=92_884_224,
    patch_px=16,
    config={},
    details={"activation": "gelu_pytorch_tanh", "tokens": "last hidden state"},
    weights=Weights(
        "webli", "google/siglip-base-patch16-224", ("webli",), "Apache-2.0", True, "SigLIP image tower"
    ),
    mean=_HALF,
    std=_HALF,
    citation=SIGLIP,
    interpolation="bicubic",
    resize_mode="stretch",
)


def _dinov2(letter: str, name: str, dim: int, params: int, **config: Json) -> tuple[Entry, ...]:
    summary = "DINOv2, self-supervised image encoder"
    return _image(
        f"dinov2_{letter}",
        "dinov2",
        dim=dim,
        params=params,
        patch_px=14,
        config={"image_size": 518, "patch_size": 14, **config},
        details={"activation": "gelu", "tokens": "last hidden state", "flexible_size": True},
        weights=Weights("lvd142m", f"facebook/{name}", ("lvd142m",), "Apache-2.0", True, summary),
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        citation=DINOV2,
        interpolation="bicubic",
        resize_px=256,
    )


ENTRIES = (
    *_CLIP,
    *_SIGLIP,
    *_dinov2("b", "dinov2-base", 768, 86_580_480),
    *_dinov2(
        "l",
        "dinov2-large",
        1024,
        304_368_640,
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
    ),
)
