"""Published settings of ActionFormer, whole: every number that a training and its detections depend on.

``thumos14`` and ``activitynet`` are the report authors', as their code has them. The report's Table 7 prints
other rates and warm-ups: 0.001 for THUMOS14 and 0.0001 for ActivityNet, which are most likely swapped, since
both the authors' code and the original release have them the other way round; and 2 epochs of warm-up, where
the code takes 5. The code's are the ones that work; ``thumos14-table7`` and ``activitynet-table7`` are what
is printed. ``thumos14-original`` and ``activitynet-original`` are those of the original release, on features
of I3D and TSP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from twlv.errors import UnknownName
from twlv.metrics.temporal_ap import ACTIVITYNET_THRESHOLDS, THUMOS14_THRESHOLDS
from twlv.metrics.temporal_diagnosis import ACTIVITYNET_LENGTHS, THUMOS14_LENGTHS


@dataclass(frozen=True, kw_only=True)
class LocalizationRecipe:
    """All settings of one data set.

    ``epochs`` come after ``warmup_epochs``. ``resize`` resamples a video to ``max_length`` steps; otherwise a
    longer one is cropped in training, and whole in the test. ``windows`` of attention in steps, one a level; -1
    is the whole video. ``normaliser``: what the running number of positives starts from. ``shortest`` length of
    a detection in steps. ``voting`` is for detections with classes of an external classifier only. ``clip`` and
    ``stride`` are how the report lays clips over a video.
    """

    resize: bool
    max_length: int
    windows: tuple[int, ...]
    width: int
    positions: bool
    batch_size: int
    epochs: int
    warmup_epochs: int
    learning_rate: float
    weight_decay: float
    mean_decay: float
    smoothing: float
    end_weight: float
    normaliser: float
    shortest: float
    sigma: float
    voting: float
    vote: Literal["score", "score x overlap"]
    most: int
    thresholds: tuple[float, ...]
    clip_seconds: float
    stride_seconds: float
    length_edges_seconds: tuple[float, ...]


_THUMOS14 = LocalizationRecipe(
    resize=False,
    max_length=2304,
    windows=(19,) * 6,
    width=256,
    positions=False,
    batch_size=2,
    epochs=45,
    warmup_epochs=5,
    learning_rate=1e-4,
    weight_decay=0.05,
    mean_decay=0.999,
    smoothing=0.1,
    end_weight=2.0,
    normaliser=100.0,
    shortest=0.05,
    sigma=0.5,
    voting=0.7,
    vote="score",
    most=200,
    thresholds=THUMOS14_THRESHOLDS,
    clip_seconds=0.5,
    stride_seconds=0.125,
    length_edges_seconds=THUMOS14_LENGTHS,
)
_SMALL = replace(
    _THUMOS14,
    max_length=768,
    windows=(9,) * 5,
    width=64,
    batch_size=4,
    epochs=40,
    warmup_epochs=2,
    learning_rate=2e-3,
    mean_decay=0.98,
    normaliser=20.0,
    most=100,
    clip_seconds=1.0,
    stride_seconds=0.25,
    length_edges_seconds=(2.0, 4.0, 8.0),
)
_ACTIVITYNET = LocalizationRecipe(
    resize=True,
    max_length=192,
    windows=(7, 7, 7, 7, 7, -1),
    width=256,
    positions=False,
    batch_size=16,
    epochs=10,
    warmup_epochs=5,
    learning_rate=1e-3,
    weight_decay=0.05,
    mean_decay=0.999,
    smoothing=0.1,
    end_weight=2.0,
    normaliser=200.0,
    shortest=0.001,
    sigma=0.75,
    voting=0.9,
    vote="score",
    most=100,
    thresholds=ACTIVITYNET_THRESHOLDS,
    clip_seconds=0.5,
    stride_seconds=0.25,
    length_edges_seconds=ACTIVITYNET_LENGTHS,
)
RECIPES: Mapping[str, LocalizationRecipe] = MappingProxyType(
    {
        "thumos14": _THUMOS14,
        "activitynet": _ACTIVITYNET,
        "thumos14-table7": replace(_THUMOS14, learning_rate=1e-3, warmup_epochs=2),
        "activitynet-table7": replace(_ACTIVITYNET, learning_rate=1e-4, warmup_epochs=2),
        "thumos14-original": replace(
            _THUMOS14, width=512, smoothing=0.0, end_weight=1.0, epochs=30, vote="score x overlap"
        ),
        "small": _SMALL,
        "activitynet-original": replace(_ACTIVITYNET, positions=True, smoothing=0.0, vote="score x overlap"),
    }
)
"""By name. Sources: the report authors' code and the original release; edges of lengths are DETAD's.
``small`` is ours, for a few minutes of video and a few hundred steps."""


def recipe_of(name: str) -> LocalizationRecipe:
    """A recipe by its name. UnknownName with the nearest."""
    if name not in RECIPES:
        raise UnknownName("recipe of temporal-localization", name, RECIPES)
    return RECIPES[name]
