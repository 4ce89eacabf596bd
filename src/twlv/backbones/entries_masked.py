"""Table lines of VideoMAE V2, V-JEPA, OmniMAE and MVD, converted to our transformer. No torch.

Facts: the reference repositories and model cards. What is in a file was read off the code that writes it.
"""

from __future__ import annotations

from twlv.backbones.converted_lines import (
    DENSE,
    NC,
    VIT_B,
    VIT_G,
    VIT_H,
    VIT_L,
    VIT_S,
    Size,
    converted,
    vit_lines,
)
from twlv.backbones.entries_video import Weights
from twlv.backbones.entry import Entry, Origin
from twlv.types import Json

VIDEOMAE2 = "VideoMAE V2: Scaling Video Masked Autoencoders with Dual Masking, arXiv 2303.16727"
VJEPA = "Revisiting Feature Prediction for Learning Visual Representations from Video, arXiv 2404.08471"
OMNIMAE = "OmniMAE: Single Model Masked Pretraining on Images and Videos, arXiv 2206.08356"
MVD = "Masked Video Distillation: Rethinking Masked Feature Modeling, arXiv 2212.04500"

# ---------------------------------------------------------------- VideoMAE V2

_HYBRID = ("kinetics710", "ssv2", "ava", "webvid2m", "instagram")


def _videomae2(tag: str, file: str, summary: str, data: tuple[str, ...], pool: str) -> Weights:
    origin = Origin(repository="OpenGVLab/VideoMAE2", files=(file,), format="videomae")
    return converted(
        tag,
        data,
        "Apache-2.0 (tag of the hub; code MIT)",
        summary,
        origin=origin,
        sampling=DENSE,
        authors_pool=pool,
    )


_FLAT: dict[str, Json] = {"position": "sincos_flat"}
_TUNED: dict[str, Json] = {**_FLAT, "final_norm": "pooled"}
_DISTILLED = "VideoMAE V2, distilled from the giant fine-tuned on Kinetics-710"
_VIDEOMAE2 = tuple(
    entry
    for letter, size, params in (("s", VIT_S, 21_884_544), ("b", VIT_B, 86_236_416))
    for entry in vit_lines(
        f"videomae2_vit_{letter}",
        size,
        params,
        VIDEOMAE2,
        (_videomae2("k710", f"distill/vit_{letter}_k710_dl_from_giant.pth", _DISTILLED, _HYBRID, "mean_norm"),),
        facts={},
        switches=_TUNED,
    )
) + vit_lines(
    "videomae2_vit_g",
    VIT_G,
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

# ---------------------------------------------------------------- V-JEPA, OmniMAE, MVD


def _vjepa(size_px: int, name: str, arch: str) -> Weights:
    return converted(
        "videomix2m",
        ("videomix2m",),
        NC,
        "V-JEPA's target encoder, self-supervised on VideoMix2M",
        origin=Origin(url=f"https://dl.fbaipublicfiles.com/jepa/{name}/{name}.pth.tar", format="vjepa"),
        sampling=DENSE,
        authors_pool="attentive probe",
        report=("V-JEPA", "", arch) if size_px == 224 else None,
    )


_VJEPA = (
    *vit_lines("vjepa_vit_l", VIT_L, 303_885_312, VJEPA, (_vjepa(224, "vitl16", "ViT-L"),), facts={}),
    *vit_lines("vjepa_vit_h", VIT_H, 631_648_000, VJEPA, (_vjepa(224, "vith16", "ViT-H"),), facts={}),
    *vit_lines(
        "vjepa_vit_h_384",
        VIT_H,
        631_648_000,
        VJEPA,
        (_vjepa(384, "vith16-384", "ViT-H"),),
        facts={"image_size_px": 384},
    ),
)


def _omnimae(letter: str, size: Size, params: int) -> tuple[Entry, ...]:
    weights = converted(
        "in1k_ssv2",
        ("imagenet1k", "ssv2"),
        NC,
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
    return vit_lines(f"omnimae_vit_{letter}", size, params, OMNIMAE, (weights,), facts={}, switches=switches)


def _mvd(letter: str, size: Size, params: int) -> tuple[Entry, ...]:
    weights = converted(
        "k400",
        ("kinetics400", "imagenet1k"),
        NC,
        "MVD, distilled from an image and a video teacher on Kinetics-400",
        origin=Origin(by_hand="https://github.com/ruiwang2021/mvd/blob/main/MODEL_ZOO.md", format="mvd"),
        sampling=DENSE,
        authors_pool="mean_norm (fine-tuned)",
        report=("MVD", "", "ViT-L") if letter == "l" else None,
    )
    switches: dict[str, Json] = {"position": "sincos_quarter"}
    return vit_lines(f"mvd_vit_{letter}", size, params, MVD, (weights,), facts={}, switches=switches)


ENTRIES = (
    *_VIDEOMAE2,
    *_VJEPA,
    *_omnimae("b", VIT_B, 86_236_416),
    *_omnimae("l", VIT_L, 303_885_312),
    *_omnimae("h", VIT_H, 631_648_000),
    *_mvd("s", VIT_S, 21_884_544),
    *_mvd("b", VIT_B, 86_236_416),
    *_mvd("l", VIT_L, 303_885_312),
    *_mvd("h", VIT_H, 631_648_000),
)
