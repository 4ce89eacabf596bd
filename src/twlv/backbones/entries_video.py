"""Table lines of video models of transformers. Plain literals, no torch.

Facts: the model cards on the hub and the reference repositories. ``.random`` is the same architecture
with weights drawn from seed 0.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from twlv.backbones.entries_own import IMAGENET_MEAN, IMAGENET_STD, VIT_DETAILS
from twlv.backbones.entry import HUB, RANDOM, Entry, Origin
from twlv.types import BackboneCard, Json

HUB_FILES = ("config.json", "preprocessor_config.json", "model.safetensors")
_NC = "CC-BY-NC-4.0"
_HALF = (0.5, 0.5, 0.5)
VIDEOMAE = "VideoMAE: Masked Autoencoders are Data-Efficient Learners for Self-Supervised Video Pre-Training"
VJEPA2 = (
    "V-JEPA 2: Self-Supervised Video Models Enable Understanding, Prediction and Planning, arXiv 2506.09985"
)
VIVIT = "ViViT: A Video Vision Transformer, arXiv 2103.15691"
TIMESFORMER = "Is Space-Time Attention All You Need for Video Understanding?, arXiv 2102.05095"


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
    return Weights(tag, f"MCG-NJU/videomae-{name}", data, _NC, False, summary)


_PRETRAINED = "VideoMAE, self-supervised on Kinetics-400"

_VIDEOMAE = (
    *_videomae("s", 384, 12, 6, 21_884_544),
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
    *_videomae("h", 1280, 32, 16, 631_648_000),
)

_VIDEO_MIX = ("ssv2", "kinetics400", "kinetics600", "kinetics700", "howto100m", "yt-temporal-1b", "imagenet")


def _vjepa2(letter: str, params: int, **config: Json) -> tuple[Entry, ...]:
    card = {
        "dim": config.get("hidden_size", 1024),
        "num_params": params,
        "num_frames": 64,
        "image_size_px": 256,
        "resize_px": 292,
        "patch": (2, 16, 16),
        "flexible_frames": True,
        "citation": VJEPA2,
        "details": {"activation": "gelu", "norm": "layer_norm", "position": "rope_3d"},
    }
    repository = f"facebook/vjepa2-vit{letter}-fpc64-256"
    summary = "V-JEPA 2 encoder, self-supervised on VideoMix22M"
    weights = Weights("fpc64_256", repository, _VIDEO_MIX, "Apache-2.0", True, summary)
    return lines(f"vjepa2_vit_{letter}", card, "vjepa2", dict(config), (weights,))


_VJEPA2 = (
    *_vjepa2("l", 303_885_312),
    *_vjepa2("h", 631_648_000, hidden_size=1280, num_hidden_layers=32, num_attention_heads=16),
    *_vjepa2(
        "g", 1_012_173_952, hidden_size=1408, num_hidden_layers=40, num_attention_heads=22, mlp_ratio=48 / 11
    ),
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
        ),
    ),
)


def _timesformer_weights(tag: str, name: str, title: str) -> Weights:
    repository = f"facebook/timesformer-base-finetuned-{tag}"
    return Weights(tag, repository, ("imagenet21k", name), _NC, False, f"TimeSformer-B, supervised on {title}")


_TIMESFORMER = lines(
    "timesformer_b",
    {
        "dim": 768,
        "num_params": 121_258_752,
        "num_frames": 8,
        "patch": (1, 16, 16),
        "mean": (0.45, 0.45, 0.45),
        "std": (0.225, 0.225, 0.225),
        "pool": "cls",
        "citation": TIMESFORMER,
        "details": {"activation": "gelu", "norm": "layer_norm", "position": "learned"},
    },
    "timesformer",
    {},
    (
        _timesformer_weights("k400", "kinetics400", "Kinetics-400"),
        _timesformer_weights("k600", "kinetics600", "Kinetics-600"),
        _timesformer_weights("ssv2", "ssv2", "Something-Something-v2"),
    ),
)

ENTRIES = (*_VIDEOMAE, *_VJEPA2, *_VIVIT, *_TIMESFORMER)
