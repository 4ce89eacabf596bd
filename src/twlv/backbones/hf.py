"""The one place that imports transformers, and what every adapter to it needs."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from torch import nn

from twlv.backbones.quiet import without_random_state
from twlv.errors import MissingExtra, WeightsError
from twlv.types import Json

# Fields of a configuration file that say nothing about the network's shape.
_NOISE = ("transformers_version", "architectures", "dtype", "torch_dtype", "model_type", "id2label", "label2id",
          "problem_type", "_name_or_path", "auto_map", "finetuning_task", "num_labels")  # fmt: skip


def transformers_class(name: str) -> Any:
    """A class of transformers by name.

    Raises:
        MissingExtra: transformers is not installed, or too old to know the class.
    """
    try:
        return getattr(importlib.import_module("transformers"), name)
    except (ImportError, AttributeError) as error:
        raise MissingExtra("transformers", "hf", needed_for=f"the model class {name}") from error


def config_of(class_name: str, config: Mapping[str, Json]) -> Any:
    """The configuration object of a JSON configuration."""
    return transformers_class(class_name)(**config)


def build(class_name: str, config: Any, **arguments: Any) -> nn.Module:
    """A model of transformers from its configuration alone; the global random state is given back."""
    with without_random_state():
        module: nn.Module = transformers_class(class_name)(config, **arguments)
    return module


def shape_json(config: Any) -> dict[str, Json]:
    """What of a configuration object differs from its class's defaults, without what is no setting."""
    values: dict[str, Json] = config.to_diff_dict()
    return {name: value for name, value in values.items() if name not in _NOISE}


def square(value: Any, what: str) -> int:
    """The side of a size that transformers gives as a number or as a pair.

    Raises:
        WeightsError: the two differ; we take square pictures only.
    """
    sides = {value} if isinstance(value, int) else {int(side) for side in value}
    if len(sides) != 1:
        raise WeightsError(f"{what} is {value}; only square ones are supported")
    side: int = sides.pop()
    return side


def tubelet_facts(settings: Any, *, pool: str) -> dict[str, Any]:
    """What a card must say of a video model with tubelets, learned positions and a fixed number of frames."""
    return {
        "dim": settings.hidden_size,
        "patch": tuple(settings.tubelet_size),
        "num_frames": settings.num_frames,
        "image_size_px": square(settings.image_size, "image_size"),
        "modality": "video",
        "pool": pool,
        "flexible_frames": False,
        "details": {"activation": settings.hidden_act, "norm": "layer_norm", "position": "learned"},
    }


def cached_file(
    repository: str, name: str, *, revision: str | None, optional: bool, local_files_only: bool = False
) -> str | None:
    """The local path of a file of a hub repository, downloaded if need be; None if optional and absent.

    ``local_files_only`` asks no network.

    Raises:
        OSError: it is not there, or the hub cannot be reached.
        MissingExtra: transformers is not installed.
    """
    transformers_class("PreTrainedModel")
    found: str | None = importlib.import_module("transformers.utils").cached_file(
        repository,
        name,
        revision=revision,
        local_files_only=local_files_only,
        _raise_exceptions_for_missing_entries=not optional,
        _raise_exceptions_for_connection_errors=not optional,
        _raise_exceptions_for_gated_repo=not optional,
    )
    return found
