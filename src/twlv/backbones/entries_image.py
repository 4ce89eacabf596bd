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
SIGLIP2 = "SigLIP 2: Multilingual Vision-Language Encoders, arXiv 2502.14786"


def image_lines(
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
    """Lines of an image encoder; ``preparation`` are further fields of the card."""
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
    arch: str,
    *,
    dim: int,
    params: int,
    patch_px: int,
    config: dict[str, Json],
    weights: Weights,
    citation: str,
    image_size_px: int = 224,
) -> tuple[Entry, ...]:
    return image_lines(
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
        image_size_px=image_size_px,
    )


_H: dict[str, Json] = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 16,
}


def _dfn(arch: str, size_px: int, params: int, repository: str) -> tuple[Entry, ...]:
    weights = Weights(
        "dfn5b",
        repository,
        ("dfn5b",),
        "apple-sample-code-license",
        None,
        "DFN, the report's image baseline",
        authors_pool="cls (image embedding)",
        report=("DFN", "", "ViT-H") if size_px == 224 else None,
    )
    config = _H if size_px == 224 else {**_H, "image_size": size_px}
    return _clip(
        arch,
        dim=1024,
        params=params,
        patch_px=14,
        config=config,
        weights=weights,
        citation=DFN,
        image_size_px=size_px,
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
    *_dfn("dfn_vit_h14", 224, 632_076_800, "apple/DFN5B-CLIP-ViT-H-14"),
    *_dfn("dfn_vit_h14_378", 378, 632_682_240, "apple/DFN5B-CLIP-ViT-H-14-378"),
)


def _siglip(
    arch: str, hub: str, params: int, *, citation: str, size_px: int = 224, **config: Json
) -> tuple[Entry, ...]:
    second = hub.startswith("siglip2")
    patch_px = 14 if config.get("patch_size") == 14 else 16
    return image_lines(
        arch,
        "siglip",
        dim=1152 if config.get("hidden_size") == 1152 else 768,
        params=params,
        patch_px=patch_px,
        config=config,
        details={"activation": "gelu_pytorch_tanh", "tokens": "last hidden state"},
        weights=Weights(
            "webli",
            f"google/{hub}",
            ("webli",),
            "Apache-2.0",
            True,
            f"SigLIP{' 2' if second else ''} image tower",
            authors_pool="attention",
        ),
        mean=_HALF,
        std=_HALF,
        citation=citation,
        interpolation="bilinear" if second else "bicubic",
        resize_mode="stretch",
        pool="attention",
        image_size_px=size_px,
    )


_SIGLIP = (
    *_siglip("siglip_b16", "siglip-base-patch16-224", 92_884_224, citation=SIGLIP),
    *_siglip("siglip2_b16", "siglip2-base-patch16-224", 92_884_224, citation=SIGLIP2),
    *_siglip(
        "siglip2_so400m14",
        "siglip2-so400m-patch14-224",
        427_680_704,
        citation=SIGLIP2,
        hidden_size=1152,
        intermediate_size=4304,
        num_hidden_layers=27,
        num_attention_heads=16,
        patch_size=14,
    ),
)

_NAFLEX = image_lines(
    "siglip2_naflex_b16",
    "siglip2",
    dim=768,
    params=92_930_304,
    patch_px=16,
    config={},
    details={"activation": "gelu_pytorch_tanh", "tokens": "last hidden state", "flexible_size": True},
    weights=Weights(
        "webli",
        "google/siglip2-base-patch16-naflex",
        ("webli",),
        "Apache-2.0",
        True,
        "SigLIP 2 image tower for any shape; read as squares of 256 px here",
        authors_pool="attention",
    ),
    mean=_HALF,
    std=_HALF,
    citation=SIGLIP2,
    resize_mode="stretch",
    pool="attention",
    image_size_px=256,
)

ENTRIES = (*_CLIP, *_SIGLIP, *_NAFLEX)
