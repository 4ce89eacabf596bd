"""Protocols of evaluation: one frozen dataclass each, with its hyper-parameters as fields and ``run``.

``knn`` nearest neighbours, ``linear_probe`` a linear classifier, ``attentive_probe`` attention over patch
tokens, ``released_probe`` the same trained by others, ``motion_direction`` forward against reversed,
``temporal_segmentation`` a label for every frame, ``spatiotemporal_localization`` who does what on key frames.

A task sees ``Features`` and returns an ``Outcome``: it cannot tell a store from a live backbone. Shared parts:
``table`` and ``token_table`` (features to arrays),
``split`` (a held-out part of the training set), ``scoring`` (answers to scores), ``seeds``.

Importing this package loads no torch; a task loads it when it runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from twlv.errors import UnknownName

if TYPE_CHECKING:
    from twlv.tasks.attentive_probe import AttentiveProbe
    from twlv.tasks.knn import KNN
    from twlv.tasks.linear_probe import LinearProbe
    from twlv.tasks.motion_direction import MotionDirection
    from twlv.tasks.released_probe import ReleasedProbe
    from twlv.tasks.spatiotemporal_localization import SpatiotemporalLocalization
    from twlv.tasks.temporal_localization import TemporalLocalization
    from twlv.tasks.temporal_segmentation import TemporalSegmentation

TASKS: Mapping[str, str] = MappingProxyType(
    {
        "knn": "twlv.tasks.knn:KNN",
        "attentive-probe": "twlv.tasks.attentive_probe:AttentiveProbe",
        "linear-probe": "twlv.tasks.linear_probe:LinearProbe",
        "released-probe": "twlv.tasks.released_probe:ReleasedProbe",
        "motion-direction": "twlv.tasks.motion_direction:MotionDirection",
        "spatiotemporal-localization": "twlv.tasks.spatiotemporal_localization:SpatiotemporalLocalization",
        "temporal-localization": "twlv.tasks.temporal_localization:TemporalLocalization",
        "temporal-segmentation": "twlv.tasks.temporal_segmentation:TemporalSegmentation",
    }
)
"""Command-line name of every task, and where its dataclass is."""

__all__ = [
    "KNN",
    "TASKS",
    "AttentiveProbe",
    "LinearProbe",
    "MotionDirection",
    "ReleasedProbe",
    "SpatiotemporalLocalization",
    "TemporalLocalization",
    "TemporalSegmentation",
    "get",
]


def get(name: str) -> type[Any]:
    """The dataclass of a task by its command-line name (``knn``, ``linear-probe``).

    Raises:
        UnknownName: no such task; says the nearest names.
    """
    if name not in TASKS:
        raise UnknownName("task", name, TASKS)
    module, _, cls = TASKS[name].partition(":")
    found: type[Any] = getattr(importlib.import_module(module), cls)
    return found


def __getattr__(name: str) -> Any:
    """``tasks.KNN`` and its like, loaded when first asked for."""
    for where in TASKS.values():
        module, _, cls = where.partition(":")
        if cls == name:
            return getattr(importlib.import_module(module), cls)
    raise AttributeError(f"module 'twlv.tasks' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
