"""Models that the field compares and that are not here: why not, and what it would take. No torch."""

from __future__ import annotations

from dataclasses import dataclass

_NC = "CC-BY-NC-4.0"


@dataclass(frozen=True, kw_only=True)
class Absent:
    """A model without an adapter. ``names`` are what people call it; ``why_not``, ``needed`` are sentences."""

    name: str
    names: tuple[str, ...]
    millions: str
    input: str
    weights_at: str
    licence: str
    why_not: str
    needed: str


ABSENT = (
    Absent(
        name="hiera",
        names=("hiera_b", "hiera_bplus", "hiera_l", "hiera_h", "hiera_large_16x224"),
        millions="51 (B), 213 (L)",
        input="16 frames, every 4th, 224 px; convolution (3, 7, 7) at stride (2, 4, 4)",
        weights_at="hf:facebook/hiera_{base,base_plus,large,huge}_16x224.mae_k400",
        licence=f"code Apache-2.0, weights {_NC}",
        why_not="A hierarchy of four stages with pooled queries and attention in windows is another network "
        "than ours. transformers and timm have its image form only; the package hiera-transformer "
        "needs timm, which needs torchvision.",
        needed="An own port of some 250 lines: tokens are re-ordered inside, and only its intermediates are "
        "in the order of space. Of the missing models the one most worth having: the report compares "
        "Hiera-L (Table 5).",
    ),
    Absent(
        name="vjepa21",
        names=("vjepa2_1_vit_b", "vjepa2_1_vit_l", "vjepa2_1_vit_g", "vjepa21_vit_l"),
        millions="87 (B), 1013 (g), 2000 (G)",
        input="384 px; images by an embedding of their own",
        weights_at="https://dl.fbaipublicfiles.com/vjepa2/vjepa2_1_vit{b,l}_dist_vitG_384.pt, ..._vitg_384.pt",
        licence="MIT (of the repository)",
        why_not="transformers does not have it yet. V-JEPA 2's code runs its weights with a rotary code that "
        "pairs channels in another order, and silently gives other features.",
        needed="Its rotary code, patch embeddings of images and a modality embedding in our transformer, and"
        " its features of four levels, four times as wide.",
    ),
    Absent(
        name="internvideo_next",
        names=("internvideo_next_b", "internvideo_next_l"),
        millions="86 (B), 304 (L)",
        input="patches of 14 px",
        weights_at="hf:revliter/internvideo_next_{base,large}_p14_res224_f16",
        licence="not checked",
        why_not="Its repository runs code of its own on loading, which is never done here.",
        needed="Its architecture as settings of our transformer, read off its code, and a converter.",
    ),
    Absent(
        name="mvitv2",
        names=("mvit_v2_s", "mvitv2_s", "mvit_v1_b"),
        millions="35 (S)",
        input="16 frames, every 4th, 224 px; normalised by .45 / .225",
        weights_at="torchvision, MViT_V2_S_Weights.KINETICS400_V1",
        licence="code BSD-3, weights not said",
        why_not="Only torchvision has it, which this package does without; supervised on Kinetics-400, it is "
        "not in the report.",
        needed="A function of yours in a dozen lines where torchvision is installed: docs/guides/own_model.md.",
    ),
    Absent(
        name="x3d",
        names=("x3d_xs", "x3d_s", "x3d_m", "x3d_l"),
        millions="3.8 (M)",
        input="16 frames, every 5th, 224 px (M); normalised by .45 / .225",
        weights_at="https://dl.fbaipublicfiles.com/pytorchvideo/model_zoo/kinetics/X3D_M.pyth",
        licence="Apache-2.0",
        why_not="pytorchvideo has not been kept up since 2022 and wants six more packages; a small supervised"
        " convolution is not in the report.",
        needed="An own port of its blocks, some 150 lines, and the norms folded into them.",
    ),
    Absent(
        name="uniformer",
        names=("uniformer_s", "uniformer_b"),
        millions="21 (S), 50 (B)",
        input="8 to 32 frames, 224 px",
        weights_at="Google Drive, by the README of Sense-X/UniFormer",
        licence="MIT by the README, Apache-2.0 by the file",
        why_not="It lives in a fork of SlowFast; its weights lie behind pages for people; superseded by "
        "InternVideo2, which is here.",
        needed="An own port of convolutional and attending blocks, and a file to check it on.",
    ),
    Absent(
        name="videomamba",
        names=("videomamba_t", "videomamba_s", "videomamba_m"),
        millions="7 (T), 26 (S), 74 (M)",
        input="8 to 64 frames, 224 px",
        weights_at="hf:OpenGVLab/VideoMamba",
        licence="Apache-2.0",
        why_not="Its scan is a patched CUDA extension, and no compiled extension is ever needed here.",
        needed="A scan in plain torch, equal to the extension's, which on a CPU takes many times an "
        "attention's time.",
    ),
    Absent(
        name="pe",
        names=("pe_core", "pe_video", "perception_encoder"),
        millions="not checked",
        input="frames",
        weights_at="hf:facebook/PE-Core-*, transformers PeVideoEncoder",
        licence="not checked",
        why_not="transformers builds it by timm, and timm needs torchvision.",
        needed="timm without torchvision, or an own port.",
    ),
    Absent(
        name="tips_radio_metaclip",
        names=("tipsv2", "c_radio", "radio_v4", "metaclip2"),
        millions="21 to 632",
        input="frames",
        weights_at="the hub",
        licence="each its own",
        why_not="Image encoders beside the six families that are here; nobody has asked for them yet.",
        needed="A function of a few lines in image_models.py for each, and a row of the table.",
    ),
)
"""In the order of what would be most worth adding."""


def absent(name: str) -> Absent | None:
    """The line of a model that is not here, by any of its names (a tag or size after it is no matter)."""
    wanted = name.lower().replace("-", "_").partition(".")[0]
    for line in ABSENT:
        if any(wanted == known or wanted.startswith(f"{known}_") for known in (line.name, *line.names)):
            return line
    return None
