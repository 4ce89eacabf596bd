"""The report's frame-level linear probes, Table 4: one function for each data set.

Every number has its source in ``SOURCES``. What the table does not print is an argument with our default:

- ``optimizer`` sgd (momentum 0.9): a rate of 0.1 without weight decay fits SGD, and not Adam; the linear recipe
  of MAE on ImageNet-1K has the same numbers (90 epochs, 0.1, 0), with LARS.
- ``scale_rate`` False: the rate is taken as it stands; True multiplies it by batch / 256, as MAE's does.
- ``standardise`` True: features of mean 0 and deviation 1 over the training set, as MAE's batch norm without
  affine parameters makes them.
- ``frames``: ``dense`` takes every s-th frame, s the printed stride; ``segments`` one frame of each equal part.
  Something-Something-v2 has segments: its printed stride of 1 would show half a second of a clip, its single
  temporal view would miss the rest, and VideoGLUE, whose settings the table follows, takes segments there. The
  others have several temporal views and are dense.
- RandAugment and erasing: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Literal

from twlv.augmentation import REPORT_LINEAR, Augmentation
from twlv.errors import UnknownName
from twlv.tasks.linear_probe import LinearProbe
from twlv.tasks.probe_recipe import Optimizer
from twlv.types import Sampling, Strided, Uniform, Views

Frames = Literal["dense", "segments"]

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "epochs": "report, Table 4, LP epochs",
        "warmup_epochs": "report, Table 4, LP warm-up",
        "batch_size": "report, Table 4, LP batch size",
        "learning_rates": "report, Table 4, LP lr",
        "weight_decays": "report, Table 4, LP weight decay",
        "schedule": "report, Table 4, cosine decay to 0",
        "views": "report, Table 4, views m x n",
        "frame_step": "report, Table 4, temporal stride",
        "flip": "report, Table 4, horizontal flip",
        "area": "report, Table 4, random resize",
        "aspect": "report, Table 4, LP aspect ratio",
        "num_frames": "report, Table 4: 16; here the backbone's own",
        "optimizer": "not printed; ours",
        "scale_rate": "not printed; ours",
        "standardise": "not printed; ours",
        "frames": "inferred; see the module's words",
        "init": "not printed; ours",
    }
)
"""Where each value of a protocol is from."""


@dataclass(frozen=True, kw_only=True)
class LinearProtocol:
    """A frame-level linear probe: how clips are drawn for training and read for tests, and the head fitted."""

    dataset: str
    probe: LinearProbe
    sampling: Sampling
    views: Views
    augmentation: Augmentation


def kinetics400(
    *,
    optimizer: Optimizer = "sgd",
    scale_rate: bool = False,
    standardise: bool = True,
    frames: Frames = "dense",
) -> LinearProtocol:
    """Kinetics-400: 150 epochs at 0.1, every 4th frame, 3 x 4 views, flips."""
    return _protocol(
        "kinetics400", epochs=150, rate=0.1, step=4, temporal=4, flip=True, frames=frames,
        optimizer=optimizer, scale_rate=scale_rate, standardise=standardise,
    )  # fmt: skip


def moments_in_time(
    *,
    dataset: str = "mit339",
    optimizer: Optimizer = "sgd",
    scale_rate: bool = False,
    standardise: bool = True,
    frames: Frames = "dense",
) -> LinearProtocol:
    """Moments in Time (of 339 or 305 classes): 50 epochs at 0.1, every frame, 3 x 4 views, no flips."""
    return _protocol(
        dataset, epochs=50, rate=0.1, step=1, temporal=4, flip=False, frames=frames,
        optimizer=optimizer, scale_rate=scale_rate, standardise=standardise,
    )  # fmt: skip


def something_something_v2(
    *,
    optimizer: Optimizer = "sgd",
    scale_rate: bool = False,
    standardise: bool = True,
    frames: Frames = "segments",
) -> LinearProtocol:
    """Something-Something-v2: 50 epochs at 0.075, one frame of each of 16 parts, 3 x 1 views, no flips."""
    return _protocol(
        "ssv2", epochs=50, rate=0.075, step=1, temporal=1, flip=False, frames=frames,
        optimizer=optimizer, scale_rate=scale_rate, standardise=standardise,
    )  # fmt: skip


def diving48(
    *,
    optimizer: Optimizer = "sgd",
    scale_rate: bool = False,
    standardise: bool = True,
    frames: Frames = "dense",
) -> LinearProtocol:
    """Diving-48: 300 epochs at 0.02, every 4th frame, 3 x 4 views, no flips."""
    return _protocol(
        "diving48", epochs=300, rate=0.02, step=4, temporal=4, flip=False, frames=frames,
        optimizer=optimizer, scale_rate=scale_rate, standardise=standardise,
    )  # fmt: skip


def epic_kitchens_100(
    *,
    optimizer: Optimizer = "sgd",
    scale_rate: bool = False,
    standardise: bool = True,
    frames: Frames = "dense",
) -> LinearProtocol:
    """Epic-Kitchens-100: 150 epochs at 0.1, every frame, 3 x 4 views, flips (as the table prints)."""
    return _protocol(
        "epickitchens100", epochs=150, rate=0.1, step=1, temporal=4, flip=True, frames=frames,
        optimizer=optimizer, scale_rate=scale_rate, standardise=standardise,
    )  # fmt: skip


def imagenet1k(
    *, optimizer: Optimizer = "sgd", scale_rate: bool = False, standardise: bool = True
) -> LinearProtocol:
    """ImageNet-1K: 90 epochs at 0.1 in batches of 4096, no warm-up, one view, flips. A picture is one frame."""
    made = _protocol(
        "imagenet1k", epochs=90, rate=0.1, step=1, temporal=1, flip=True, frames="segments", batch_size=4096,
        optimizer=optimizer, scale_rate=scale_rate, standardise=standardise,
    )  # fmt: skip
    return replace(made, views=Views(), probe=replace(made.probe, warmup_epochs=0))


RECIPES: Mapping[str, Callable[..., LinearProtocol]] = MappingProxyType(
    {
        "kinetics400": kinetics400,
        "mit339": moments_in_time,
        "mit305": partial(moments_in_time, dataset="mit305"),
        "ssv2": something_something_v2,
        "diving48": diving48,
        "epickitchens100": epic_kitchens_100,
        "imagenet1k": imagenet1k,
    }
)
"""Protocols by the name of their data set; the columns of Table 4 (Moments in Time in both releases)."""


def linear_protocol(dataset: str) -> LinearProtocol:
    """The report's protocol for a data set, with our defaults. Raises UnknownName with the nearest."""
    if dataset not in RECIPES:
        raise UnknownName("protocol of a linear probe", dataset, RECIPES)
    return RECIPES[dataset]()


def _protocol(
    dataset: str,
    *,
    epochs: int,
    rate: float,
    step: int,
    temporal: int,
    flip: bool,
    frames: Frames,
    optimizer: Optimizer,
    scale_rate: bool,
    standardise: bool,
    batch_size: int = 1024,
) -> LinearProtocol:
    return LinearProtocol(
        dataset=dataset,
        probe=LinearProbe(
            recipe="table4",
            epochs=epochs,
            warmup_epochs=10,
            batch_size=batch_size,
            learning_rates=(rate * batch_size / 256 if scale_rate else rate,),
            weight_decays=(0.0,),
            optimizer=optimizer,
            standardise=standardise,
        ),
        sampling=Strided(frame_step=step) if frames == "dense" else Uniform(),
        views=Views(spatial=3, temporal=temporal),
        augmentation=replace(REPORT_LINEAR, aspect=(0.75, 1.33), flip=0.5 if flip else 0.0),
    )
