"""A line of the table of backbones, and what is shown of it. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twlv.types import BackboneCard, Json

RANDOM = "twlv.backbones.random_weights:load"
HUB = "twlv.backbones.hub:load_entry"


CONVERTED = "twlv.backbones.convert.load:load_entry"


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the authors publish a set of weights, and what is known of the file.

    A ``repository`` of the hub with the ``files`` to take from it, at ``revision`` (40 hex digits); or one
    ``url``; or ``by_hand``, a page where a person gets the file. ``sha256`` is that of the weights' file, the
    last of ``files``. Empty means not known: then the first fetch writes down what it got, and later ones must
    agree.
    ``format`` is the converter that the file needs (see ``convert.formats``), empty for none.
    """

    repository: str = ""
    files: tuple[str, ...] = ()
    revision: str = ""
    url: str = ""
    by_hand: str = ""
    sha256: str = ""
    format: str = ""

    def __str__(self) -> str:
        if self.repository:
            return f"hf:{self.repository}"
        return self.url or self.by_hand


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A backbone with a name. The card is the only place where its numbers stand; the loader checks them.

    ``loader`` is ``module:function``, imported when it is asked for. ``kind`` and ``config`` are the
    architecture. ``weights_at`` says where the weights come from, ``origin`` how they are fetched; ``extra`` is
    the optional dependency they need. ``commercial_use`` is what the licence of the weights says, None if it
    does not say. ``sampling`` is how its authors read a clip, ``authors_pool`` how they pool it (the card's
    ``pool`` is what we do). ``report`` is its row in the report: method, stage, architecture.
    """

    card: BackboneCard
    kind: str
    config: Mapping[str, Json]
    loader: str
    weights_at: str
    summary: str
    extra: str = ""
    commercial_use: bool | None = None
    origin: Origin | None = None
    sampling: str = ""
    authors_pool: str = ""
    report: tuple[str, str, str] | None = None

    @property
    def family(self) -> str:
        """The first part of the architecture's name: the page of the docs that it stands on."""
        return self.card.name.partition("_")[0]


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
    num_tokens: int
    sampling: str
    pool: str
    authors_pool: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    licence: str
    commercial_use: str
    weights_at: str
    file: str
    revision: str
    sha256: str
    extra: str
    pretrained_on: tuple[str, ...]
    citation: str
    source: str
    details: Mapping[str, Json]


def summarise(entry: Entry) -> Summary:
    """The fields of an entry, flat."""
    card, origin = entry.card, entry.origin or Origin()
    t, p, q = card.patch
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
        num_tokens=(card.num_frames // t) * (card.image_size_px // p) * (card.image_size_px // q),
        sampling=entry.sampling,
        pool=card.pool,
        authors_pool=entry.authors_pool,
        mean=card.mean,
        std=card.std,
        licence=card.licence,
        commercial_use={True: "yes", False: "no", None: "ask: the licence does not say"}[entry.commercial_use],
        weights_at=entry.weights_at,
        file=origin.files[-1] if origin.files else origin.url.rpartition("/")[2],
        revision=origin.revision or ("not pinned: the first fetch pins it" if origin.repository else ""),
        sha256=origin.sha256 or ("not known: the first fetch writes it down" if entry.origin else ""),
        extra=entry.extra,
        pretrained_on=card.pretrained_on,
        citation=card.citation,
        source=card.source,
        details=card.details,
    )
