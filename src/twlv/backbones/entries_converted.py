"""Table lines of models whose published weights are converted to our own transformer. Plain literals, no torch.

Facts: the reference repositories and model cards. What is in a file was read off the code that writes it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twlv.backbones.entries_own import VIT_DETAILS
from twlv.backbones.entries_video import Weights, lines
from twlv.backbones.entry import CONVERTED, Entry, Origin
from twlv.types import Json

_NC = "CC-BY-NC-4.0"
UMT = "Unmasked Teacher: Towards Training-Efficient Video Foundation Models, arXiv 2303.16058"
VJEPA = "Revisiting Feature Prediction for Learning Visual Representations from Video, arXiv 2404.08471"
OMNIMAE = "OmniMAE: Single Model Masked Pretraining on Images and Videos, arXiv 2206.08356"
MVD = "Masked Video Distillation: Rethinking Masked Feature Modeling, arXiv 2212.04500"
VIDEOMAE2 = "VideoMAE V2: Scaling Video Masked Autoencoders with Dual Masking, arXiv 2303.16727"
INTERNVIDEO2 = "InternVideo2: Scaling Foundation Models for Multimodal Video Understanding, arXiv 2403.15377"

_DENSE = "16 frames, every 4th"
_SPARSE = "spread over the whole video"


class _Size(NamedTuple):
    width: int
    depth: int
    num_heads: int
    mlp_width: int


_S, _B = _Size(384, 12, 6, 1536), _Size(768, 12, 12, 3072)
_L, _H, _G = _Size(1024, 24, 16, 4096), _Size(1280, 32, 16, 5120), _Size(1408, 40, 16, 6144)


def _vit(
    arch: str,
    size: _Size,
    params: int,
    citation: str,
    weights: tuple[Weights, ...],
    *,
    facts: dict[str, Any],
    switches: dict[str, Json] | None = None,
    settings: dict[str, Json] | None = None,
) -> tuple[Entry, ...]:
    """Lines of one architecture. ``switches`` are settings that a card shows, ``settings`` others."""
    shape: dict[str, Any] = {"num_frames": 16, "image_size_px": 224, "patch": (2, 16, 16)} | facts
    card = {
        "dim": size.width,
        "num_params": params,
        "flexible_frames": True,
        "citation": citation,
        **shape,
        "details": {**VIT_DETAILS, **(switches or {})},
    }
    if (switches or {}).get("final_norm") == "pooled":
        card["pool"] = "mean_norm"
    config: dict[str, Json] = {
        **size._asdict(),
        **shape,
        "patch": list(shape["patch"]),
        **(switches or {}),
        **(settings or {}),
    }
    return lines(arch, card, "video_transformer", config, weights)


def _converted(
    tag: str, data: tuple[str, ...], licence: str, summary: str, *, origin: Origin, **more: Any
) -> Weights:
    commercial = False if licence == _NC else None
    return Weights(tag, "", data, licence, commercial, summary, origin=origin, loader=CONVERTED, **more)


# ---------------------------------------------------------------- VideoMAE V2

_HYBRID = ("kinetics710", "ssv2", "ava", "webvid2m", "instagram")


def _videomae2(tag: str, file: str, summary: str, data: tuple[str, ...], pool: str) -> Weights:
    origin = Origin(repository="OpenGVLab/VideoMAE2", files=(file,), format="videomae")
    return _converted(
        tag,
        data,
        "Apache-2.0 (tag of the hub; code MIT)",
        summary,
        origin=origin,
        sampling=_DENSE,
        authors_pool=pool,
    )


_FLAT: dict[str, Json] = {"position": "sincos_flat"}
_TUNED: dict[str, Json] = {**_FLAT, "final_norm": "pooled"}
_DISTILLED = "VideoMAE V2, distilled from the giant fine-tuned on Kinetics-710"
_VIDEOMAE2 = tuple(
    entry
    for letter, size, params in (("s", _S, 21_884_544), ("b", _B, 86_236_416))
    for entry in _vit(
        f"videomae2_vit_{letter}",
        size,
        params,
        VIDEOMAE2,
        (_videomae2("k710", f"distill/vit_{letter}_k710_dl_from_giant.pth", _DISTILLED, _HYBRID, "mean_norm"),),
        facts={},
        switches=_TUNED,
    )
) + _vit(
    "videomae2_vit_g",
    _G,
    1_011_667_072,
    VIDEOMAE2,
    (
        _videomae2(
            "hybrid",
            "mae-g/vit_g_hybrid_pt_1200e.pth",
            "VideoMAE V2 giant, self-supervised on UnlabeledHybrid",
            _HYBRID,
            "mean (pretrained: no classifier)",
        ),
    ),
    facts={"patch": (2, 14, 14)},
    switches=_FLAT,
)

# ---------------------------------------------------------------- UMT

_UMT_AT = "https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/umt"
_UMT_IMAGES: dict[str, Json] = {"position": "sincos_flat", "image_positions": "first_step"}
_UMT_TEXTS = {
    "5m": ("kinetics710", "webvid2m", "cc3m"),
    "17m": ("kinetics710", "webvid2m", "cc3m", "cc12m", "sbu", "vg", "coco"),
    "25m": ("kinetics710", "webvid10m", "cc3m", "cc12m", "sbu", "vg", "coco"),
}


def _umt(letter: str, size: _Size, params: int, arch: str) -> tuple[Entry, ...]:
    first = _converted(
        "k710",
        ("kinetics710",),
        "MIT (of the repository)",
        "UMT, first stage: CLIP's features of unmasked tokens, on Kinetics-710",
        origin=Origin(url=f"{_UMT_AT}/single_modality/{letter}16_ptk710_f8_res224.pth", format="umt_stage1"),
        sampling=f"8 frames {_SPARSE}",
        authors_pool="mean_norm (fine-tuned)",
        report=("UMT", "s1", arch),
    )
    second = tuple(
        _converted(
            tag,
            data,
            "MIT (of the repository)",
            f"UMT, second stage: videos and texts, {tag.upper()} pairs",
            origin=Origin(url=f"{_UMT_AT}/multi_modality/{letter}16_{tag}.pth", format="umt_stage2"),
            sampling=f"4 frames {_SPARSE}",
            authors_pool="mean_norm",
            report=("UMT", "s2", arch) if tag == "25m" else None,
        )
        for tag, data in _UMT_TEXTS.items()
    )
    one_frame = {"patch": (1, 16, 16)}
    return (
        *_vit(
            f"umt1_vit_{letter}",
            size,
            params,
            UMT,
            (first,),
            facts={"num_frames": 8, **one_frame},
            switches=_UMT_IMAGES,
        ),
        *_vit(
            f"umt2_vit_{letter}",
            size,
            params + 2 * size.width,
            UMT,
            second,
            facts={"num_frames": 4, **one_frame},
            switches={**_UMT_IMAGES, "pool_head": "norm"},
        ),
    )


# ---------------------------------------------------------------- V-JEPA, OmniMAE, MVD


def _vjepa(size_px: int, name: str, arch: str) -> Weights:
    return _converted(
        "videomix2m",
        ("videomix2m",),
        _NC,
        "V-JEPA's target encoder, self-supervised on VideoMix2M",
        origin=Origin(url=f"https://dl.fbaipublicfiles.com/jepa/{name}/{name}.pth.tar", format="vjepa"),
        sampling=_DENSE,
        authors_pool="attentive probe",
        report=("V-JEPA", "", arch) if size_px == 224 else None,
    )


_VJEPA = (
    *_vit("vjepa_vit_l", _L, 303_885_312, VJEPA, (_vjepa(224, "vitl16", "ViT-L"),), facts={}),
    *_vit("vjepa_vit_h", _H, 631_648_000, VJEPA, (_vjepa(224, "vith16", "ViT-H"),), facts={}),
    *_vit(
        "vjepa_vit_h_384",
        _H,
        631_648_000,
        VJEPA,
        (_vjepa(384, "vith16-384", "ViT-H"),),
        facts={"image_size_px": 384},
    ),
)


def _omnimae(letter: str, size: _Size, params: int) -> tuple[Entry, ...]:
    weights = _converted(
        "in1k_ssv2",
        ("imagenet1k", "ssv2"),
        _NC,
        "OmniMAE, self-supervised on ImageNet-1K and SSv2",
        origin=Origin(
            url=f"https://dl.fbaipublicfiles.com/omnivore/omnimae_ckpts/vit{letter}_pretrain.torch",
            format="omnimae",
        ),
        sampling="16 frames over 2.7 s",
        authors_pool="mean_norm",
        report=("OmniMAE", "", "ViT-L") if letter == "l" else None,
    )
    switches: dict[str, Json] = {"position": "sincos_flat", "image_positions": "first_step"}
    return _vit(f"omnimae_vit_{letter}", size, params, OMNIMAE, (weights,), facts={}, switches=switches)


def _mvd(letter: str, size: _Size, params: int) -> tuple[Entry, ...]:
    weights = _converted(
        "k400",
        ("kinetics400", "imagenet1k"),
        _NC,
        "MVD, distilled from an image and a video teacher on Kinetics-400",
        origin=Origin(by_hand="https://github.com/ruiwang2021/mvd/blob/main/MODEL_ZOO.md", format="mvd"),
        sampling=_DENSE,
        authors_pool="mean_norm (fine-tuned)",
        report=("MVD", "", "ViT-L") if letter == "l" else None,
    )
    switches: dict[str, Json] = {"position": "sincos_quarter"}
    return _vit(f"mvd_vit_{letter}", size, params, MVD, (weights,), facts={}, switches=switches)


# ---------------------------------------------------------------- InternVideo2

_FOUR_SWITCHES: dict[str, Json] = {
    "norm": "rms_norm",
    "qk_norm": True,
    "layer_scale": True,
    "class_token": True,
    "position": "learned",
    "activation": "gelu_tanh",
    "qkv_bias": False,
    "final_norm": "none",
    "pool_head": "attention",
}
_POOL: dict[str, Json] = {"pool_width": 768, "pool_num_heads": 16}


def _internvideo2(stage: int, repository: str, file: str, data: tuple[str, ...], summary: str) -> Weights:
    return _converted(
        "kmash" if stage == 1 else "pairs",
        data,
        "Apache-2.0 (tag of the hub; access by a form)",
        summary,
        origin=Origin(repository=repository, files=(file,), format=f"internvideo2_stage{stage}"),
        sampling=f"{8 if stage == 1 else 4} frames {_SPARSE}",
        authors_pool="attention",
        report=("InternVideo2", f"s{stage}", "ViT-g"),
    )


_INTERNVIDEO2 = (
    *_vit(
        "internvideo2_1_vit_1b",
        _G,
        1_020_708_608,
        INTERNVIDEO2,
        (
            _internvideo2(
                1,
                "OpenGVLab/InternVideo2-Stage1-1B-224p-f8",
                "pretrain.pth",
                ("kmash",),
                "InternVideo2-1B, first stage: features of two teachers, on K-Mash",
            ),
        ),
        facts={"num_frames": 8, "patch": (1, 14, 14)},
        switches=_FOUR_SWITCHES,
        settings=_POOL,
    ),
    *_vit(
        "internvideo2_2_vit_1b",
        _G,
        1_019_628_672,
        INTERNVIDEO2,
        (
            _internvideo2(
                2,
                "OpenGVLab/InternVideo2-Stage2_1B-224p-f4",
                "InternVideo2-stage2_1b-224p-f4.pt",
                ("kmash", "webvid10m", "internvid", "laion"),
                "InternVideo2-1B, second stage: videos, sounds and texts",
            ),
        ),
        facts={"num_frames": 4, "patch": (1, 14, 14)},
        switches={**_FOUR_SWITCHES, "image_positions": "learned"},
        settings=_POOL,
    ),
)

ENTRIES = (
    *_VIDEOMAE2,
    *_umt("b", _B, 85_646_592, "ViT-B"),
    *_umt("l", _L, 303_098_880, "ViT-L"),
    *_VJEPA,
    *_omnimae("b", _B, 86_236_416),
    *_omnimae("l", _L, 303_885_312),
    *_omnimae("h", _H, 631_648_000),
    *_mvd("s", _S, 21_884_544),
    *_mvd("b", _B, 86_236_416),
    *_mvd("l", _L, 303_885_312),
    *_mvd("h", _H, 631_648_000),
    *_INTERNVIDEO2,
)
