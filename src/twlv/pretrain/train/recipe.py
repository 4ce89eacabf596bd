"""A recipe: all that decides a run, as one frozen record, and as a flat list of fields to compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twlv.errors import UsageError
from twlv.pretrain.data.settings import DataSettings
from twlv.pretrain.objective.config import ObjectiveConfig
from twlv.pretrain.train.config import TrainConfig
from twlv.pretrain.train.schedule import decay_start
from twlv.types import Json


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is learnt, from what, and how. ``notes`` say what somebody should know before the first step.

    Raises:
        UsageError: the clips of the data are not those that the encoder takes.
    """

    name: str
    objective: ObjectiveConfig
    data: DataSettings
    train: TrainConfig
    notes: str = ""

    def __post_init__(self) -> None:
        form, encoder = self.data.form, self.objective.encoder
        if (form.num_frames, form.size_px) != (encoder.num_frames, encoder.image_size_px):
            raise UsageError(
                f"{self.name}: data.form gives {form.num_frames} frames of {form.size_px} px, "
                f"objective.encoder takes {encoder.num_frames} of {encoder.image_size_px} px; set both"
            )


FREE = (
    "name",
    "notes",
    "objective.recompute",
    "data.workers",
    "data.processes",
    "data.ahead",
    "data.max_failed_share",
    "data.least_draws",
    "train.compile",
    "train.device",
    "train.log_every",
    "train.checkpoint_every",
    "train.monitor_every",
    "train.keep",
    "train.best",
    "train.least_rank",
    "train.tensorboard",
    "train.micro_clips",
    "train.parallel",
)
"""Fields that may differ when a run goes on: they change what is kept or how fast it is, not what is learnt."""


def flat(recipe: object) -> dict[str, Json]:
    """Every field by its dotted name; a record that is one of several classes has its class as ``kind``."""
    found: dict[str, Json] = {}
    _flatten(recipe, "", found)
    return found


def differences(kept: Mapping[str, Json], recipe: Recipe, *, step: int) -> list[str]:
    """What of a checkpoint's recipe (``flat``) is another in this one, each as one readable phrase.

    ``train.steps`` may differ as long as no rate until ``step`` depended on it: that is what WSD is for.
    """
    asked = flat(recipe)
    names = [name for name in sorted({*kept, *asked}) if name not in FREE]
    if step <= min(decay_start(recipe.train), _kept_decay_start(kept, recipe)):
        names = [name for name in names if name != "train.steps"]
    return [
        f"{name}: {_shown(kept, name)} in the checkpoint, {_shown(asked, name)} asked"
        for name in names
        if kept.get(name, _ABSENT) != asked.get(name, _ABSENT)
    ]


_ABSENT = object()


def _kept_decay_start(kept: Mapping[str, Json], recipe: Recipe) -> int:
    steps = kept.get("train.steps")
    if not isinstance(steps, int):
        return -1
    return decay_start(dataclasses.replace(recipe.train, steps=steps))


def _shown(fields: Mapping[str, Json], name: str) -> str:
    return repr(fields[name]) if name in fields else "absent"


def _flatten(value: Any, name: str, found: dict[str, Json]) -> None:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if name:
            found[f"{name}.kind"] = type(value).__name__
        for field in dataclasses.fields(value):
            _flatten(getattr(value, field.name), f"{name}.{field.name}" if name else field.name, found)
    elif isinstance(value, tuple | list) and any(dataclasses.is_dataclass(item) for item in value):
        for number, item in enumerate(value):
            _flatten(item, f"{name}.{number}", found)
    elif isinstance(value, tuple | list):
        found[name] = [item if isinstance(item, str | int | float | bool) else str(item) for item in value]
    else:
        found[name] = value if value is None or isinstance(value, str | int | float | bool) else str(value)
