"""Temporal segmentation as others set it, by data set: the report's, what its code does, and ASFormer's own.

``gtea``: the report's (Table 7 and its code), with features at the times of their clips. ``gtea-code``: as its
code has it to the letter, features stretched over the video and videos in its order (give it its seed, 1212).
``gtea-table7``: with the weight decay that Table 7 prints and the code has not. ``gtea-original``: ASFormer in
its first size and settings, made for features of I3D. The same for ``50salads`` and ``breakfast``.

Where a number is from stands in ``SOURCES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from twlv.errors import UnknownName
from twlv.tasks.temporal_segmentation import TemporalSegmentation
from twlv.types import MultiClip, Sampling, Views

SETS = ("50salads", "gtea", "breakfast")
KINDS = ("", "code", "table7", "original")
RECIPES = tuple(f"{name}-{kind}" if kind else name for name in SETS for kind in KINDS)

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "clip_seconds": "report, Table 7, clip length",
        "stride_seconds": "report, Table 7, temporal stride",
        "layers": "its code; not printed",
        "channels": "its code; not printed",
        "decoders": "its code; not printed",
        "attention": "its code; not printed",
        "window": "its code: the window mask of ASFormer's release",
        "channel_dropout": "its code; not printed",
        "dropout": "its code; not printed",
        "label_step": "its code, as all published code since MS-TCN",
        "alignment": "ours; the code stretches",
        "epochs": "report, Table 7, epochs",
        "learning_rate": "report, Table 7, lr",
        "weight_decay": "its code; Table 7 prints 0.0001",
        "smoothing": "ASFormer's paper and its code",
        "patience": "its code; Table 7 says: on plateau",
        "factor": "its code; Table 7 says: on plateau",
        "order": "its code: one order for all epochs; which one is ours",
        "background": "its code: of these sets only GTEA has such a class",
        "rules": "its code",
    }
)
"""Where each value of the report's settings is from."""

# Clip and stride in seconds, learning rate, labels' step, attention.
_TABLE7: Mapping[str, tuple[float, float, float, int]] = MappingProxyType(
    {
        "50salads": (1.0, 0.25, 5e-4, 2),
        "gtea": (0.5, 0.125, 5e-4, 1),
        "breakfast": (0.5, 0.125, 1e-4, 1),
    }
)


@dataclass(frozen=True, kw_only=True)
class SegmentationProtocol:
    """How clips are laid over a video, and the task. Nothing is drawn: there is no augmentation."""

    dataset: str
    probe: TemporalSegmentation
    sampling: Sampling
    views: Views = field(default_factory=Views)
    augmentation: None = None


def segmentation_protocol(name: str) -> SegmentationProtocol:
    """The protocol of a name of ``RECIPES``. UnknownName, with the nearest, for another."""
    if name not in RECIPES:
        raise UnknownName("protocol of temporal segmentation", name, RECIPES)
    dataset, _, kind = name.partition("-")
    clip_seconds, stride_seconds, rate, label_step = _TABLE7[dataset]
    task = TemporalSegmentation(
        learning_rate=rate,
        label_step=label_step,
        attention="full" if dataset == "breakfast" else "sliding",
    )
    changes: Mapping[str, TemporalSegmentation] = {
        "": task,
        "code": replace(task, alignment="stretch", order="published"),
        "table7": replace(task, weight_decay=1e-4),
        "original": replace(
            task,
            layers=10,
            channels=64,
            attention="sliding",
            channel_dropout=0.5 if dataset == "gtea" else 0.3,
            order="reshuffled",
        ),
    }
    sampling = MultiClip(clip_seconds=clip_seconds, stride_seconds=stride_seconds)
    return SegmentationProtocol(dataset=dataset, probe=changes[kind], sampling=sampling)
