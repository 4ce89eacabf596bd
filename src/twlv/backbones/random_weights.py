"""A backbone with random weights: the baseline that any training has to beat, and what tests use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twlv.backbones.entries_own import IMAGENET_MEAN, IMAGENET_STD
from twlv.backbones.loaded import LoadedBackbone, loaded
from twlv.backbones.parts import kind_of
from twlv.nn.init import initialise
from twlv.types import BackboneCard, Json

if TYPE_CHECKING:
    from twlv.backbones.entry import Entry


def load(entry: Entry, *, weights: None, device: str, dtype: str) -> LoadedBackbone:
    """The entry's architecture with weights drawn from seed 0."""
    return random_backbone(card=entry.card, kind=entry.kind, config=entry.config, device=device, dtype=dtype)


def random_backbone(
    *,
    kind: str,
    config: Mapping[str, Json],
    card: BackboneCard | None = None,
    seed: int = 0,
    device: str = "cpu",
    dtype: str = "auto",
) -> LoadedBackbone:
    """Any architecture with weights drawn from ``seed``: the same bits in every process.

    Without a ``card``, one is made from what follows from the configuration, with ImageNet's mean and std.
    """
    parts = kind_of(kind).assemble(config)
    initialise(parts.module, seed=seed)
    card = card or random_card(kind, config)
    return loaded(card=card, kind=kind, config=config, parts=parts, device=device, dtype=dtype)


def random_card(kind: str, config: Mapping[str, Json], **fields: Any) -> BackboneCard:
    """A card for random weights of an architecture; ``fields`` override what follows from it."""
    made: dict[str, Any] = {
        "name": f"{kind}.random",
        "num_params": 0,
        "num_frames": 16,
        "mean": IMAGENET_MEAN,
        "std": IMAGENET_STD,
        "weights": "random",
        "weights_sha256": "",
        "licence": "Apache-2.0",
    }
    return BackboneCard(**{**made, **kind_of(kind).facts(config), **fields})
