"""twlv: videos to embeddings with any backbone, and honest measures of what they know.

::

    model = twlv.load("efficientnet_lite0.imagenet")
    clips = twlv.embed(model, ["a.mp4"], sampling=twlv.MultiClip(clip_seconds=2.0))
    result = twlv.evaluate(model, twlv.dataset("manifest.csv"), task=twlv.tasks.KNN(k=20))

Importing twlv loads no decoder and no torch; a name loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from twlv import tasks
from twlv.types import (
    Around,
    ClipPlan,
    Dataset,
    Embedding,
    MultiClip,
    Rule,
    Sample,
    Span,
    Strided,
    Uniform,
    Views,
)
from twlv.version import __version__

if TYPE_CHECKING:
    from twlv.backbones import DEFAULT_BACKBONE, load
    from twlv.data import dataset
    from twlv.evaluation import embed, evaluate
    from twlv.evaluation_live import evaluate_augmented
    from twlv.results import Result
    from twlv.store import Store

_LAZY = {
    "DEFAULT_BACKBONE": "twlv.backbones",
    "Result": "twlv.results",
    "Store": "twlv.store",
    "dataset": "twlv.data",
    "embed": "twlv.evaluation",
    "evaluate": "twlv.evaluation",
    "evaluate_augmented": "twlv.evaluation_live",
    "load": "twlv.backbones",
}

__all__ = [
    "DEFAULT_BACKBONE",
    "Around",
    "ClipPlan",
    "Dataset",
    "Embedding",
    "MultiClip",
    "Result",
    "Rule",
    "Sample",
    "Span",
    "Store",
    "Strided",
    "Uniform",
    "Views",
    "__version__",
    "dataset",
    "embed",
    "evaluate",
    "evaluate_augmented",
    "load",
    "tasks",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'twlv' has no attribute '{name}'")
    return getattr(importlib.import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
