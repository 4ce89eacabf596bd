"""Table lines of video models of transformers. Plain literals, no torch.

Facts: the model cards on the hub and the reference repositories. ``.random`` is the same architecture
with weights drawn from seed 0.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from twlv.backbones.entries_own import IMAGENET_MEAN, IMAGENET_STD, VIT_DETAILS
from twlv.backbones.entry import CONVERTED, HUB, RANDOM, Entry, Origin
from twlv.types import BackboneCard, Json

HUB_FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
_NC = "CC-BY-NC-4.0"
_HALF = (0.5, 0.5, 0.5)
VIDEOMAE = "VideoMAE: Masked Autoencoders are Data-Efficient Learners for Self-Supervised Video Pre-Training"
VJEPA2 = (
    "V-JEPA 2: Self-Supervised Video Models Enable Understanding, Prediction and Planning, arXiv 2506.09985"
)
VIVIT = "ViViT: A Video Vision Transformer, arXiv 2103.15691"


class Weights(NamedTuple):
    """One set of weights of an architecture: its tag, where it is, what it was trained on, its licence.

    ``repository`` is one of the hub that transformers reads, or empty where ``origin`` says all.
    """

    tag: str
    repository: str
    pretrained_on: tuple[str, ...]
    licence: str
    commercial_use: bool | None
    summary: str
    changes: dict[str, Any] = {}  # noqa: RUF012 - card fields in which the weights differ; never written
    origin: Origin | None = None
    loader: str = HUB
    sampling: str = ""
    authors_pool: str = ""
    report: tuple[str, str, str] | None = None


def lines(
    arch: str, card: dict[str, Any], kind: str, config: dict[str, Json], weights: tuple[Weights, ...]
) -> tuple[Entry, ...]:
    """``arch.random``, then one line per set of weights."""
    base = BackboneCard(
        **{
            "name": f"{arch}.random",
            "mean": IMAGENET_MEAN,
            "std": IMAGENET_STD,
            "image_size_px": 224,
            "weights": "random, seed 0",
            "weights_sha256": "",
            "licence": "Apache-2.0",
            **card,
        }
    )
    untrained = Entry(
        card=base,
        kind=kind,
        config=config,
        loader=RANDOM,
        weights_at="drawn from seed 0",
        summary=f"{arch}, untrained",
        extra="" if kind == "video_transformer" else "hf",
        commercial_use=True,
    )
    return untrained, *(_trained(arch, untrained, found) for found in weights)


def _trained(arch: str, untrained: Entry, weights: Weights) -> Entry:
    origin = weights.origin or Origin(repository=weights.repository, files=HUB_FILES)
    card = dataclasses.replace(
        untrained.card,
        name=f"{arch}.{weights.tag}",
        weights=weights.tag,
        licence=weights.licence,
        pretrained_on=weights.pretrained_on,
        source=f"https://huggingface.co/{origin.repository}" if origin.repository else str(origin),
        **weights.changes,
    )
    return dataclasses.replace(
        untrained,
        card=card,
        loader=weights.loader,
        weights_at=str(origin),
        summary=weights.summary,
        extra="hf" if weights.loader == HUB else "",
        commercial_use=weights.commercial_use,
        origin=origin,
        sampling=weights.sampling,
        authors_pool=weights.authors_pool,
        report=weights.report,
    )


def _videomae(
    letter: str, width: int, depth: int, heads: int, params: int, *weights: Weights
) -> tuple[Entry, ...]:
    card = {
        "dim": width,
        "num_params": params,
        "num_frames": 16,
        "patch": (2, 16, 16),
        "flexible_frames": True,
        "citation": VIDEOMAE,
        "details": {**VIT_DETAILS, "position": "sincos_flat"},
    }
    config: dict[str, Json] = {
        "width": width,
        "depth": depth,
        "num_heads": heads,
        "mlp_width": 4 * width,
        "position": "sincos_flat",
    }
    return lines(f"videomae_vit_{letter}", card, "video_transformer", config, weights)


def _videomae_weights(tag: str, name: str, data: tuple[str, ...], summary: str) -> Weights:
    step = "2nd" if "ssv2" in data else "4th"
    return Weights(
        tag,
        f"MCG-NJU/videomae-{name}",
        data,
        _NC,
        False,
        summary,
        sampling=f"16 frames, every {step}",
        authors_pool="mean_norm (fine-tuned)",
        report=("VideoMAE", "", "ViT-L") if name == "large" else None,
    )


_PRETRAINED = "VideoMAE, self-supervised on Kinetics-400"
_ORIGINAL = Weights(
    "k400",
    "",
    ("kinetics400",),
    _NC,
    False,
    _PRETRAINED,
    origin=Origin(
        by_hand="https://github.com/MCG-NJU/VideoMAE/blob/main/MODEL_ZOO.md",
        format="videomae",
    ),
    loader=CONVERTED,
    sampling="16 frames, every 4th",
    authors_pool="mean_norm (fine-tuned)",
)

_VIDEOMAE = (
    *_videomae("s", 384, 12, 6, 21_884_544, _ORIGINAL),
    *_videomae(
        "b",
        768,
        12,
        12,
        86_236_416,
        _videomae_weights("k400", "base", ("kinetics400",), _PRETRAINED),
        _videomae_weights("ssv2", "base-ssv2", ("ssv2",), "VideoMAE, self-supervised on SSv2"),
    ),
    *_videomae(
        "l", 1024, 24, 16, 303_885_312, _videomae_weights("k400", "large", ("kinetics400",), _PRETRAINED)
    ),
    *_videomae("h", 1280, 32, 16, 631_648_000, _ORIGINAL),
)

_VIDEO_MIX = ("ssv2", "kinetics400", "kinetics600", "kinetics700", "howto100m", "yt-temporal-1b", "imagenet")


def _vjepa2(
    arch: str, hub: str, params: int, size_px: int, resize_px: int, **config: Json
) -> tuple[Entry, ...]:
    card = {
        "dim": config.get("hidden_size", 1024),
        "num_params": params,
        "num_frames": 64,
        "image_size_px": size_px,
        "resize_px": resize_px,
        "patch": (2, 16, 16),
        "flexible_frames": True,
        "citation": VJEPA2,
        "details": {"activation": "gelu", "norm": "layer_norm", "position": "rope_3d"},
    }
    weights = Weights(
        f"fpc64_{size_px}",
        f"facebook/vjepa2-{hub}-fpc64-{size_px}",
        _VIDEO_MIX,
        "Apache-2.0",
        True,
        "V-JEPA 2 encoder, self-supervised on VideoMix22M",
        sampling="64 frames at 4 frames a second",
        authors_pool="attentive probe",
    )
    return lines(arch, card, "vjepa2", dict(config), (weights,))


_GIANT: dict[str, Json] = {
    "hidden_size": 1408,
    "num_hidden_layers": 40,
    "num_attention_heads": 22,
    "mlp_ratio": 48 / 11,
}
_HUGE: dict[str, Json] = {"hidden_size": 1280, "num_hidden_layers": 32, "num_attention_heads": 16}
_VJEPA2 = (
    *_vjepa2("vjepa2_vit_l", "vitl", 303_885_312, 256, 292),
    *_vjepa2("vjepa2_vit_h", "vith", 631_648_000, 256, 292, **_HUGE),
    *_vjepa2("vjepa2_vit_g", "vitg", 1_012_173_952, 256, 292, **_GIANT),
    *_vjepa2("vjepa2_vit_g_384", "vitg", 1_012_173_952, 384, 438, **_GIANT, crop_size=384),
)

_VIVIT = lines(
    "vivit_b",
    {
        "dim": 768,
        "num_params": 88_646_400,
        "num_frames": 32,
        "patch": (2, 16, 16),
        "mean": _HALF,
        "std": _HALF,
        "pool": "cls",
        "citation": VIVIT,
        "details": {"activation": "gelu_fast", "norm": "layer_norm", "position": "learned"},
    },
    "vivit",
    {},
    (
        Weights(
            "k400",
            "google/vivit-b-16x2-kinetics400",
            ("imagenet21k", "kinetics400"),
            "MIT",
            True,
            "ViViT-B, supervised on Kinetics-400",
            sampling="32 frames, every 2nd",
            authors_pool="cls",
        ),
    ),
)


ENTRIES = (*_VIDEOMAE, *_VJEPA2, *_VIVIT)
