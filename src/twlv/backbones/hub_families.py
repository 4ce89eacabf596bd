"""The families of transformers that have an adapter: which class reads them, and what may be left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch

from twlv.backbones import hf
from twlv.backbones.videomae import convert as convert_videomae
from twlv.backbones.videomae import vit_json
from twlv.backbones.xclip import PARTS as XCLIP_PARTS
from twlv.errors import WeightsError
from twlv.types import Json

Converted: TypeAlias = tuple[str, Mapping[str, Json], Mapping[str, torch.Tensor]]
"""The kind, its configuration and its tensors."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """How a ``model_type`` is read.

    ``model(config.json)`` names the class; ``left_out`` are the prefixes of tensors that an encoder has
    no place for (classifiers, decoders, text towers), any other left-over is an error; ``convert``
    turns the loaded model into a kind, its configuration and its tensors.
    """

    config: str
    model: Callable[[Mapping[str, Json]], str]
    convert: Callable[[Any, Any], Converted]
    left_out: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)


def family_of(config: Mapping[str, Json], *, source: str) -> Family:
    """The family of a ``config.json``.

    Raises:
        WeightsError: there is no adapter for it; says so if it needs code of its own.
    """
    name = str(config.get("model_type", ""))
    if name in FAMILIES:
        return FAMILIES[name]
    own_code = "; it comes with code of its own, which is never run" if "auto_map" in config else ""
    raise WeightsError(
        f"{source}: no adapter for model_type '{name}'{own_code}. Known: {', '.join(FAMILIES)}. "
        "Any model can be used through a function of yours: --backbone my_module:load"
    )


def _architecture(config: Mapping[str, Json]) -> str:
    names = config.get("architectures")
    return str(names[0]) if isinstance(names, list) and names else ""


def _tensors(module: Any) -> Mapping[str, torch.Tensor]:
    state: Mapping[str, torch.Tensor] = module.state_dict()
    return state


def _videomae_class(config: Mapping[str, Json]) -> str:
    tuned = _architecture(config) == "VideoMAEForVideoClassification"
    return "VideoMAEForVideoClassification" if tuned else "VideoMAEModel"


def _videomae(model: Any, settings: Any) -> Converted:
    state = {name: tensor for name, tensor in _tensors(model).items() if not name.startswith("classifier.")}
    shape = vit_json(hf.shape_json(settings), fc_norm="fc_norm.weight" in state)
    return "video_transformer", shape, convert_videomae(state, depth=settings.num_hidden_layers)


def _as_is(kind: str) -> Callable[[Any, Any], Converted]:
    def convert(model: Any, settings: Any) -> Converted:
        return kind, hf.shape_json(settings), _tensors(model)

    return convert


def _vjepa2(model: Any, settings: Any) -> Converted:
    return "vjepa2", hf.shape_json(settings), _tensors(model.encoder)


def _clip_class(config: Mapping[str, Json]) -> str:
    plain = _architecture(config) == "CLIPVisionModel"
    return "CLIPVisionModel" if plain else "CLIPVisionModelWithProjection"


def _clip(model: Any, settings: Any) -> Converted:
    projected = hasattr(model, "visual_projection")
    return "clip_projected" if projected else "clip", hf.shape_json(settings), _tensors(model)


def _xclip(model: Any, settings: Any) -> Converted:
    shape = {"vision": hf.shape_json(settings.vision_config), "projection_dim": settings.projection_dim}
    state = {key: value for key, value in _tensors(model).items() if key.startswith(XCLIP_PARTS)}
    return "xclip", shape, state


_CLIP = Family(
    config="CLIPVisionConfig",
    model=_clip_class,
    convert=_clip,
    left_out=("text_model.", "text_projection.", "logit_scale"),
)
_SIGLIP = Family(
    config="SiglipVisionConfig",
    model=lambda config: "SiglipVisionModel",
    convert=_as_is("siglip"),
    left_out=("text_model.", "logit_scale", "logit_bias"),
)

_AIMV2 = Family(
    config="Aimv2VisionConfig",
    model=lambda config: "Aimv2VisionModel",
    convert=_as_is("aimv2"),
    left_out=("text_model.", "text_projection.", "visual_projection.", "logit_scale"),
)
_SIGLIP2 = Family(
    config="Siglip2VisionConfig",
    model=lambda config: "Siglip2VisionModel",
    convert=_as_is("siglip2"),
    left_out=("text_model.", "logit_scale", "logit_bias"),
)

FAMILIES: Mapping[str, Family] = {
    "videomae": Family(
        config="VideoMAEConfig",
        model=_videomae_class,
        convert=_videomae,
        left_out=("decoder.", "encoder_to_decoder.", "mask_token", "classifier."),
    ),
    "vjepa2": Family(
        config="VJEPA2Config",
        model=lambda config: "VJEPA2Model",
        convert=_vjepa2,
        left_out=("pooler.", "classifier."),
    ),
    "vivit": Family(
        config="VivitConfig",
        model=lambda config: "VivitModel",
        convert=_as_is("vivit"),
        left_out=("pooler.", "classifier."),
        arguments={"add_pooling_layer": False},
    ),
    "timesformer": Family(
        config="TimesformerConfig",
        model=lambda config: "TimesformerModel",
        convert=_as_is("timesformer"),
        left_out=("classifier.",),
    ),
    "clip": _CLIP,
    "clip_vision_model": _CLIP,
    "siglip": _SIGLIP,
    "siglip_vision_model": _SIGLIP,
    "dinov2": Family(
        config="Dinov2Config",
        model=lambda config: "Dinov2Model",
        convert=_as_is("dinov2"),
        left_out=("classifier.",),
    ),
    "dinov2_with_registers": Family(
        config="Dinov2WithRegistersConfig",
        model=lambda config: "Dinov2WithRegistersModel",
        convert=_as_is("dinov2_registers"),
        left_out=("classifier.",),
    ),
    "dinov3_vit": Family(
        config="DINOv3ViTConfig",
        model=lambda config: "DINOv3ViTModel",
        convert=_as_is("dinov3"),
        left_out=(),
    ),
    "aimv2": _AIMV2,
    "aimv2_vision_model": _AIMV2,
    "siglip2": _SIGLIP2,
    "siglip2_vision_model": _SIGLIP2,
    "videoprism_vision_model": Family(
        config="VideoPrismVisionConfig",
        model=lambda config: "VideoPrismVisionModel",
        convert=_as_is("videoprism"),
        left_out=("contrastive_vision_pooler.", "auxiliary_encoder.", "text_encoder."),
    ),
    "xclip": Family(
        config="XCLIPConfig",
        model=lambda config: "XCLIPModel",
        convert=_xclip,
        left_out=(),
    ),
}
