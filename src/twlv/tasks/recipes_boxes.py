"""Spatio-temporal localization as the report sets it (Table 8), and what it does not print.

The method it names, STAR, was never released. What neither prints is marked in ``SOURCES``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from twlv.augmentation import BOXES, Augmentation
from twlv.errors import UnknownName
from twlv.tasks.spatiotemporal_localization import SpatiotemporalLocalization
from twlv.types import Sampling, Views

SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "num_layers": "report, Table 8, # of layers",
        "width": "report, Table 8, hidden size",
        "mlp_width": "report, Table 8, MLP dimension",
        "box_layers": "report, Table 8, box head # layers",
        "dropout": "report, Table 8, dropout rate",
        "drop_path": "report, Table 8, drop path; the same in all layers is ours",
        "learning_rate": "report, Table 8, learning rate",
        "weight_decay": "report, Table 8, weight decay; not of biases and norms, as VideoGLUE",
        "batch_size": "report, Table 8, batch size",
        "epochs": "report, Table 8, epochs",
        "warmup_epochs": "report, Table 8, warmup epochs; linear, then half a cosine to 0 is ours",
        "num_queries": "not printed, nor STAR's; TubeR has 15, a key frame of AVA up to 12 people",
        "num_heads": "not printed; DETR's",
        "norm": "not printed; DETR's",
        "positions": "not printed; DETR's",
        "cross": "STAR as its summaries tell it",
        "times": "STAR as its summaries tell it",
        "focal": "not printed; OWL-ViT's, by STAR's first author",
        "cost_classes": "not printed; Deformable DETR's",
        "cost_l1": "not printed; DETR's",
        "cost_giou": "not printed; DETR's",
        "clip_norm": "not printed; OWL-ViT's",
        "clip_seconds": "not printed; 64 frames at 30 a second, as VideoGLUE",
        "area": "not printed; ours",
        "flip": "not printed; VideoGLUE's",
    }
)
"""Where each value is from."""


@dataclass(frozen=True, kw_only=True)
class BoxProtocol:
    """How key frames are read and drawn, and the decoder trained."""

    dataset: str
    probe: SpatiotemporalLocalization
    sampling: Sampling
    views: Views
    augmentation: Augmentation


def box_protocol(dataset: str) -> BoxProtocol:
    """The report's protocol: ``ava``, its Table 11.

    Raises:
        UnknownName: another data set.
    """
    if dataset != "ava":
        raise UnknownName("protocol of spatio-temporal localization", dataset, ("ava",))
    probe = SpatiotemporalLocalization(batch_size=256)
    return BoxProtocol(
        dataset=dataset,
        probe=probe,
        sampling=probe.default_sampling,
        views=Views(),
        augmentation=BOXES,
    )
