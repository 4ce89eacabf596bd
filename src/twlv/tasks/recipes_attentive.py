"""Attentive probes as others set them: the report's Table 4 by data set, V-JEPA's, V-JEPA 2's, VideoGLUE's.

Where a number is from stands in ``SOURCES``, or beside it. What the report does not print is an argument:

- ``pooler`` plain: "a single attention layer with a learnable class token"; whether there is an MLP is unknown.
- optimiser, clipping, decay groups and the cosine of the weight decay to 1e-6 are V-JEPA's, as the report names
  V-JEPA's schedule and prints its rate, epochs and batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from twlv.augmentation import REPORT_ATTENTIVE, Augmentation
from twlv.errors import UnknownName
from twlv.tasks.attentive_probe import AttentiveProbe, Pooler
from twlv.tasks.recipes_linear import linear_protocol
from twlv.types import Sampling, Views

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "epochs": "report, Table 4, AP epochs",
        "warmup_epochs": "report, Table 4, AP warm-up",
        "batch_size": "report, Table 4, AP batch size",
        "learning_rates": "report, Table 4, AP lr",
        "weight_decays": "report, Table 4, AP weight decay",
        "schedule": "report, Table 4, cosine decay to 0",
        "aspect": "report, Table 4, AP aspect ratio",
        "segments": "report, Table 4, train_num_clips 1 and views m x n: every view by itself",
        "pooler": "report, section 2.3, in words; the norm of the tokens and the output projection are ours",
        "optimizer": "not printed; V-JEPA's",
        "clip_norm": "not printed; V-JEPA's",
        "decay": "not printed; V-JEPA's",
        "final_weight_decay": "not printed; V-JEPA's",
        "label_smoothing": "not printed; none",
    }
)
"""Where each value of the report's probes is from; clips and views are those of ``recipes_linear``."""

# Epochs, batch and weight decay of the columns of Table 4, AP rows; the rate is 0.001 everywhere.
_TABLE4: Mapping[str, tuple[int, int, float]] = MappingProxyType(
    {
        "kinetics400": (20, 256, 1e-5),
        "mit339": (20, 256, 1e-5),
        "mit305": (20, 256, 1e-5),
        "ssv2": (20, 256, 1e-5),
        "diving48": (50, 256, 1e-5),
        "epickitchens100": (50, 256, 1e-5),
        "imagenet1k": (20, 512, 1e-3),
    }
)


@dataclass(frozen=True, kw_only=True)
class AttentiveProtocol:
    """An attentive probe of the report: how clips are drawn and read, and the probe trained."""

    dataset: str
    probe: AttentiveProbe
    sampling: Sampling
    views: Views
    augmentation: Augmentation


def attentive_protocol(dataset: str, *, pooler: Pooler = "plain") -> AttentiveProtocol:
    """The report's protocol for a data set (Table 4).

    Raises:
        UnknownName: no column of the table is that data set's; says the nearest.
    """
    if dataset not in _TABLE4:
        raise UnknownName("protocol of an attentive probe", dataset, _TABLE4)
    epochs, batch_size, weight_decay = _TABLE4[dataset]
    clips = linear_protocol(dataset)
    return AttentiveProtocol(
        dataset=dataset,
        probe=AttentiveProbe(
            pooler=pooler,
            epochs=epochs,
            warmup_epochs=0,
            batch_size=batch_size,
            learning_rates=(0.001,),
            weight_decays=(weight_decay,),
            final_weight_decay=1e-6,
        ),
        sampling=clips.sampling,
        views=clips.views,
        augmentation=replace(REPORT_ATTENTIVE, aspect=(0.5, 2.0), flip=clips.augmentation.flip),
    )


def vjepa(*, images: bool = False) -> AttentiveProbe:
    """V-JEPA's evaluation (configs/evals at 51c59d5): 20 epochs at 1e-3, weight decay to 1e-6, clipping at 1.

    Videos: batches of 256, weight decay 0.01, all segments of a view pooled at once (8 of Kinetics, 2 of
    Something-Something). ``images``: ImageNet's batches of 1024 and weight decay 0.001.
    """
    return AttentiveProbe(
        pooler="vjepa",
        segments="each" if images else "across",
        epochs=20,
        batch_size=1024 if images else 256,
        learning_rates=(1e-3,),
        weight_decays=(0.001 if images else 0.01,),
        final_weight_decay=1e-6,
    )


def vjepa2(*, small: bool = False) -> AttentiveProbe:
    """V-JEPA 2's evaluation (configs/eval/vitl at c2963a4): 20 probes of four blocks, 16 heads, all decays.

    The weight decay stays, nothing is clipped, and all segments of a view are pooled at once. As it stands this
    chooses on held-out training videos; V-JEPA 2 reports the best on the test set
    (``select="best_on_test"``). ``small``: Diving-48's and Jester's three rates over 100 epochs in batches of
    128; their tokens of four layers are not made here.
    """
    return AttentiveProbe(
        pooler="vjepa2",
        num_heads=16,
        segments="across",
        epochs=100 if small else 20,
        batch_size=128 if small else 256,
        learning_rates=(1e-4, 3e-4, 1e-3) if small else (5e-3, 3e-3, 1e-3, 3e-4, 1e-4),
        weight_decays=(0.8,) if small else (0.01, 0.1, 0.4, 0.8),
        decay="all",
        clip_norm=None,
    )


def videoglue() -> AttentiveProbe:
    """VideoGLUE's pooler with its dropout; AdamW 1e-4, weight decay 1e-5, label smoothing 0.1.

    Epochs and batch differ by its experiment files; they are left to the defaults here.
    """
    return AttentiveProbe(
        pooler="videoglue",
        learning_rates=(1e-4,),
        weight_decays=(1e-5,),
        label_smoothing=0.1,
        clip_norm=None,
    )
