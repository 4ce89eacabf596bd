"""Table lines of UMT and InternVideo2, converted to our transformer. No torch.

Facts: the reference repositories and model cards. What is in a file was read off the code that writes it.
"""

from __future__ import annotations

from twlv.backbones.converted_lines import SPARSE, VIT_B, VIT_G, VIT_L, Size, converted, vit_lines
from twlv.backbones.entries_video import Weights
from twlv.backbones.entry import Entry, Origin
from twlv.types import Json

UMT = "Unmasked Teacher: Towards Training-Efficient Video Foundation Models, arXiv 2303.16058"
INTERNVIDEO2 = "InternVideo2: Scaling Foundation Models for Multimodal Video Understanding, arXiv 2403.15377"

# ---------------------------------------------------------------- UMT

_UMT_AT = "https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/umt"
_UMT_IMAGES: dict[str, Json] = {"position": "sincos_flat", "image_positions": "first_step"}
_UMT_TEXTS = {
    "5m": ("kinetics710", "webvid2m", "cc3m"),
    "17m": ("kinetics710", "webvid2m", "cc3m", "cc12m", "sbu", "vg", "coco"),
    "25m": ("kinetics710", "webvid10m", "cc3m", "cc12m", "sbu", "vg", "coco"),
}


def _umt(letter: str, size: Size, params: int, arch: str) -> tuple[Entry, ...]:
    first = converted(
        "k710",
        ("kinetics710",),
        "MIT (of the repository)",
        "UMT, first stage: CLIP's features of unmasked tokens, on Kinetics-710",
        origin=Origin(url=f"{_UMT_AT}/single_modality/{letter}16_ptk710_f8_res224.pth", format="umt_stage1"),
        sampling=f"8 frames {SPARSE}",
        authors_pool="mean_norm (fine-tuned)",
        report=("UMT", "s1", arch),
    )
    second = tuple(
        converted(
            tag,
            data,
            "MIT (of the repository)",
            f"UMT, second stage: videos and texts, {tag.upper()} pairs",
            origin=Origin(url=f"{_UMT_AT}/multi_modality/{letter}16_{tag}.pth", format="umt_stage2"),
            sampling=f"4 frames {SPARSE}",
            authors_pool="mean_norm",
            report=("UMT", "s2", arch) if tag == "25m" else None,
        )
        for tag, data in _UMT_TEXTS.items()
    )
    one_frame = {"patch": (1, 16, 16)}
    return (
        *vit_lines(
            f"umt1_vit_{letter}",
            size,
            params,
            UMT,
            (first,),
            facts={"num_frames": 8, **one_frame},
            switches=_UMT_IMAGES,
        ),
        *vit_lines(
            f"umt2_vit_{letter}",
            size,
            params + 2 * size.width,
            UMT,
            second,
            facts={"num_frames": 4, **one_frame},
            switches={**_UMT_IMAGES, "pool_head": "norm"},
        ),
    )


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
    return converted(
        "kmash" if stage == 1 else "pairs",
        data,
        "Apache-2.0 (tag of the hub; access by a form)",
        summary,
        origin=Origin(repository=repository, files=(file,), format=f"internvideo2_stage{stage}"),
        sampling=f"{8 if stage == 1 else 4} frames {SPARSE}",
        authors_pool="attention",
        report=("InternVideo2", f"s{stage}", "ViT-g"),
    )


_INTERNVIDEO2 = (
    *vit_lines(
        "internvideo2_1_vit_1b",
        VIT_G,
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
    *vit_lines(
        "internvideo2_2_vit_1b",
        VIT_G,
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
    *_umt("b", VIT_B, 85_646_592, "ViT-B"),
    *_umt("l", VIT_L, 303_098_880, "ViT-L"),
    *_INTERNVIDEO2,
)
