"""The recipes of temporal localization by name, with the clips that belong to them: what ``--recipe`` takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from twlv.tasks.temporal_localization import TemporalLocalization
from twlv.types import Sampling, Views


@dataclass(frozen=True, kw_only=True)
class LocalizationProtocol:
    """How clips are laid over a video, and the task. Nothing is drawn: there is no augmentation."""

    probe: TemporalLocalization
    sampling: Sampling
    views: Views = field(default_factory=Views)
    augmentation: None = None


def localization_protocol(name: str) -> LocalizationProtocol:
    """The protocol of a recipe (see ``localization_recipes``). UnknownName, with the nearest, for another."""
    task = TemporalLocalization(recipe=name)
    return LocalizationProtocol(probe=task, sampling=task.default_sampling)
