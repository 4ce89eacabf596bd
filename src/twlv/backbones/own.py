"""Our own Vision Transformer as a kind: TWLV-I, and every model whose weights fit it (VideoMAE)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import nn

from twlv.backbones.parts import Encoded, Kind, Parts
from twlv.errors import UsageError, WeightsError
from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.types import Json

_DETAILS = ("activation", "norm", "norm_eps", "position", "other_grids", "final_norm", "qkv_bias")


def vit_config(config: Mapping[str, Json]) -> VitConfig:
    """The dataclass of a JSON configuration.

    Raises:
        WeightsError: a field that is unknown, missing or not legal.
    """
    known = {field.name for field in dataclasses.fields(VitConfig)}
    unknown = sorted(set(config) - known)
    if unknown:
        raise WeightsError(
            f"a video_transformer has no setting {', '.join(unknown)}; it has {', '.join(sorted(known))}"
        )
    values: dict[str, Any] = dict(config)
    if "patch" in values:
        values["patch"] = tuple(values["patch"])
    try:
        return VitConfig(**values)
    except (TypeError, UsageError) as error:
        raise WeightsError(f"the configuration of a video_transformer cannot be used: {error}") from error


def config_json(config: VitConfig) -> dict[str, Json]:
    """The JSON form of a configuration; every field, so that a later default cannot change it."""
    values: dict[str, Json] = dataclasses.asdict(config)
    return {**values, "patch": list(config.patch)}


def _assemble(config: Mapping[str, Json]) -> Parts:
    return Parts(module=VideoTransformer(vit_config(config), seed=None), run=_run, bfloat16=True)


def _run(module: nn.Module, frames: torch.Tensor) -> Encoded:
    network = cast(VideoTransformer, module)
    patches = network(frames)
    return patches, network.pool(patches)


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = vit_config(config)
    return {
        "dim": settings.width,
        "patch": settings.patch,
        "num_frames": settings.num_frames,
        "image_size_px": settings.image_size_px,
        "modality": "video",
        "pool": "cls" if settings.final_norm == "pooled" else "mean",
        "flexible_frames": settings.other_grids != "refuse",
        "details": {
            **{name: getattr(settings, name) for name in _DETAILS},
            "flexible_size": settings.other_grids != "refuse",
        },
    }


KIND = Kind(assemble=_assemble, facts=_facts)
