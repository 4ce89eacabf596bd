"""Our own Vision Transformer as a kind: TWLV-I, and every model whose weights fit it (see ``convert``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import torch
from torch import nn

from twlv.backbones.parts import Encoded, Kind, Parts
from twlv.errors import UsageError, WeightsError
from twlv.nn.vit import VideoTransformer, VitConfig
from twlv.nn.vit_pooling import encode_pooled, own_pool, pool_width, possible_pools
from twlv.types import Json, Pool

_DETAILS = ("activation", "norm", "norm_eps", "position", "other_grids", "final_norm", "qkv_bias")

_SWITCHES = ("qk_norm", "layer_scale", "class_token", "image_positions", "pool_head")
"""Named in a card only where they are not as usual: cards of before they existed stay true."""


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
    settings = vit_config(config)
    first, *others = possible_pools(settings)
    return Parts(
        module=VideoTransformer(settings, seed=None),
        run=partial(_run, pool=first),
        pools={pool: partial(_run, pool=pool) for pool in others},
        bfloat16=True,
    )


def _run(module: nn.Module, frames: torch.Tensor, *, pool: Pool) -> Encoded:
    return encode_pooled(cast(VideoTransformer, module), frames, pool)


def _facts(config: Mapping[str, Json]) -> dict[str, Any]:
    settings = vit_config(config)
    return {
        "dim": settings.width,
        "patch": settings.patch,
        "num_frames": settings.num_frames,
        "image_size_px": settings.image_size_px,
        "modality": "video",
        "pool": own_pool(settings),
        "flexible_frames": settings.other_grids != "refuse",
        "details": {
            **{name: getattr(settings, name) for name in _DETAILS},
            **{name: getattr(settings, name) for name in _SWITCHES if getattr(settings, name) != _usual(name)},
            "flexible_size": settings.other_grids != "refuse",
        },
    }


def _usual(name: str) -> Json:
    usual: Json = getattr(VitConfig, name)  # a dataclass leaves its defaults on the class
    return usual


def _pool_dim(config: Mapping[str, Json], pool: Pool) -> int:
    return pool_width(vit_config(config), pool)


KIND = Kind(assemble=_assemble, facts=_facts, pool_dim=_pool_dim)
