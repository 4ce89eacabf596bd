"""A line of the table of backbones, and what is shown of it. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twlv.types import BackboneCard, Json

RANDOM = "twlv.backbones.random_weights:load"
HUB = "twlv.backbones.hub:load_entry"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A backbone with a name. The card is the only place where its numbers stand; the loader checks them.

    ``loader`` is ``module:function``, imported when it is asked for. ``kind`` and ``config`` are the
    architecture. ``weights_at`` says where the weights come from; ``extra`` is the optional dependency
    they need. ``commercial_use`` is what the licence of the weights says, None if it does not say.
    """

    card: BackboneCard
    kind: str
    config: Mapping[str, Json]
    loader: str
    weights_at: str
    summary: str
    extra: str = ""
    commercial_use: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What ``twlv models show`` prints of an entry."""

    name: str
    summary: str
    modality: str
    num_params: int
    dim: int
    num_frames: int
    flexible_frames: bool
    image_size_px: int
    resize_px: int
    patch: tuple[int, int, int]
    pool: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    licence: str
    commercial_use: str
    weights_at: str
    extra: str
    pretrained_on: tuple[str, ...]
    citation: str
    source: str
    details: Mapping[str, Json]


def summarise(entry: Entry) -> Summary:
    """The fields of an entry, flat."""
    card = entry.card
    return Summary(
        name=card.name,
        summary=entry.summary,
        modality=card.modality,
        num_params=card.num_params,
        dim=card.dim,
        num_frames=card.num_frames,
        flexible_frames=card.flexible_frames,
        image_size_px=card.image_size_px,
        resize_px=card.resize_px or card.image_size_px,
        patch=card.patch,
        pool=card.pool,
        mean=card.mean,
        std=card.std,
        licence=card.licence,
        commercial_use={True: "yes", False: "no", None: "ask: the licence does not say"}[entry.commercial_use],
        weights_at=entry.weights_at,
        extra=entry.extra,
        pretrained_on=card.pretrained_on,
        citation=card.citation,
        source=card.source,
        details=card.details,
    )
