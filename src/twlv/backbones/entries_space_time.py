"""Table lines of video models that treat space and time apart: TimeSformer, X-CLIP, VideoPrism. No torch."""

from __future__ import annotations

from typing import Any

from twlv.backbones.entries_video import Weights, lines
from twlv.backbones.entry import Entry
from twlv.types import Json

_NC = "CC-BY-NC-4.0"
TIMESFORMER = "Is Space-Time Attention All You Need for Video Understanding?, arXiv 2102.05095"
XCLIP = "Expanding Language-Image Pretrained Models for General Video Recognition, arXiv 2208.02816"
VIDEOPRISM = "VideoPrism: A Foundational Visual Encoder for Video Understanding, arXiv 2402.13217"

# ---------------------------------------------------------------- TimeSformer


def _timesformer(
    arch: str, hub: str, params: int, *, frames: int, size_px: int, sampling: str
) -> tuple[Entry, ...]:
    card = {
        "dim": 768,
        "num_params": params,
        "num_frames": frames,
        "image_size_px": size_px,
        "patch": (1, 16, 16),
        "mean": (0.45, 0.45, 0.45),
        "std": (0.225, 0.225, 0.225),
        "pool": "cls",
        "citation": TIMESFORMER,
        "details": {"activation": "gelu", "norm": "layer_norm", "position": "learned"},
    }
    sets = (("k400", "kinetics400", "Kinetics-400"), ("k600", "kinetics600", "Kinetics-600"))
    weights = tuple(
        Weights(
            tag,
            f"facebook/timesformer-{hub}-finetuned-{tag}",
            ("imagenet21k", name),
            _NC,
            False,
            f"TimeSformer, supervised on {title}",
            sampling=sampling,
            authors_pool="cls",
        )
        for tag, name, title in (*sets, ("ssv2", "ssv2", "Something-Something-v2"))
    )
    own: dict[str, Json] = {} if hub == "base" else {"num_frames": frames, "image_size": size_px}
    return lines(arch, card, "timesformer", own, weights)


_TIMESFORMER = (
    *_timesformer("timesformer_b", "base", 121_258_752, frames=8, size_px=224, sampling="8 frames, every 32nd"),
    *_timesformer(
        "timesformer_hr", "hr", 121_716_480, frames=16, size_px=448, sampling="16 frames, every 16th"
    ),
)

# ---------------------------------------------------------------- X-CLIP

_LARGE: dict[str, Json] = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "mit_hidden_size": 768,
    "mit_intermediate_size": 3072,
}


def _xclip(arch: str, hub: str, params: int, *, patch_px: int, dim: int, **vision: Json) -> tuple[Entry, ...]:
    card = {
        "dim": dim,
        "num_params": params,
        "num_frames": 8,
        "patch": (1, patch_px, patch_px),
        "pool": "cls",
        "citation": XCLIP,
        "details": {
            "activation": "quick_gelu",
            "norm": "layer_norm",
            "position": "learned",
            "tokens": "normalised and projected as the class token",
        },
    }
    weights = Weights(
        "k400",
        f"microsoft/xclip-{hub}",
        ("wit400m", "kinetics400"),
        "MIT",
        True,
        "X-CLIP, CLIP with messages between frames, on Kinetics-400",
        sampling="8 frames spread over the whole video",
        authors_pool="cls",
    )
    config: dict[str, Json] = {"vision": {"patch_size": patch_px, **vision}, "projection_dim": dim}
    return lines(arch, card, "xclip", config, (weights,))


_XCLIP = (
    *_xclip("xclip_vit_b32", "base-patch32", 126_459_648, patch_px=32, dim=512),
    *_xclip("xclip_vit_b16", "base-patch16", 124_803_072, patch_px=16, dim=512),
    *_xclip("xclip_vit_l14", "large-patch14", 437_061_376, patch_px=14, dim=768, **_LARGE),
)

# ---------------------------------------------------------------- VideoPrism


def _videoprism(
    letter: str, hub: str, params: int, *, dim: int, frames: int, **config: Json
) -> tuple[Entry, ...]:
    card: dict[str, Any] = {
        "dim": dim,
        "num_params": params,
        "num_frames": frames,
        "image_size_px": 288,
        "resize_mode": "stretch",
        "interpolation": "bicubic",
        "patch": (1, 18, 18),
        "mean": (0.0, 0.0, 0.0),
        "std": (1.0, 1.0, 1.0),
        "citation": VIDEOPRISM,
        "details": {"activation": "gelu_python", "norm": "layer_norm", "position": "learned"},
    }
    weights = Weights(
        "public",
        f"google/videoprism-{hub}",
        ("wts70m", "yt-temporal-180m", "videocc", "internvid", "videoprism-private"),
        "Apache-2.0, weights CC-BY-4.0",
        True,
        "VideoPrism, self-supervised after videos and texts",
        sampling=f"{frames} frames spread over the clip",
        authors_pool="attentive probe",
    )
    return lines(f"videoprism_vit_{letter}", card, "videoprism", dict(config), (weights,))


_VIDEOPRISM = (
    *_videoprism("b", "base-f16r288", 114_365_184, dim=768, frames=16),
    *_videoprism(
        "l",
        "large-f8r288",
        353_965_056,
        dim=1024,
        frames=8,
        hidden_size=1024,
        intermediate_size=4096,
        num_attention_heads=16,
        num_spatial_layers=24,
        num_frames=8,
    ),
)

ENTRIES = (*_TIMESFORMER, *_XCLIP, *_VIDEOPRISM)
